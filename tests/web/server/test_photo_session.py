"""Endpoints of a single photo: preview, hints, suggestions, download."""

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab
from starlette.testclient import TestClient

from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.batch.jobs import Job
from colorgan.inference.batch.pipeline import BatchOptions, colorize_files
from colorgan.inference.hints import ColorHint, parse_hints
from colorgan.inference.look import Look
from colorgan.web.server.crop import VIEW_SIZE
from tests.helpers import Painter, picture
from tests.web.conftest import RED, photo_bytes, upload


def decode(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def lab(content: bytes) -> np.ndarray:
    return rgb2lab(decode(content))


def colorized(client: TestClient, key: str, *hints: dict, strength: float = 1) -> bytes:
    response = client.post(f"/api/photos/{key}/colorized", json={"hints": hints, "strength": strength})
    assert response.status_code == 200, response.text
    return response.content


def test_real_photo_is_colorized_and_keeps_its_lightness(client: TestClient) -> None:
    photo = (SAMPLE_PHOTOS / "val" / "rocket_00.jpg").read_bytes()
    response = client.post("/api/photos", content=photo, headers={"x-file-name": "rocket%20%C3%BC.jpg"})
    assert response.status_code == 201
    assert {name: response.json()[name] for name in ("name", "width", "height")} == {
        "name": "rocket ü.jpg",
        "width": 160,
        "height": 160,
    }
    key = response.json()["key"]
    original = client.get(f"/api/photos/{key}/original")
    assert original.headers["content-type"] == "image/jpeg"
    assert np.abs(decode(original.content).astype(int) - decode(photo)).mean() < 2
    result = lab(colorized(client, key))
    assert np.abs(result[..., 0] - lab(photo)[..., 0]).mean() < 1  # JPEG artifacts; the download is closer
    assert result[..., 2].mean() > 5  # the fake model's warm tone


def test_hint_changes_only_its_region(client: TestClient) -> None:
    key = upload(client, photo_bytes(gray=True))
    unhinted, hinted = lab(colorized(client, key)), lab(colorized(client, key, RED))
    expected = rgb2lab(np.array([[[0xD0, 0x20, 0x30]]], np.uint8))[0, 0]
    spot, far = (slice(26, 34), slice(16, 24)), (slice(0, 60), slice(60, 90))
    hue = np.arctan2(hinted[spot][..., 2].mean(), hinted[spot][..., 1].mean())
    assert hue == pytest.approx(np.arctan2(expected[2], expected[1]), abs=0.15)
    assert hinted[spot][..., 1].mean() > unhinted[spot][..., 1].mean() + 25
    assert np.abs(hinted[far] - unhinted[far]).mean() < 0.5
    assert np.abs(hinted[spot][..., 0] - unhinted[spot][..., 0]).mean() < 2
    assert lab(colorized(client, key)) == pytest.approx(unhinted)  # undone


def test_strength_scales_chroma(client: TestClient) -> None:
    key = upload(client, photo_bytes(gray=True))
    chroma = [
        np.hypot(*np.moveaxis(lab(colorized(client, key, strength=strength))[..., 1:], -1, 0)).mean()
        for strength in (0, 0.5, 1)
    ]
    assert chroma[0] < 1
    assert chroma[1] == pytest.approx(chroma[2] / 2, abs=2)


def test_large_photo_has_small_preview_and_full_size_download(start_client: Callable[..., TestClient]) -> None:
    client = start_client(max_bytes=10_000_000)
    file = io.BytesIO()
    picture(1, 400, 2400).convert("L").save(file, "JPEG")
    key = upload(client, file.getvalue(), "wide.jpg")
    hint = {"x": 2000, "y": 200, "color": "#2040c0", "radius": 100}
    preview = decode(colorized(client, key, hint))
    assert preview.shape == (240, VIEW_SIZE, 3)
    response = client.post(f"/api/photos/{key}/download", json={"hints": [hint]})
    downloaded = np.asarray(Image.open(io.BytesIO(response.content)))
    assert downloaded.shape == (400, 2400, 3)
    small = np.asarray(Image.fromarray(downloaded).resize((VIEW_SIZE, 240), Image.Resampling.BOX))
    assert np.abs(small.astype(int) - preview).mean() < 3
    assert (downloaded[190:210, 1990:2010, 2] > downloaded[190:210, 1990:2010, 0] + 40).all()


@pytest.mark.parametrize(("image_format", "suffix"), [("png", "png"), ("jpeg", "jpg")])
def test_download_equals_output_of_command_line(
    client: TestClient, painter: Painter, tmp_path: Path, image_format: str, suffix: str
) -> None:
    source, target = tmp_path / "grandma.tif", tmp_path / f"command.{suffix}"
    exif = Image.Exif()
    exif[315] = "Grandfather"
    picture(5, 60, 90).convert("L").save(source, exif=exif, dpi=(300, 300))
    hints = parse_hints({"hints": [RED]})
    colorize_files(painter, [Job(source, target, "")], BatchOptions(look=Look(0.7), hints=hints))

    key = upload(client, source.read_bytes(), "grandma.tif")
    options = {"hints": [RED], "strength": 0.7, "format": image_format, "metadata": True}
    response = client.post(f"/api/photos/{key}/download", json=options)
    assert response.headers["content-disposition"] == f"attachment; filename*=UTF-8''grandma-colorized.{suffix}"
    assert response.headers["content-type"] == f"image/{image_format}"
    assert response.headers["content-length"] == str(target.stat().st_size)
    assert response.content == target.read_bytes()
    stripped = client.post(f"/api/photos/{key}/download", json={**options, "metadata": False})
    assert dict(Image.open(io.BytesIO(stripped.content)).getexif()) == {}


def test_16_bit_photo_stays_16_bit(client: TestClient) -> None:
    file = io.BytesIO()
    Image.fromarray(np.add.outer(np.arange(40) * 1500, np.arange(30) * 37).astype(np.uint16)).save(file, "PNG")
    response = client.post(f"/api/photos/{upload(client, file.getvalue())}/download", json={})
    decoded = cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (decoded.dtype, decoded.shape) == (np.uint16, (40, 30, 3))


def test_photos_are_independent(client: TestClient) -> None:
    first, second = upload(client, photo_bytes(gray=True)), upload(client, photo_bytes(gray=True))
    expected = colorized(client, second)
    colorized(client, first, RED)
    assert first != second
    assert colorized(client, second) == expected
    assert client.delete(f"/api/photos/{first}").status_code == 204
    assert client.get(f"/api/photos/{first}/original").status_code == 404
    assert colorized(client, second) == expected


def test_suggestions_match_lightness_and_color_of_the_photo(client: TestClient) -> None:
    key = upload(client, photo_bytes(gray=True))
    response = client.post(f"/api/photos/{key}/suggestions", json={"x": 70, "y": 30, "radius": 3})
    suggestions = response.json()["suggestions"]
    assert len(suggestions) >= 3
    assert suggestions[0]["reason"] == "the model's prediction"
    displayed = lab(colorized(client, key))[27:33, 67:73].mean(axis=(0, 1))
    swatches = [
        rgb2lab(np.array([[ColorHint(0, 0, suggestion["color"], 1).rgb]], np.uint8))[0, 0] for suggestion in suggestions
    ]
    assert np.linalg.norm(swatches[0] - displayed) < 4
    for swatch in swatches:
        assert swatch[0] == pytest.approx(displayed[0], abs=1.5)


def test_hint_file_is_parsed(client: TestClient) -> None:
    body = b'\xef\xbb\xbf{"hints": [{"x": 1, "y": 2.5, "color": "Navy", "radius": 3}]}'
    response = client.post("/api/hints", content=body)
    assert response.json() == {"hints": [{"x": 1, "y": 2.5, "color": "#000080", "radius": 3}]}
