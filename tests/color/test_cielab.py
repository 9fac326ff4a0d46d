import numpy as np
import pytest
from skimage.color import rgb2lab

from colorgan.color import cielab


def random_photo(dtype: type = np.uint8) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, top, (40, 50, 3), endpoint=True).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_equals_scikit_image(dtype: type) -> None:
    photo = random_photo(dtype)
    expected = rgb2lab(photo / np.iinfo(dtype).max)
    np.testing.assert_allclose(cielab.lightness(photo), expected[..., 0], atol=5e-3)
    np.testing.assert_allclose(cielab.rgb_to_ab(photo).transpose(1, 2, 0), expected[..., 1:], atol=2e-2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_gray_comes_back_as_it_was(dtype: type) -> None:
    gray = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)[None]
    none = np.zeros(gray.shape, np.float32)
    for channel in cielab.lab_to_linear(cielab.fy(gray), none, none):
        np.testing.assert_array_equal(cielab.linear_to_srgb(channel, dtype), gray)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_code_survives_decoding(dtype: type) -> None:
    codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    np.testing.assert_array_equal(cielab.linear_to_srgb(cielab.srgb_to_linear(codes), dtype), codes)


def test_colors_that_a_screen_shows_are_not_touched() -> None:
    photo = random_photo()
    painted = np.stack(
        [cielab.linear_to_srgb(c) for c in cielab.lab_to_linear(cielab.fy(photo), *cielab.rgb_to_ab(photo))], axis=-1
    )
    assert np.abs(painted.astype(int) - photo).max() <= 1
    assert (painted == photo).mean() > 0.98


def test_no_color_changes_the_lightness() -> None:
    """Also those far outside of sRGB; skimage is the judge. Rounding to 8 bits is all that remains."""
    photo = random_photo()
    a, b = np.random.default_rng(1).uniform(-128, 127, (2, *photo.shape[:2])).astype(np.float32)
    painted = np.stack(
        [cielab.linear_to_srgb(channel) for channel in cielab.lab_to_linear(cielab.fy(photo), a, b)], axis=-1
    )
    change = rgb2lab(painted)[..., 0] - rgb2lab(photo)[..., 0]
    assert np.abs(change).mean() < 0.1
    assert np.abs(change).max() < 0.5


def test_a_color_outside_of_the_gamut_keeps_its_hue_and_as_much_chroma_as_fits() -> None:
    light = np.full(1, (60 + 16) / 116, np.float32)
    painted = cielab.lab_to_linear(light, np.full(1, 120, np.float32), np.full(1, -60, np.float32))
    codes = np.stack([cielab.linear_to_srgb(channel, np.uint16) for channel in painted], axis=-1)
    lightness, a, b = rgb2lab(codes[None] / 65535)[0, 0]
    assert lightness == pytest.approx(60, abs=0.05)
    assert b / a == pytest.approx(-0.5, abs=0.01)
    assert codes.max() > 0.995 * 65535 or codes.min() < 0.005 * 65535  # at the gamut's edge


def test_a_gray_photo_is_the_same_in_one_channel_and_in_three() -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(cielab.lightness(gray), cielab.lightness(np.stack([gray] * 3, axis=-1)))
