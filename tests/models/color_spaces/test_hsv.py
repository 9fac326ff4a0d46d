import math

import pytest
import skimage.color
import torch

from colorgan.models.color_spaces import HSV, RGB
from tests.models.color_spaces.colors import as_array, as_tensor, cube, pixels


def test_split_matches_scikit_image() -> None:
    rgb = cube()
    expected = as_tensor(skimage.color.rgb2hsv(as_array(rgb)))
    value, color = HSV("angle", gray="value").split(rgb)
    actual = torch.cat([(color + 1) / 2, (value + 1) / 2], dim=1)
    turn = (actual[:, 0] - expected[:, 0]).abs()
    assert torch.minimum(turn, 1 - turn).max() < 1e-5
    torch.testing.assert_close(actual[:, 1:], expected[:, 1:], atol=1e-5, rtol=0)

    vector = HSV("vector").split(rgb)[1]
    hue, saturation = expected[:, 0] * 2 * math.pi, expected[:, 1]
    expected_vector = torch.stack([saturation * hue.cos(), saturation * hue.sin()], dim=1)
    torch.testing.assert_close(vector, expected_vector, atol=1e-5, rtol=0)


@pytest.mark.parametrize("hue", ["vector", "angle"])
def test_merge_matches_scikit_image(hue: str) -> None:
    hsv = torch.rand(1, 3, 8, 100, generator=torch.Generator().manual_seed(0))
    angle, saturation = hsv[:, :1] * 2 * math.pi, hsv[:, 1:2]
    color = {
        "angle": torch.cat([hsv[:, :1] * 2 - 1, saturation * 2 - 1], dim=1),
        "vector": torch.cat([saturation * angle.cos(), saturation * angle.sin()], dim=1),
    }[hue]
    actual = HSV(hue, gray="value").merge(hsv[:, 2:] * 2 - 1, color)
    torch.testing.assert_close(actual, as_tensor(skimage.color.hsv2rgb(as_array(hsv))), atol=1e-5, rtol=0)


def test_hue_is_discontinuous_as_an_angle_but_not_as_a_vector() -> None:
    two_reds = pixels((1.0, 0.01, 0.0), (1.0, 0.0, 0.01))
    angle, vector = (HSV(hue).split(two_reds)[1] for hue in ("angle", "vector"))
    assert (angle[..., 0] - angle[..., 1]).abs().max() > 1.9
    assert (vector[..., 0] - vector[..., 1]).abs().max() < 0.03


@pytest.mark.parametrize("hue", ["vector", "angle"])
def test_merge_preserves_luma_for_any_prediction(hue: str) -> None:
    generator = torch.Generator().manual_seed(0)
    gray = torch.rand(1, 1, 16, 64, generator=generator) * 2 - 1
    color = torch.rand(1, 2, 16, 64, generator=generator) * 2 - 1
    merged = HSV(hue).merge(gray, color)
    torch.testing.assert_close(RGB().split(merged)[0], gray, atol=1e-5, rtol=0)


def test_saturated_blue_is_white_in_value_but_dark_in_luma() -> None:
    blue = pixels((0, 0, 1))
    assert HSV(gray="value").split(blue)[0].item() == 1
    assert HSV().split(blue)[0].item() == pytest.approx(2 * 0.114 - 1)


def test_mean_of_two_reds_is_red() -> None:
    """The arithmetic mean of the hues -1 and 1 would be cyan."""
    color_space = HSV("angle")
    two_reds = pixels((1.0, 0.1, 0.0), (1.0, 0.0, 0.1))
    gray, color = color_space.split(two_reds)
    mean = color_space.mean(color, torch.ones_like(gray))[..., None]
    red, green, blue = color_space.merge(gray[..., :1], mean).flatten().tolist()
    assert red > 0.9
    assert green == pytest.approx(blue, abs=1e-3)
