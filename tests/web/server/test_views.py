"""Parts of a photo at full resolution, looks, variants, and what a photo can show of a color."""

import base64
import io
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab
from starlette.testclient import TestClient

from colorgan.inference import MixedColorizer
from colorgan.web.server.crop import VIEW_SIZE
from tests.helpers import picture
from tests.inference.test_mixture import Flat
from tests.web.conftest import RED, photo_bytes, upload

LARGE = {"max_bytes": 20_000_000}


def decode(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def encoded(photo: Image.Image) -> bytes:
    file = io.BytesIO()
    photo.save(file, "PNG")
    return file.getvalue()


def textured(height: int, width: int) -> Image.Image:
    """A photo whose detail is lost when it is made smaller."""
    noise = np.random.default_rng(0).integers(0, 60, (height, width, 1))
    return Image.fromarray((np.asarray(picture(3, height, width)) * 0.7 + noise).astype(np.uint8))


@pytest.fixture
def large(start_client: Callable[..., TestClient]) -> tuple[TestClient, str]:
    client = start_client(**LARGE)
    return client, upload(client, encoded(textured(400, 2400)))


@pytest.mark.parametrize("crop", [[700, 100, 300, 200], [0, 0, 1, 1], [2399, 399, 1, 1], [0, 0, 1440, 400]])
def test_crop_is_the_same_part_of_the_full_size_result(large: tuple[TestClient, str], crop: list[int]) -> None:
    client, key = large
    left, top, width, height = crop
    hint = {"x": 800, "y": 200, "color": "#2040c0", "radius": 60}
    wish = {"hints": [hint], "strength": 1.5, "warmth": 0.5}
    full = decode(client.post(f"/api/photos/{key}/download", json=wish).content)
    part = decode(client.post(f"/api/photos/{key}/colorized", json={**wish, "crop": crop}).content)
    assert part.shape == (height, width, 3)
    expected = full[top : top + height, left : left + width]
    assert np.abs(part.astype(int) - expected).mean() < 3  # JPEG, and a preview that is not quite the photo
    original = client.get(f"/api/photos/{key}/original", params={"crop": ",".join(map(str, crop))})
    expected = np.asarray(textured(400, 2400))[top : top + height, left : left + width]
    assert np.abs(decode(original.content).astype(int) - expected).mean() < 3


def test_large_crop_is_a_view(large: tuple[TestClient, str]) -> None:
    client, key = large
    part = decode(client.post(f"/api/photos/{key}/colorized", json={"crop": [100, 0, 2000, 400]}).content)
    assert part.shape == (288, VIEW_SIZE, 3)
    whole = decode(client.post(f"/api/photos/{key}/colorized", json={"crop": [0, 0, 2400, 400]}).content)
    assert np.abs(whole.astype(int) - decode(client.post(f"/api/photos/{key}/colorized", json={}).content)).mean() < 1
    original = client.get(f"/api/photos/{key}/original?crop=100,0,2000,400")
    assert decode(original.content).shape == (288, VIEW_SIZE, 3)


def test_crop_of_an_upright_photo_counts_upright_pixels(client: TestClient) -> None:
    exif = Image.Exif()
    exif[274] = 6  # turned by 90 degrees
    file = io.BytesIO()
    picture(3, 60, 90).save(file, "JPEG", exif=exif, quality=95)
    key = upload(client, file.getvalue())
    part = decode(client.get(f"/api/photos/{key}/original?crop=50,70,10,20").content)
    expected = np.rot90(np.asarray(picture(3, 60, 90)), -1)[70:90, 50:60]
    assert np.abs(part.astype(int) - expected).mean() < 6


def test_one_photo_at_full_size_stays_in_memory(start_client: Callable[..., TestClient]) -> None:
    client = start_client(**LARGE)
    keys = [upload(client, encoded(textured(300, 400 + n))) for n in range(2)]
    for key in keys * 2:
        assert decode(client.get(f"/api/photos/{key}/original?crop=0,0,300,200").content).shape == (200, 300, 3)
    client.delete(f"/api/photos/{keys[1]}")
    assert client.get(f"/api/photos/{keys[1]}/original?crop=0,0,300,200").status_code == 404


def test_warmth_and_strength(client: TestClient) -> None:
    key = upload(client, photo_bytes(gray=True))

    def mean_lab(**settings: float) -> np.ndarray:
        return rgb2lab(decode(client.post(f"/api/photos/{key}/colorized", json=settings).content)).mean(axis=(0, 1))

    plain, warm, cold, vivid = mean_lab(), mean_lab(warmth=1), mean_lab(warmth=-1), mean_lab(strength=1.6)
    assert warm[2] > plain[2] + 5
    assert cold[2] < plain[2] - 5
    assert vivid[2] > plain[2] * 1.3
    assert abs(mean_lab(strength=0, warmth=1)[1:]).max() < 1
    assert np.ptp([lab[0] for lab in (plain, warm, cold, vivid)]) < 0.5


def test_reference_gives_its_palette(client: TestClient) -> None:
    blue = np.full((60, 90, 3), (40, 70, 190), np.uint8) + np.arange(60, dtype=np.uint8)[:, None, None]
    key, reference = upload(client, photo_bytes(gray=True)), upload(client, encoded(Image.fromarray(blue)))
    settings = {"reference": reference}
    view = client.post(f"/api/photos/{key}/colorized", json=settings)
    assert rgb2lab(decode(view.content))[..., 2].mean() < -15
    full = client.post(f"/api/photos/{key}/download", json=settings)
    assert np.abs(decode(full.content).astype(int) - decode(view.content)).mean() < 2
    album = client.post("/api/albums", json=settings).json()["key"]
    client.delete(f"/api/photos/{reference}")
    client.post(f"/api/albums/{album}/photos", content=photo_bytes(gray=True), headers={"x-file-name": "a.png"})

    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/albums/{album}/archive").content))
    assert np.array_equal(decode(archive.read("a.png")), decode(full.content))


def test_gray_reference_is_refused(client: TestClient) -> None:
    key = upload(client, photo_bytes(gray=True))
    for path in (f"photos/{key}/colorized", f"photos/{key}/variants", "albums"):
        response = client.post(f"/api/{path}", json={"reference": key})
        assert response.status_code == 422
        assert response.json()["error"] == "the reference photo has no colors; choose one in color"


def test_variants_differ_and_say_how_they_are_made(client: TestClient) -> None:
    key = upload(client, photo_bytes(gray=True))
    variants = client.post(f"/api/photos/{key}/variants", json={"hints": [RED], "strength": 0.9}).json()["variants"]
    assert len({variant["label"] for variant in variants}) == 6
    photos = [rgb2lab(decode(base64.b64decode(variant["image"]))) for variant in variants]
    for index, photo in enumerate(photos):
        assert min(deltaE_ciede2000(photo, other).mean() for other in photos[:index] + photos[index + 1 :]) >= 2
    for variant, photo in zip(variants, photos, strict=True):
        again = client.post(f"/api/photos/{key}/colorized", json={"hints": [RED], **variant["settings"]})
        assert deltaE_ciede2000(rgb2lab(decode(again.content)), photo).mean() < 0.5


def test_variants_are_small(large: tuple[TestClient, str]) -> None:
    client, key = large
    variants = client.post(f"/api/photos/{key}/variants", json={}).json()["variants"]
    assert {decode(base64.b64decode(variant["image"])).shape for variant in variants} == {(80, 480, 3)}


def test_shown_color(client: TestClient) -> None:
    ramp = np.repeat(np.linspace(0, 255, 90).astype(np.uint8)[None], 60, axis=0)
    key = upload(client, encoded(Image.fromarray(ramp)))

    def shown(x: float, color: str, radius: float = 3) -> dict:
        spot = {"x": x, "y": 30, "radius": radius, "color": color}
        answer: dict = client.post(f"/api/photos/{key}/shown", json=spot).json()
        return answer

    light = shown(85, "#c00000")
    assert light["lightness"] == pytest.approx(rgb2lab(np.full((1, 1, 3), 84.5 / 89))[0, 0, 0], abs=1)
    assert not light["exact"]
    assert light["nearest"] != "#c00000"
    brown = shown(40, "#806040")
    assert brown["exact"]
    assert brown["nearest"] == brown["shown"]
    again = shown(85, light["nearest"])
    assert again["exact"]
    assert shown(0.2, "#ffff00", 0.1)["nearest"] == "#000000"


def test_palette(client: TestClient) -> None:
    stripes = np.repeat(np.array([[200, 30, 30], [30, 60, 190], [230, 220, 60]], np.uint8), [60, 28, 2], axis=0)
    key = upload(client, encoded(Image.fromarray(np.repeat(stripes[None], 60, axis=0))))
    colors = client.get(f"/api/photos/{key}/palette").json()["colors"]
    assert len(colors) >= 3
    found = rgb2lab(np.array([[[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors]], np.uint8))[0]
    for expected in rgb2lab(stripes[[0, 70, 89]][None])[0]:
        assert deltaE_ciede2000(found, expected[None]).min() < 6
    assert deltaE_ciede2000(found[0], rgb2lab(stripes[:1][None])[0, 0]) < 2


def test_samples_are_gray_photos_with_credits_and_colors_to_refer_to(client: TestClient) -> None:
    samples = client.get("/api/info").json()["samples"]
    assert len(samples) == 6
    for sample in samples:
        photo = client.get(sample["url"])
        assert photo.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(photo.content)).mode == "L"
        in_color = Image.open(io.BytesIO(client.get(sample["color_url"]).content))
        assert in_color.mode == "RGB"
        assert np.abs(np.asarray(in_color.convert("L")).astype(int) - Image.open(io.BytesIO(photo.content))).mean() < 2
        assert any(license in sample["credit"] for license in ("CC-BY", "CC0", "public domain"))
        assert sample["name"]
    assert client.get("/api/samples/..%2FCREDITS.md").status_code == 404
    assert client.get("/api/samples/none.jpg").status_code == 404


def test_models_are_named(client: TestClient) -> None:
    info = client.get("/api/info").json()
    assert (info["models"], info["mix"]) == (["tiny"], [1])


def test_several_models(start_client: Callable[..., TestClient]) -> None:
    client = start_client(MixedColorizer([Flat(0, 40), Flat(0, -40)], [1, 1]))
    key = upload(client, photo_bytes(gray=True))

    def mean_b(mix: list[float] | None) -> float:
        view = client.post(f"/api/photos/{key}/colorized", json={"mix": mix})
        return float(rgb2lab(decode(view.content))[..., 2].mean())

    assert abs(mean_b(None)) < 1
    assert mean_b([1, 0]) > 15
    assert mean_b([0, 3]) < -15
    assert abs(mean_b([2, 2])) < 1
    full = client.post(f"/api/photos/{key}/download", json={"mix": [0, 1]})
    assert rgb2lab(decode(full.content))[..., 2].mean() == pytest.approx(mean_b([0, 1]), abs=0.5)
    variants = client.post(f"/api/photos/{key}/variants", json={}).json()["variants"]
    assert [variant["settings"]["mix"] for variant in variants[:3]] == [None, [1, 0], [0, 1]]
    assert variants[1]["label"] == "Only model 1"
    response = client.post(f"/api/photos/{key}/colorized", json={"mix": [1]})
    assert response.json()["error"].startswith("mix must have one weight per model (2)")
