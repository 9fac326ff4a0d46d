import asyncio
import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from colorgan.errors import ColorganError
from colorgan.web.server import requests
from colorgan.web.server.requests import save_body, uploaded_name
from tests.web.conftest import photo_bytes


def make_request(headers: dict[str, str], *chunks: bytes) -> Request:
    """A request whose upload stalls after some chunks."""
    remaining = list(chunks)

    async def receive() -> dict[str, Any]:
        if not remaining:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": remaining.pop(0), "more_body": True}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


def test_stalled_upload_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_CHUNK_TIMEOUT", 0.05)
    with pytest.raises(ColorganError, match="the upload of the photo stalled; send it again"):
        asyncio.run(save_body(make_request({}, b"some", b"more"), tmp_path / "photo", 1000))
    assert (tmp_path / "photo").read_bytes() == b"somemore"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (None, "the photo"),
        ("", "the photo"),
        ("a%20b.jpg", "a b.jpg"),
        ("%FF%FE", "\ufffd\ufffd"),
        ("%E2%82%AC.png", "€.png"),
    ],
)
def test_uploaded_name(sent: str | None, name: str) -> None:
    assert uploaded_name(make_request({} if sent is None else {"x-file-name": sent})) == name


def test_full_disk_is_reported(client: TestClient, monkeypatch: pytest.MonkeyPatch, temp_root: Path) -> None:
    async def fail(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("colorgan.web.server.app.save_body", fail)
    response = client.post("/api/photos", content=photo_bytes())
    assert response.status_code == 507
    assert response.json() == {"error": "the server's disk is full"}
    (root,) = temp_root.iterdir()
    assert not any(root.iterdir())


def test_out_of_memory_is_reported(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("colorgan.web.server.app.PhotoSession", fail)
    response = client.post("/api/photos", content=photo_bytes())
    assert response.status_code == 422
    assert "does not have enough memory for this photo" in response.json()["error"]


def test_number_of_parallel_uploads_is_limited(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    current, peak = 0, 0

    async def counting_save(request: Request, file: Path, max_bytes: int) -> None:
        nonlocal current, peak
        current += 1
        peak = max(peak, current)
        await save_body(request, file, max_bytes)
        await asyncio.sleep(0.01)
        current -= 1

    monkeypatch.setattr("colorgan.web.server.app.save_body", counting_save)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: client.post("/api/photos", content=photo_bytes()).status_code, range(8)))
    assert statuses == [201] * 8
    assert 1 < peak <= 4
