"""A server with a model whose colors are known, and photos to send to it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from colorgan.web.server.about import About
from colorgan.web.server.site import Settings, create_site
from colorgan.web.server.workpiece import Colorist
from tests.helpers import Painter, picture

ABOUT = About("tiny", "Colors everything warm.", ["It knows nothing."], "Apache-2.0")
MAX_PIXELS = 1_000_000


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the server makes its private folder in."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def site(temporary: Path, painter: Painter) -> Iterator[Callable[..., TestClient]]:
    """Starts servers; by default with a model that paints hints as they are."""
    clients = []

    def start(model: Any = painter, errors: bool = True, **settings: Any) -> TestClient:
        colorist = Colorist(model, None, MAX_PIXELS)
        application = create_site(colorist, ABOUT, Settings(**{"max_bytes": 500_000, **settings}))
        client = TestClient(application, base_url="http://localhost:7860", raise_server_exceptions=errors)
        clients.append(client.__enter__())
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(site: Callable[..., TestClient]) -> TestClient:
    return site()


def encoded(kind: str = "PNG", *, gray: bool = False, **options: Any) -> bytes:
    """A photo of 90 x 60 pixels as a file."""
    file = io.BytesIO()
    image = picture(3, 60, 90)
    (image.convert("L") if gray else image).save(file, kind, **options)
    return file.getvalue()


def send(client: TestClient, photo: bytes, name: str = "old.png") -> str:
    """Sends a photo and returns its key."""
    answer = client.post("/api/photos", content=photo, headers={"x-file-name": name})
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["key"]
    return key
