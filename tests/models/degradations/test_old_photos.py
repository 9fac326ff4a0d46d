"""Tests of degradations: the contract of all, and each effect on its own."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from colorgan.images import SAMPLE_PHOTOS
from colorgan.models import Degradation, Lab, OldPhotos
from colorgan.models.config import from_config, to_config
from colorgan.models.degradations import effects
from colorgan.models.degradations.base import Draws

EFFECTS = ("blur", "contrast", "fading", "grain", "halftone", "stains", "scratches", "jpeg")
DEGRADATIONS = [OldPhotos(), *(OldPhotos(**{name: float(name == only) for name in EFFECTS}) for only in EFFECTS)]

every_degradation = pytest.mark.parametrize("degradation", DEGRADATIONS, ids=lambda one: str(one.init_args))


def photo(size: int = 96) -> Tensor:
    """The gray of a photo, (1, 1, size, size) in [-1, 1]."""
    with Image.open(sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))[0]) as image:
        rgb = np.array(image.convert("RGB").resize((size, size)))
    return Lab().split(torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255)[0]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@every_degradation
@pytest.mark.parametrize("size", [(1, 1), (3, 20), (33, 47), (64, 64)], ids=str)
def test_shape_range_and_dtype(degradation: Degradation, size: tuple[int, int]) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        for gray in (torch.rand(8, 1, *size) * 2 - 1, torch.full((8, 1, *size), -1.0), torch.ones(8, 1, *size)):
            degraded = degradation(gray.to(dtype))
            assert degraded.shape == gray.shape
            assert degraded.dtype == dtype
            assert degraded.abs().max() <= 1


@every_degradation
def test_the_seed_decides_and_the_rest_does_not(degradation: Degradation) -> None:
    """Equal seeds give equal photos, under autocast as well, and from the global generator as from one's own."""
    gray = photo().expand(6, -1, -1, -1)
    first = degradation(gray, seeded())
    assert torch.equal(degradation(gray, seeded()), first)
    assert not torch.equal(degradation(gray, seeded(1)), first)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(degradation(gray, seeded()), first)
    torch.manual_seed(0)
    assert torch.equal(degradation(gray), first)


@every_degradation
def test_photos_of_a_batch_differ_and_do_not_mix(degradation: Degradation) -> None:
    gray = photo().expand(12, -1, -1, -1)
    degraded = degradation(gray, seeded())
    assert len({each.numpy().tobytes() for each in degraded}) > 6
    changed = gray.clone()
    changed[3] = -1
    torch.testing.assert_close(degradation(changed, seeded())[:3], degraded[:3], atol=1e-5, rtol=0)


@every_degradation
def test_leaves_its_input_and_has_no_gradient(degradation: Degradation) -> None:
    gray = photo().expand(4, -1, -1, -1).clone().requires_grad_()
    before = gray.detach().clone()
    assert not degradation(gray).requires_grad
    assert torch.equal(gray, before)


@every_degradation
def test_can_be_rebuilt_from_its_config(degradation: Degradation) -> None:
    again = from_config(to_config(degradation), Degradation)
    gray = photo()
    assert torch.equal(again(gray, seeded()), degradation(gray, seeded()))


def test_probabilities_are_kept() -> None:
    gray = photo(32).expand(4000, -1, -1, -1)
    for p_clean, grain in ((0.3, 1.0), (0.0, 0.25)):
        probabilities = dict.fromkeys(EFFECTS, 0.0) | {"grain": grain}
        changed = (OldPhotos(p_clean=p_clean, **probabilities)(gray, seeded()) != gray).flatten(1).any(1)
        assert changed.float().mean().item() == pytest.approx((1 - p_clean) * grain, abs=0.03)
    assert torch.equal(OldPhotos(p_clean=1.0)(gray), gray)


@pytest.mark.parametrize("quality", [12, 30, 50, 75, 95])
@pytest.mark.parametrize("size", [(64, 64), (45, 67)], ids=str)
def test_jpeg_is_that_of_libjpeg(quality: int, size: tuple[int, int]) -> None:
    pixels = np.array(Image.fromarray(((photo(96)[0, 0].numpy() + 1) * 127.5).astype(np.uint8)).resize(size[::-1]))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    expected = np.array(Image.open(file)).astype(float)
    ours = effects.jpeg(torch.from_numpy(pixels)[None, None] / 255, torch.full((1, 1, 1, 1), float(quality)))
    difference = np.abs(ours[0, 0].numpy() * 255 - expected)
    assert difference.mean() < 0.6  # libjpeg rounds to integers
    assert np.abs(expected - pixels).mean() > 2 * difference.mean() or quality == 95


def draws(count: int = 64) -> Draws:
    return Draws(count, torch.device("cpu"), seeded())


def test_fading_lifts_black_and_lowers_white() -> None:
    black, white = torch.zeros(64, 1, 32, 32), torch.ones(64, 1, 32, 32)
    assert 0.1 < effects.fade(black, draws()).mean() < 0.25
    assert 0.75 < effects.fade(white, draws()).mean() < 0.9


def test_blur_removes_detail_and_keeps_the_mean() -> None:
    gray = ((photo() + 1) / 2).expand(64, -1, -1, -1)
    blurred = effects.blur(gray, draws())
    assert (blurred.mean(dim=(1, 2, 3)) - gray.mean()).abs().max() < 0.01
    assert (blurred.diff(dim=3).abs().mean() / gray.diff(dim=3).abs().mean()) < 0.9


def test_grain_has_a_mean_of_zero_and_grows_in_middle_tones() -> None:
    deviation = []
    for level in (0.0, 0.5, 1.0):
        gray = torch.full((64, 1, 32, 32), level)
        grain = effects.add_grain(gray, draws()) - gray
        assert abs(grain.mean().item()) < 2e-3
        deviation.append(grain.std().item())
    assert deviation[1] > 2 * deviation[0] == pytest.approx(2 * deviation[2], rel=0.1)


def test_halftone_keeps_the_tone_on_average() -> None:
    for level in (0.3, 0.5, 0.7):
        gray = torch.full((64, 1, 64, 64), level)
        printed = effects.add_halftone(gray, draws())
        assert printed.mean().item() == pytest.approx(level, abs=0.08)
        assert printed.std() > 0.1


def test_scratches_are_thin_and_stains_are_not() -> None:
    gray = torch.full((200, 1, 96, 96), 0.5)
    for effect, low, high in ((effects.add_scratches, 0.002, 0.06), (effects.add_stains, 0.06, 0.6)):
        touched = ((effect(gray, draws(200)) - gray).abs() > 0.02).float().mean().item()
        assert low < touched < high


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"grain": 1.5}, "grain must be a probability .* 1.5"), ({"p_clean": math.nan}, "p_clean .* nan")],
)
def test_rejects_what_is_no_probability(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OldPhotos(**arguments)
