"""``colorgan study-serve``: what it serves, where answers go, and who can reach it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from colorgan.cli import main
from tests.evaluation.study.people import answers_of
from tests.evaluation.study.test_answers import KEY, RATES


@pytest.fixture
def study(tmp_path: Path) -> Path:
    KEY.write(tmp_path / "key.json")
    (tmp_path / "study.html").write_text("<!doctype html><p>pairs", encoding="utf-8")
    return tmp_path


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Records servers instead of running them."""
    recorded: list[Any] = []
    monkeypatch.setattr(
        "uvicorn.Server.run", lambda server, sockets: recorded.append((server, sockets[0].getsockname()))
    )
    return recorded


def test_answers_go_into_the_folder_of_the_study(
    study: Path, servers: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study-serve", str(study), "--port", "0", "--no-browser"]) == 0
    printed = capsys.readouterr()
    assert "the study is running at http://127.0.0.1:" in printed.out
    assert printed.err == ""
    ((server, address),) = servers
    assert address[0] == "127.0.0.1"
    client = TestClient(server.config.app, base_url=f"http://127.0.0.1:{address[1]}")
    assert client.get("/").text == "<!doctype html><p>pairs"
    answers = answers_of(KEY, "anna", RATES)
    assert client.post("/answers", json=answers).status_code == 201
    assert json.loads((study / "answers" / "anna.json").read_text(encoding="utf-8")) == answers
    assert client.get("/", headers={"host": "192.0.2.1"}).status_code == 403


def test_public_address_is_opt_in_and_prints_a_warning(
    study: Path, servers: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study-serve", str(study), "--port", "0", "--no-browser", "--host", "0.0.0.0"]) == 0
    assert "warning: anyone who can reach" in capsys.readouterr().err
    assert servers[0][1][0] == "0.0.0.0"


def test_a_study_without_its_page_is_an_error(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "study.html").unlink()
    assert main(["study-serve", str(study), "--port", "0", "--no-browser"]) == 1
    assert "study.html" in (message := capsys.readouterr().err)
    assert message.count("\n") == 1


def test_server_needs_no_torch_and_says_what_is_missing(study: Path) -> None:
    program = f"""
import sys
sys.modules["uvicorn"] = None
from colorgan.cli import main
code = main(["study-serve", {str(study)!r}])
print("torch" in sys.modules)
sys.exit(code)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == "False\n"
    assert result.stderr == (
        "error: `colorgan study-serve` needs uvicorn, which is not installed; "
        "run: pip install starlette anyio uvicorn h11\n"
    )
