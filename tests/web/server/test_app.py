"""The page, the info endpoint, errors common to all endpoints, the job queue and the temporary folder."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from colorgan.web.server.app import PAGE
from tests.helpers import Painter
from tests.web.conftest import RED, photo_bytes, upload


def test_page_files_are_served_and_reference_nothing_external(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http:" not in page.text.replace("http://www.w3.org", "")
    assert "https:" not in page.text
    assert "style=" not in page.text  # blocked by the content security policy
    assert "<script>" not in page.text
    types = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    for file in filter(Path.is_file, PAGE.rglob("*")):
        response = client.get(f"/page/{file.relative_to(PAGE).as_posix()}")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(types[file.suffix])


def test_info_describes_model_and_limits(client: TestClient) -> None:
    info = client.get("/api/info").json()
    assert info["model"] == {
        "name": "tiny",
        "summary": "Colors everything warm.",
        "limits": ["It knows nothing."],
        "license": "Apache-2.0",
    }
    assert (info["max_bytes"], info["max_pixels"]) == (500_000, 1_000_000)
    assert ".jpg" in info["extensions"]


@pytest.mark.parametrize(
    "path", ["/page/../server/app.py", "/page/%2e%2e/server/app.py", "/page//etc/passwd", "/nothing", "/page"]
)
def test_other_paths_are_not_served(client: TestClient, path: str) -> None:
    response = client.get(path, follow_redirects=False)
    assert response.status_code in (404, 307)
    if response.status_code == 404:
        assert response.json() == {"error": "HTTP 404: not found"}


@pytest.mark.parametrize("route", ["original", "palette", "colorized", "variants", "suggestions", "shown", "download"])
def test_unknown_photo_is_404(client: TestClient, route: str) -> None:
    response = client.request("GET" if route in ("original", "palette") else "POST", f"/api/photos/nothing/{route}")
    message = "this upload has expired or does not exist; send the photo again"
    assert (response.status_code, response.json()) == (404, {"error": message, "expired": "photo"})


def test_wrong_method_is_405(client: TestClient) -> None:
    response = client.get("/api/photos")
    assert (response.status_code, response.json()) == (405, {"error": "HTTP 405: method not allowed"})


def test_hints_are_painted_over_a_model_without_hints(
    start_client: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Painter, "takes_hints", False)
    client = start_client()
    url = f"/api/photos/{upload(client, photo_bytes())}/colorized"
    responses = [client.post(url, json={"hints": hints}) for hints in ([], [RED])]
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].content != responses[1].content


def test_internal_error_hides_details(start_client: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("secret detail")

    client = start_client(errors=False)
    key = upload(client, photo_bytes())
    monkeypatch.setattr(Painter, "run_network", fail)
    response = client.post(f"/api/photos/{key}/colorized", json={})
    assert response.status_code == 500
    assert response.json() == {"error": "internal server error; see the terminal in which colorgan is running"}
    assert "content-security-policy" in response.headers


class BlockingModel(Painter):
    """A model whose predictions block until ``release`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.release = threading.Event(), threading.Event()

    def run_network(self, rgb: Any, hints: Any = None) -> Any:
        self.started.set()
        assert self.release.wait(20)
        return super().run_network(rgb, hints)


def test_full_queue_rejects_jobs_and_server_stays_responsive(start_client: Callable[..., TestClient]) -> None:
    model = BlockingModel()
    client = start_client(model, max_waiting=0)
    key = upload(client, photo_bytes())
    responses = []
    first = threading.Thread(
        target=lambda: responses.append(client.post(f"/api/photos/{key}/colorized", json={"hints": []}))
    )
    first.start()
    try:
        assert model.started.wait(20)
        response = client.post(f"/api/photos/{key}/colorized", json={})
        assert response.status_code == 503
        assert response.json() == {"error": "too many photos are waiting; try again in a moment"}
        assert response.headers["retry-after"] == "2"
        assert client.get("/api/info").status_code == 200
    finally:
        model.release.set()
        first.join(20)
    assert responses[0].status_code == 200
    assert client.post(f"/api/photos/{key}/colorized", json={}).status_code == 200


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
def test_uploads_are_private_and_deleted_on_shutdown(start_client: Callable[..., TestClient], temp_root: Path) -> None:
    client = start_client()
    key = upload(client, photo_bytes())
    client.post(f"/api/photos/{key}/download", json={})
    (root,) = temp_root.iterdir()
    for folder in (root, root / key):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    client.__exit__(None, None, None)
    assert list(temp_root.iterdir()) == []
    client.__enter__()
