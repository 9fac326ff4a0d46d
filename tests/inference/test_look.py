from dataclasses import replace

import numpy as np
import pytest
from skimage.color import lab2xyz, rgb2lab, xyz2lab
from skimage.metrics import structural_similarity

from colorgan.color import cielab
from colorgan.errors import ColorganError
from colorgan.inference.full_size import ChromaPrediction, apply_chroma
from colorgan.inference.look import AS_PREDICTED, Look
from colorgan.inference.palette import Palette
from colorgan.inference.small_image import downscale
from tests.helpers import picture

PHOTO = np.asarray(picture(3, 60, 80))
FY = cielab.fy(PHOTO)
AB = cielab.rgb_to_ab(PHOTO)
PALETTE = Palette.of(np.asarray(picture(5, 60, 80)))


def test_default_changes_nothing() -> None:
    np.testing.assert_array_equal(AS_PREDICTED.apply(FY, AB), AB)


@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_strength_scales_whatever_the_others_do(strength: float) -> None:
    look = Look(warmth=0.7, reference=PALETTE)
    expected = look.apply(FY, AB) * np.float32(strength)
    np.testing.assert_allclose(replace(look, strength=strength).apply(FY, AB), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strength_zero_is_exactly_the_gray_photo(dtype: type) -> None:
    gray = np.linspace(0, np.iinfo(dtype).max, 2400).astype(dtype).reshape(40, 60)
    prediction = ChromaPrediction(downscale(gray, (20, 30)), np.full((2, 20, 30), 20, np.float32))
    for look in (Look(0.0), Look(0.0, 1.0), Look(0.0, -1.0, PALETTE)):
        np.testing.assert_array_equal(apply_chroma(gray, prediction, look), np.stack([gray] * 3, axis=-1))


def test_warmth_is_a_change_of_the_light() -> None:
    """Against XYZ of scikit-image, whose X and Z are scaled to daylight of 5,000 K, for lighter colors."""
    light = np.clip(PHOTO, 90, None)
    lab = rgb2lab(light)
    xyz = lab2xyz(lab)
    xyz[..., 0] *= 0.96422 / 0.95047
    xyz[..., 2] *= 0.82521 / 1.08883
    expected = xyz2lab(xyz)
    a, b = Look(warmth=1.0).apply(cielab.fy(light), cielab.rgb_to_ab(light))
    np.testing.assert_allclose(np.stack([a, b], axis=-1), expected[..., 1:], atol=0.1)


def test_cold_undoes_warm_and_black_and_white_stay() -> None:
    warm = Look(warmth=0.6).apply(FY, AB)
    np.testing.assert_allclose(Look(warmth=-0.6).apply(FY, warm), AB, atol=1e-4)
    gray = np.repeat(np.arange(256, dtype=np.uint8)[None], 4, axis=0)
    prediction = ChromaPrediction(downscale(gray, gray.shape), np.zeros((2, *gray.shape), np.float32))
    warm_gray = rgb2lab(apply_chroma(gray, prediction, Look(warmth=1.0)))[0]
    assert np.abs(warm_gray[[0, -1], 1:]).max() < 0.5
    assert (warm_gray[40:220, 2] > 4).all()
    assert np.abs(warm_gray[:, 0] - cielab.lightness(gray)[0]).max() < 0.6


def test_more_than_full_strength_keeps_lightness_and_hue() -> None:
    prediction = ChromaPrediction(PHOTO, AB)
    plain, strong = (rgb2lab(apply_chroma(PHOTO, prediction, Look(strength))) for strength in (1.0, 2.0))
    assert np.abs(strong[..., 0] - plain[..., 0]).max() < 1
    assert structural_similarity(strong[..., 0], plain[..., 0], data_range=100) > 0.999
    chroma = np.hypot(plain[..., 1], plain[..., 2])
    assert np.hypot(strong[..., 1], strong[..., 2]).mean() > 1.2 * chroma.mean()
    colorful = chroma > 10
    turned = np.angle((strong[..., 1] + 1j * strong[..., 2])[colorful] / (plain[..., 1] + 1j * plain[..., 2])[colorful])
    assert np.abs(turned).max() < 0.1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strength": 2.01}, r"^strength must be between 0 \(gray\) and 2 .*, received 2.01$"),
        ({"strength": -0.1}, "received -0.1"),
        ({"strength": float("nan")}, "received nan"),
        ({"warmth": 1.5}, r"^warmth must be between -1 \(cold\) and 1 \(warm\), received 1.5$"),
        ({"warmth": float("nan")}, "received nan"),
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        Look(**values)
