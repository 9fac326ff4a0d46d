import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from colorgan.color.cielab import SRGBArray
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import ColorHint
from colorgan.web.server.suggestions import suggest_colors


def gray_stripes(*levels: int) -> np.ndarray:
    """A photo of 64 x 96 pixels with vertical gray stripes, from left to right."""
    row = np.repeat(np.array(levels, np.uint8), 96 // len(levels))
    return np.repeat(np.tile(row, (64, 1))[..., None], 3, axis=2)


def predict(photo: SRGBArray, a: np.ndarray | float, b: np.ndarray | float) -> ChromaPrediction:
    planes = [np.broadcast_to(np.asarray(plane, np.float32), photo.shape[:2]) for plane in (a, b)]
    return ChromaPrediction(photo, np.stack(planes))


def lab(color: str) -> np.ndarray:
    return rgb2lab(np.array([[ColorHint(0, 0, color, 1).rgb]], np.uint8))[0, 0]


def test_first_suggestion_is_the_prediction_at_the_lightness_of_the_photo() -> None:
    photo = gray_stripes(60, 180)
    suggestions = suggest_colors(
        lambda crop, hints: predict(crop, 20, 30), photo, predict(photo, 20, 30), ColorHint(20, 20, "gray", 4)
    )
    expected = rgb2lab(np.full((1, 1, 3), 60, np.uint8))[0, 0, 0]
    assert suggestions[0].reason == "the model's prediction"
    assert lab(suggestions[0].color) == pytest.approx([expected, 20, 30], abs=0.7)
    lightness = {round(lab(suggestion.color)[0]) for suggestion in suggestions}
    assert lightness <= {round(expected) - 1, round(expected), round(expected) + 1}
    for first, second in itertools.pairwise(suggestions):
        assert np.linalg.norm(lab(first.color)[1:] - lab(second.color)[1:]) > 4


def test_crop_is_centered_on_the_hint_and_stays_inside_the_photo() -> None:
    photo = np.arange(64 * 96).reshape(64, 96).astype(np.uint16)[..., None].repeat(3, axis=2)
    crops = []

    def predict_crop(crop: SRGBArray, hints: Sequence[ColorHint]) -> ChromaPrediction:
        assert not hints
        crops.append(crop)
        return predict(crop.astype(np.uint8), -30, 20)

    suggestions = suggest_colors(
        predict_crop, photo, predict(photo.astype(np.uint8), 0, 0), ColorHint(90, 40, "gray", 2)
    )
    assert [crop.shape for crop in crops] == [(32, 48, 3)]  # a quarter of 64 pixels is below the minimum
    assert crops[0][0, 0, 0] == 24 * 96 + 48
    assert [suggestion.reason for suggestion in suggestions[:2]] == ["the model's prediction", "from a close-up"]


def test_colors_of_equally_light_areas_are_suggested() -> None:
    photo = gray_stripes(100, 100, 200)
    a = np.zeros((64, 96), np.float32)
    a[:, 32:64], a[:, 64:] = 30, -60  # as light as the photo under the hint, and lighter
    suggestions = suggest_colors(
        lambda crop, hints: predict(crop, 0, 0), photo, predict(photo, a, 0), ColorHint(10, 10, "gray", 2)
    )
    common = [lab(suggestion.color) for suggestion in suggestions if suggestion.reason == "from equally light areas"]
    assert len(common) == 1
    assert common[0][1] == pytest.approx(30, abs=1)


@pytest.mark.parametrize("level", [0, 2, 128, 253, 255])
def test_suggestions_are_inside_the_srgb_gamut(level: int) -> None:
    photo = gray_stripes(level)
    suggestions = suggest_colors(
        lambda crop, hints: predict(crop, 90, -90), photo, predict(photo, -80, 80), ColorHint(5, 5, "gray", 3)
    )
    assert 1 <= len(suggestions) <= 6
    lightness = rgb2lab(np.full((1, 1, 3), level, np.uint8))[0, 0, 0]
    for suggestion in suggestions:
        swatch = lab(suggestion.color)
        assert swatch[0] == pytest.approx(lightness, abs=0.6)
        assert np.abs(lab2rgb(swatch) * 255 - ColorHint(0, 0, suggestion.color, 1).rgb).max() < 0.6
