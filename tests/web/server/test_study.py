"""The server of a study stores answers that are valid, and nothing else."""

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from colorgan.evaluation.study.answers import MAX_BYTES, AnswerFolder
from colorgan.web.server.study import create_study_app
from tests.evaluation.study.people import answers_of
from tests.evaluation.study.test_answers import KEY, RATES


@pytest.fixture
def folder(tmp_path: Path) -> AnswerFolder:
    return AnswerFolder(tmp_path / "answers", KEY)


@pytest.fixture
def client(folder: AnswerFolder) -> TestClient:
    app = create_study_app("<!doctype html><p>pairs", folder.folder, folder.add)
    return TestClient(app, base_url="http://localhost:7861")


def test_page_may_only_talk_to_its_server(client: TestClient) -> None:
    response = client.get("/")
    assert response.text == "<!doctype html><p>pairs"
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_answers_are_stored(client: TestClient, folder: AnswerFolder) -> None:
    answers = answers_of(KEY, "anna", RATES)
    assert client.post("/answers", json=answers).status_code == 201
    assert json.loads((folder.folder / "anna.json").read_text()) == answers
    assert client.post("/answers", json=answers).status_code == 201  # sent again after a lost reply


def test_everything_else_is_refused(client: TestClient, folder: AnswerFolder) -> None:
    answers = answers_of(KEY, "anna", RATES)
    for body, status in (
        (b"[", 422),
        (b"{}", 422),
        (json.dumps({**answers, "participant": "../anna"}).encode(), 422),
        (b"[" * 100_000, 422),
        (b" " * (MAX_BYTES + 1), 413),
    ):
        response = client.post("/answers", content=body)
        assert response.status_code == status
        assert response.json()["error"]
    assert client.post("/answers", json=answers, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/answers", json=answers, headers={"host": "evil.example"}).status_code == 403
    assert client.get("/answers").status_code == 405
    assert client.get("/anna.json").status_code == 404
    assert list(folder.folder.iterdir()) == []
