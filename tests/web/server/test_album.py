"""Endpoints of albums: many photos, one archive."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from colorgan.images.listing import formats
from tests.helpers import Painter
from tests.web.conftest import RED, photo_bytes, stored_files, upload


def create_album(client: TestClient, **options: Any) -> str:
    key: str = client.post("/api/albums", json=options).json()["key"]
    return key


def add(client: TestClient, key: str, photo: bytes, name: str) -> Any:
    return client.post(f"/api/albums/{key}/photos", content=photo, headers={"x-file-name": name})


def test_folder_becomes_archive_with_list_of_failures(client: TestClient, temp_root: Path) -> None:
    key = create_album(client, format="jpeg", strength=0.5)
    assert add(client, key, photo_bytes(), "trip/a.png").json() == {"path": "trip/a.jpg"}
    assert add(client, key, photo_bytes("TIFF"), "trip/a.tif").json() == {"path": "trip/a (2).jpg"}
    assert add(client, key, photo_bytes(), "../../../etc/evil.png").json() == {"path": "etc/evil.jpg"}
    unreadable = add(client, key, b"no photo", "trip/b.png")
    assert (unreadable.status_code, unreadable.json()["error"][:24]) == (422, "cannot read trip/b.png: ")
    assert add(client, key, bytes(600_000), "trip/c.png").status_code == 413
    response = client.get(f"/api/albums/{key}/archive")
    assert response.headers["content-disposition"] == 'attachment; filename="colorized.zip"'
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    assert archive.namelist() == ["trip/a.jpg", "trip/a (2).jpg", "etc/evil.jpg", "not colorized.txt"]
    assert Image.open(archive.open("trip/a.jpg")).size == (90, 60)
    assert archive.read("not colorized.txt").decode().splitlines() == [
        f"cannot read trip/b.png: not an image in a supported format ({', '.join(formats())})",
        "cannot upload trip/c.png: the photo exceeds the limit of 0.5 MB; send a smaller one",
    ]
    assert client.get(f"/api/albums/{key}/archive").content == response.content
    late = add(client, key, photo_bytes(), "late.png")
    assert late.json()["error"] == "this archive is already complete; start a new one for further photos"
    assert stored_files(temp_root) == sorted([key, "colorized.zip"])


def test_archive_without_photos_is_an_error(client: TestClient) -> None:
    key = create_album(client)
    add(client, key, b"no photo", "a.png")
    response = client.get(f"/api/albums/{key}/archive")
    assert response.json() == {"error": "none of the photos could be colorized, so there is no archive"}
    assert client.get("/api/albums/nothing/archive").status_code == 404
    assert client.post("/api/albums", json={"hints": []}).status_code == 422


def test_full_disk_keeps_the_photos_already_archived(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    key = create_album(client)
    add(client, key, photo_bytes(), "a.png")
    with monkeypatch.context() as patched:
        patched.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1000, total=1 << 40))
        response = add(client, key, photo_bytes(), "b.png")
    assert (response.status_code, response.json()["error"]) == (507, "the server's disk is full")
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/albums/{key}/archive").content))
    assert archive.testzip() is None
    assert archive.namelist() == ["a.png"]


def test_out_of_memory_is_listed_in_the_archive(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    key = create_album(client)
    add(client, key, photo_bytes(), "a.png")

    def fail(*args: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Painter, "run_network", fail)
    message = "cannot colorize b.png: not enough memory"
    assert add(client, key, photo_bytes(), "b.png").json() == {"error": message}
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/albums/{key}/archive").content))
    assert archive.read("not colorized.txt").decode() == f"{message}\n"


def test_archive_has_a_maximum_number_of_photos(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorgan.web.server.album.MAX_PHOTOS", 2)
    key = create_album(client)
    for name in ("a.png", "b.png"):
        assert add(client, key, photo_bytes(), name).status_code == 201
    assert add(client, key, photo_bytes(), "c.png").json()["error"].startswith("an archive holds at most 2 photos")


def test_photo_with_hints_and_look_of_its_own(client: TestClient) -> None:
    """The archive has the same file as the download of that photo, in the format of the album."""
    key = create_album(client, format="png")
    photo = upload(client, photo_bytes(), "trip/old.png")
    wish = {"hints": [RED], "strength": 0.5}
    added = client.post(f"/api/albums/{key}/photos", json={"photo": photo, "path": "trip/a.png", **wish})
    assert (added.status_code, added.json()) == (201, {"path": "trip/a.png"})
    outside = {"photo": photo, "hints": [{**RED, "x": 500}]}
    assert client.post(f"/api/albums/{key}/photos", json=outside).status_code == 422
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/albums/{key}/archive").content))
    assert archive.namelist() == ["trip/a.png", "not colorized.txt"]
    assert archive.read("trip/a.png") == client.post(f"/api/photos/{photo}/download", json=wish).content
    assert b"outside" in archive.read("not colorized.txt")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"photo": 5}, 422, "photo must be the key of an uploaded photo, received 5"),
        ({}, 422, "photo must be the key of an uploaded photo, received null"),
        ({"photo": "x", "path": []}, 422, "path must be a text, received a list"),
        ({"photo": "x", "format": "png"}, 422, 'received the unknown key "format"'),
        ({"photo": "unknown"}, 404, "expired"),
        ({"photo": None, "reference": "unknown"}, 422, "photo must be"),
    ],
)
def test_wrong_wish_for_an_album_is_one_sentence(client: TestClient, body: Any, status: int, message: str) -> None:
    response = client.post(f"/api/albums/{create_album(client)}/photos", json=body)
    assert response.status_code == status
    assert message in response.json()["error"]
