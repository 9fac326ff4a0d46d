import numpy as np
import pytest
from skimage.color import rgb2lab

from colorgan.color import cielab


def random_photo(dtype: type = np.uint8) -> np.ndarray:
    max_code = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, max_code, (40, 50, 3), endpoint=True).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_matches_scikit_image(dtype: type) -> None:
    photo = random_photo(dtype)
    expected = rgb2lab(photo / np.iinfo(dtype).max)
    np.testing.assert_allclose(cielab.lightness(photo), expected[..., 0], atol=5e-3)
    np.testing.assert_allclose(cielab.rgb_to_ab(photo).transpose(1, 2, 0), expected[..., 1:], atol=2e-2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grays_round_trip_exactly(dtype: type) -> None:
    gray = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)[None]
    zero = np.zeros(gray.shape, np.float32)
    for channel in cielab.lab_to_linear(cielab.fy(gray), zero, zero):
        np.testing.assert_array_equal(cielab.linear_to_srgb(channel, dtype), gray)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_srgb_codes_round_trip_exactly(dtype: type) -> None:
    codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    np.testing.assert_array_equal(cielab.linear_to_srgb(cielab.srgb_to_linear(codes), dtype), codes)


def test_colors_inside_the_gamut_are_unchanged() -> None:
    photo = random_photo()
    colorized = np.stack(
        [cielab.linear_to_srgb(c) for c in cielab.lab_to_linear(cielab.fy(photo), *cielab.rgb_to_ab(photo))], axis=-1
    )
    assert np.abs(colorized.astype(int) - photo).max() <= 1
    assert (colorized == photo).mean() > 0.98


def test_lightness_is_preserved_outside_the_gamut() -> None:
    """Measured by scikit-image; only the error of rounding to 8 bits remains."""
    photo = random_photo()
    a, b = np.random.default_rng(1).uniform(-128, 127, (2, *photo.shape[:2])).astype(np.float32)
    colorized = np.stack(
        [cielab.linear_to_srgb(channel) for channel in cielab.lab_to_linear(cielab.fy(photo), a, b)], axis=-1
    )
    change = rgb2lab(colorized)[..., 0] - rgb2lab(photo)[..., 0]
    assert np.abs(change).mean() < 0.1
    assert np.abs(change).max() < 0.5


def test_colors_outside_the_gamut_keep_their_hue_and_are_moved_to_its_boundary() -> None:
    fy = np.full(1, (60 + 16) / 116, np.float32)
    colorized = cielab.lab_to_linear(fy, np.full(1, 120, np.float32), np.full(1, -60, np.float32))
    codes = np.stack([cielab.linear_to_srgb(channel, np.uint16) for channel in colorized], axis=-1)
    lightness, a, b = rgb2lab(codes[None] / 65535)[0, 0]
    assert lightness == pytest.approx(60, abs=0.05)
    assert b / a == pytest.approx(-0.5, abs=0.01)
    assert codes.max() > 0.995 * 65535 or codes.min() < 0.005 * 65535  # on the boundary of the gamut


def test_gray_photos_with_one_and_three_channels_are_equivalent() -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(cielab.lightness(gray), cielab.lightness(np.stack([gray] * 3, axis=-1)))
