import asyncio
import errno
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from colorgan.web.server import requests
from colorgan.web.server.requests import BodyTooSlowError, read_json, save_body, uploaded_name
from tests.web.conftest import photo_bytes, stored_files, upload


def make_request(headers: dict[str, str], *chunks: bytes, ends: bool = False) -> Request:
    """A request whose body comes in a chunk every 10 milliseconds, and then stalls or ends."""
    remaining = list(chunks)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.01 if remaining else 60)
        return {"type": "http.request", "body": remaining.pop(0), "more_body": bool(remaining) or not ends}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


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
    assert stored_files(temp_root) == []


def test_out_of_memory_is_reported(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("colorgan.web.server.app.PhotoSession", fail)
    response = client.post("/api/photos", content=photo_bytes())
    assert response.status_code == 422
    assert "does not have enough memory for this photo" in response.json()["error"]


def test_parallel_uploads_wait_for_a_place_in_the_queue(start_client: Callable[..., TestClient]) -> None:
    client = start_client(max_waiting=2)  # one job of one client at a time
    with ThreadPoolExecutor(3) as pool:
        statuses = list(pool.map(lambda _: client.post("/api/photos", content=photo_bytes()).status_code, range(8)))
    assert statuses == [201] * 8


@pytest.mark.parametrize(
    ("limits", "chunks"),
    [
        ({"_MAX_PAUSE": 0.05}, [b"some", b"more"]),
        ({"_UPLOAD_SECONDS": 0.1, "_MIN_UPLOAD_SPEED": 1000}, [b"x"] * 1000),
    ],
    ids=["pause", "trickle"],
)
def test_slow_upload_times_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, float], chunks: list[bytes]
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(requests, name, value)
    with pytest.raises(BodyTooSlowError, match="the photo arrived too slowly; send it again"):
        asyncio.run(save_body(make_request({}, *chunks), tmp_path / "photo", 10_000))
    assert (tmp_path / "photo").read_bytes() in b"".join(chunks)


def test_fast_upload_may_take_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_UPLOAD_SECONDS", 0.1)
    monkeypatch.setattr(requests, "_MIN_UPLOAD_SPEED", 1000)
    request = make_request({}, *[b"x" * 100] * 20, ends=True)  # 0.2 seconds
    asyncio.run(save_body(request, tmp_path / "photo", 10_000))
    assert (tmp_path / "photo").stat().st_size == 2000


def test_slow_json_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_JSON_SECONDS", 0.1)
    with pytest.raises(BodyTooSlowError, match="the request arrived too slowly; send it again"):
        asyncio.run(read_json(make_request({}, *[b" " * 1000] * 1000)))


def test_slow_request_is_408(start_client: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*args: Any) -> None:
        raise BodyTooSlowError("the photo arrived too slowly; send it again")

    monkeypatch.setattr("colorgan.web.server.app.save_body", fail)
    response = start_client().post("/api/photos", content=photo_bytes())
    assert (response.status_code, response.json()) == (408, {"error": "the photo arrived too slowly; send it again"})


def test_some_of_the_disk_stays_free(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, temp_root: Path, tmp_path: Path
) -> None:
    key = upload(client, photo_bytes())
    disk = shutil.disk_usage(tmp_path)._replace(free=10_000 + (256 << 20), total=1 << 40)
    monkeypatch.setattr("shutil.disk_usage", lambda path: disk)
    assert client.post("/api/photos", content=bytes(9_000)).status_code == 422  # there was room, but it is no photo
    for response in (
        client.post("/api/photos", content=bytes(11_000)),
        client.post(f"/api/photos/{key}/download", json={}),
    ):
        assert (response.status_code, response.json()) == (507, {"error": "the server's disk is full"})
    assert stored_files(temp_root) == sorted([key, "photo"])
