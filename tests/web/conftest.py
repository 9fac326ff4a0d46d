"""A server with a predictable model, and photos to upload to it."""

import contextlib
import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from colorgan.inference.card import ModelInfo
from colorgan.web.server import ColorizationService, ServerSettings, create_app
from tests.helpers import Painter, picture

MODEL_INFO = ModelInfo("tiny", "Colors everything warm.", ["It knows nothing."], "Apache-2.0")
MAX_PIXELS = 1_000_000
RED = {"x": 20, "y": 30, "color": "#d02030", "radius": 8, "reach": 0}


@pytest.fixture
def temp_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the server creates its temporary folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def stored_files(temp_root: Path) -> list[str]:
    """Names of the stored files and folders, without the server's own folder and its lock."""
    (root,) = temp_root.iterdir()
    return sorted(path.name for path in root.rglob("*") if path.name != "lock")


@pytest.fixture
def start_client(temp_root: Path, painter: Painter) -> Iterator[Callable[..., TestClient]]:
    """Starts servers and returns clients for them."""
    clients = []

    def start(model: Any = painter, errors: bool = True, **settings: Any) -> TestClient:
        service = ColorizationService(model, None, MAX_PIXELS)
        app = create_app(service, [MODEL_INFO], ServerSettings(**{"max_bytes": 500_000, **settings}))
        client = TestClient(app, base_url="http://localhost:7860", raise_server_exceptions=errors)
        clients.append(client.__enter__())
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(start_client: Callable[..., TestClient]) -> TestClient:
    return start_client()


@contextlib.contextmanager
def running(server: uvicorn.Server) -> Iterator[int]:
    """Runs a server on all loopback addresses, and yields its port."""
    listening = socket.create_server(("0.0.0.0", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)  # clients that do not read are noticed soon
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


def photo_bytes(image_format: str = "PNG", *, gray: bool = False, **options: Any) -> bytes:
    """An encoded photo of 90 x 60 pixels."""
    file = io.BytesIO()
    image = picture(3, 60, 90)
    (image.convert("L") if gray else image).save(file, image_format, **options)
    return file.getvalue()


def upload(client: TestClient, photo: bytes, name: str = "old.png") -> str:
    """Uploads a photo and returns its key."""
    response = client.post("/api/photos", content=photo, headers={"x-file-name": name})
    assert response.status_code == 201, response.text
    key: str = response.json()["key"]
    return key
