"""Unreadable, oversized and malicious uploads, and invalid JSON."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import RED, photo_bytes, stored_files, upload


def png_bomb(side: int) -> bytes:
    """A PNG file of a few dozen bytes that claims to be large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot read a.jpg: the file is empty"),
        (b"this is no photo", "cannot read a.jpg: not an image in a supported format"),
        (SVG, "cannot read a.jpg: it is a drawing in SVG; save it as PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "cannot read a.jpg: not an image in a supported format"),
        (b"PK\x03\x04" + bytes(100), "cannot read a.jpg: it is an archive or an office document"),
        (photo_bytes("JPEG")[:600], "cannot read a.jpg: the file is cut short"),
        (photo_bytes("PNG")[:2000], "cannot read a.jpg: the file is cut short"),
        (
            png_bomb(2000),
            "cannot read a.jpg: it has too many pixels (2000 x 2000; at most 1,000,000); make it smaller first",
        ),
        (png_bomb(20_000), "cannot read a.jpg: it has too many pixels (more than 178,956,970); make it smaller first"),
    ],
    ids=["empty", "text", "svg", "eps", "zip", "cut JPEG", "cut PNG", "large", "bomb"],
)
def test_unreadable_upload_is_rejected_with_a_message(
    client: TestClient, temp_root: Path, content: bytes, message: str
) -> None:
    response = client.post("/api/photos", content=content, headers={"x-file-name": "a.jpg"})
    assert response.status_code == 422
    assert response.json()["error"].startswith(message)
    assert str(temp_root) not in response.text
    assert "Traceback" not in response.text
    assert stored_files(temp_root) == []


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "TIFF", "BMP"])
def test_format_is_detected_from_content(client: TestClient, image_format: str) -> None:
    response = client.post("/api/photos", content=photo_bytes(image_format), headers={"x-file-name": "notes.txt"})
    assert response.status_code == 201


def chunks(total: int) -> Iterator[bytes]:
    for _ in range(total // 10_000):
        yield bytes(10_000)


def test_oversized_upload_is_rejected_before_it_is_stored(client: TestClient, temp_root: Path) -> None:
    message = "the photo exceeds the limit of 0.5 MB; send a smaller one"
    with_length = client.post("/api/photos", content=bytes(500_001))
    assert (with_length.status_code, with_length.json()["error"]) == (413, message)

    largest = 0

    def monitored_chunks() -> Iterator[bytes]:
        nonlocal largest
        for chunk in chunks(50_000_000):
            largest = max([largest, *(file.stat().st_size for file in temp_root.rglob("photo"))])
            yield chunk

    chunked = client.post("/api/photos", content=monitored_chunks())
    assert (chunked.status_code, chunked.json()["error"]) == (413, message)
    assert largest <= 500_000
    wrong_length = client.post("/api/photos", content=chunks(600_000), headers={"content-length": "7"})
    assert wrong_length.status_code == 413


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/cron.d/evil", "C:\\evil.png", "%2e%2e%2fevil%00.png", "x" * 5000]
)
def test_uploaded_names_never_become_paths(client: TestClient, temp_root: Path, name: str) -> None:
    key = upload(client, photo_bytes(), name)
    response = client.post(f"/api/photos/{key}/download", json={})
    disposition = response.headers["content-disposition"]
    assert not any(bad in disposition.partition("''")[2] for bad in ("/", "\\", "%2F", "%5C", "%00"))
    assert stored_files(temp_root) == sorted([key, "photo"])
    assert not list(temp_root.parent.rglob("*evil*"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the request: invalid JSON (line 1, column 1"),
        (b"{", "the request: invalid JSON (line 1, column 2"),
        (
            b"[" * 100_000,
            "the request: invalid JSON (not UTF-8, nested too deeply, or a number with too many digits)",
        ),
        (b"\xff\xfe", "the request: invalid JSON (not UTF-8, nested too deeply, or a number with too many digits)"),
        (b"[]", "expected a JSON object with the keys "),
        (b'{"hint": []}', "expected a JSON object with the keys "),
        (b'{"hints": 3}', "the hints: 'hints' must be a list"),
        (b'{"hints": [{"x": 1}]}', "the hints: hint 1 has no 'y'"),
        (b'{"hints": [{"x": 1, "y": 1, "radius": 1, "color": "url(x)"}]}', "the hints: hint 1: color must be #rrggbb"),
        (
            b'{"hints": [{"x": 90, "y": 1, "radius": 1, "color": "red"}]}',
            "hint 1 is at (90, 1), outside the photo of 90 x 60",
        ),
        (
            b'{"hints": [{"x": -1, "y": 1, "radius": 1, "color": "red"}]}',
            "the hints: hint 1: x must be a number of pixels",
        ),
        (
            b'{"strength": 2.5}',
            "strength must be between 0 (gray) and 2 (twice as colorful as predicted), received 2.5",
        ),
        (b'{"strength": NaN}', "strength must be between 0"),
        (
            b'{"strength": true}',
            "strength must be a number between 0 (gray) and 2 (twice as colorful as predicted), rec",
        ),
        (b'{"strength": ' + b"9" * 4000 + b"}", "strength must be between 0"),
        (b'{"warmth": -1.5}', "warmth must be between -1 (cold) and 1 (warm), received -1.5"),
        (b'{"warmth": "hot"}', 'warmth must be a number between -1 (cold) and 1 (warm), received "hot"'),
        (b'{"reference": 3}', "reference must be the key of an uploaded photo, or null, received 3"),
        (b'{"mix": 0.5}', "mix must be a list with one number per model, or null, received 0.5"),
        (b'{"mix": [true]}', "mix must be a list with one number per model, or null, received a list"),
        (b'{"mix": [1, 2]}', "mix must have one weight per model"),
        (b'{"mix": [0]}', "mix must have one weight per model"),
        (b'{"mix": [-1]}', "mix must have one weight per model"),
        (b'{"mix": [Infinity]}', "mix must have one weight per model"),
    ],
    ids=range(24),
)
@pytest.mark.parametrize("route", ["colorized", "download", "variants"])
def test_invalid_request_is_explained(client: TestClient, body: bytes, message: str, route: str) -> None:
    response = client.post(f"/api/photos/{upload(client, photo_bytes())}/{route}", content=body)
    assert response.status_code == 422
    assert response.json()["error"].startswith(message)
    assert "\n" not in response.json()["error"]


@pytest.mark.parametrize(
    ("route", "body", "message"),
    [
        ("colorized", b"[]", "with the keys crop, hints, mix, reference, strength, warmth, received a list"),
        ("colorized", b'{"format": "png"}', 'strength, warmth, received the unknown key "format"'),
        ("variants", b'{"crop": [0, 0, 9, 9]}', 'the unknown key "crop"'),
        ("download", b'{"crop": [0, 0, 9, 9]}', 'the unknown key "crop"'),
        ("download", b'{"format": "exe"}', 'format must be png or jpeg, received "exe"'),
        ("download", b'{"metadata": "yes"}', 'metadata must be true or false, received "yes"'),
        (
            "colorized",
            b'{"crop": [0, 0, 9]}',
            "crop must be left, top, width and height in whole pixels of the photo, re",
        ),
        ("colorized", b'{"crop": [0, 0, 9, 0]}', "of the photo, received [0, 0, 9, 0]"),
        ("colorized", b'{"crop": [-1, 0, 9, 9]}', "of the photo, received [-1, 0, 9, 9]"),
        ("colorized", b'{"crop": [0, 0.5, 9, 9]}', "in whole pixels of the photo, received a list"),
        ("colorized", b'{"crop": [80, 0, 11, 9]}', "crop of 11 x 9 pixels at (80, 0) is outside the photo of 90 x 60"),
        ("shown", b'{"x": 1, "y": 2, "radius": 3}', "the spot: hint 1 has no 'color'"),
        ("shown", b'{"x": 91, "y": 2, "radius": 3, "color": "red"}', "hint 1 is at (91, 2), outside the photo"),
        ("shown", b'{"x": 1, "y": 2, "radius": 3, "color": "red", "reach": 1}', 'received the unknown key "reach"'),
    ],
    ids=range(14),
)
def test_keys_of_each_endpoint(client: TestClient, route: str, body: bytes, message: str) -> None:
    response = client.post(f"/api/photos/{upload(client, photo_bytes())}/{route}", content=body)
    assert response.status_code == 422
    assert message in response.json()["error"]


@pytest.mark.parametrize(
    "crop", ["", "1,2,3", "0,0,9,9,9", "0,0,-9,9", "a,b,c,d", "0,0,0,9", "0,0," + "9" * 5000 + ",1"]
)
def test_invalid_crop_of_the_original(client: TestClient, crop: str) -> None:
    response = client.get(f"/api/photos/{upload(client, photo_bytes())}/original", params={"crop": crop})
    assert response.status_code == 422
    assert response.json()["error"].startswith("crop must be left, top, width and height in whole pixels of the photo")


def test_missing_reference_is_told_from_a_missing_photo(client: TestClient) -> None:
    key = upload(client, photo_bytes())
    expected = {"error": "the reference photo has expired or does not exist; send it again", "expired": "reference"}
    for route in ("colorized", "download", "variants"):
        response = client.post(f"/api/photos/{key}/{route}", json={"reference": "gone"})
        assert (response.status_code, response.json()) == (404, expected)
    assert client.post("/api/albums", json={"reference": "gone"}).json() == expected
    assert client.post("/api/photos/gone/colorized", json={"reference": key}).json()["expired"] == "photo"


def test_request_limits(client: TestClient) -> None:
    key = upload(client, photo_bytes())
    response = client.post(f"/api/photos/{key}/colorized", content=b" " * (2 << 20))
    assert response.status_code == 413
    assert response.json()["error"] == "the request exceeds the limit of 1.05 MB; send a smaller one"
    response = client.post(f"/api/photos/{key}/colorized", json={"hints": [RED] * 1001})
    assert response.json()["error"] == "the hints: the page supports at most 1000 hints, received 1001"
    response = client.post(f"/api/photos/{key}/suggestions", json={"x": 1000, "y": 3, "radius": 3})
    assert response.json()["error"].startswith("hint 1 is at (1000, 3), outside the photo")
