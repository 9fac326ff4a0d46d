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
from colorgan.web.server.requests import save_body, sent_name
from tests.web.conftest import encoded


def request(headers: dict[str, str], *messages: bytes) -> Request:
    """A request whose sender falls silent after some messages."""
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": True}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


def test_a_sender_that_falls_silent_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_PATIENCE", 0.05)
    with pytest.raises(ColorganError, match="nothing came for too long; send it again"):
        asyncio.run(save_body(request({}, b"some", b"more"), tmp_path / "photo", 1000))
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
def test_names(sent: str | None, name: str) -> None:
    assert sent_name(request({} if sent is None else {"x-file-name": sent})) == name


def test_a_full_disk_is_a_sentence(client: TestClient, monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    async def full(*anything: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("colorgan.web.server.site.save_body", full)
    answer = client.post("/api/photos", content=encoded())
    assert answer.status_code == 507
    assert answer.json() == {"error": "the disk of the computer that colors is full"}
    (root,) = temporary.iterdir()
    assert not any(root.iterdir())


def test_too_little_memory_is_a_sentence(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def large(*anything: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("colorgan.web.server.site.Workpiece", large)
    answer = client.post("/api/photos", content=encoded())
    assert answer.status_code == 422
    assert "has not enough memory for this photo" in answer.json()["error"]


def test_uploads_wait_for_each_other_and_all_arrive(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0

    async def counted(request: Request, file: Path, limit: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await save_body(request, file, limit)
        await asyncio.sleep(0.01)
        now -= 1

    monkeypatch.setattr("colorgan.web.server.site.save_body", counted)
    with ThreadPoolExecutor(8) as visitors:
        answers = list(visitors.map(lambda _: client.post("/api/photos", content=encoded()).status_code, range(8)))
    assert answers == [201] * 8
    assert 1 < most <= 4
