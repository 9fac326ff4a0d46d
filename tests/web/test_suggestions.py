import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from colorgan.color.cielab import SRGBArray
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hint_file import ColorHint
from colorgan.web.server.suggestions import suggest

NOBODY = ColorHint(1, 1, "gray", 1)


def gray(*levels: int) -> np.ndarray:
    """A photo of 64 x 96 pixels with stripes of gray from left to right."""
    row = np.repeat(np.array(levels, np.uint8), 96 // len(levels))
    return np.repeat(np.tile(row, (64, 1))[..., None], 3, axis=2)


def says(photo: SRGBArray, a: np.ndarray | float, b: np.ndarray | float) -> ChromaPrediction:
    planes = [np.broadcast_to(np.asarray(plane, np.float32), photo.shape[:2]) for plane in (a, b)]
    return ChromaPrediction(photo, np.stack(planes))


def lab(color: str) -> np.ndarray:
    return rgb2lab(np.array([[ColorHint(0, 0, color, 1).rgb]], np.uint8))[0, 0]


def test_the_first_is_the_answer_itself_at_the_lightness_of_the_spot() -> None:
    photo = gray(60, 180)
    found = suggest(lambda view, hints: says(view, 20, 30), photo, says(photo, 20, 30), ColorHint(20, 20, "gray", 4))
    expected = rgb2lab(np.full((1, 1, 3), 60, np.uint8))[0, 0, 0]
    assert found[0].reason == "the model's first answer"
    assert lab(found[0].color) == pytest.approx([expected, 20, 30], abs=0.7)
    assert {round(lab(one.color)[0]) for one in found} <= {round(expected) - 1, round(expected), round(expected) + 1}
    for one, other in itertools.pairwise(found):
        assert np.linalg.norm(lab(one.color)[1:] - lab(other.color)[1:]) > 4


def test_a_closer_look_is_centered_on_the_spot_and_stays_on_the_photo() -> None:
    photo = np.arange(64 * 96).reshape(64, 96).astype(np.uint16)[..., None].repeat(3, axis=2)
    views = []

    def look(view: SRGBArray, hints: Sequence[ColorHint]) -> ChromaPrediction:
        assert not hints
        views.append(view)
        return says(view.astype(np.uint8), -30, 20)

    found = suggest(look, photo, says(photo.astype(np.uint8), 0, 0), ColorHint(90, 40, "gray", 2))
    assert [view.shape for view in views] == [(32, 48, 3)]  # a quarter of 64 pixels is too little to see anything
    assert views[0][0, 0, 0] == 24 * 96 + 48
    assert [one.reason for one in found[:2]] == ["the model's first answer", "from a closer look"]


def test_colors_of_places_that_are_as_light() -> None:
    photo = gray(100, 100, 200)
    a = np.zeros((64, 96), np.float32)
    a[:, 32:64], a[:, 64:] = 30, -60  # as light as the spot, and lighter
    found = suggest(lambda view, hints: says(view, 0, 0), photo, says(photo, a, 0), ColorHint(10, 10, "gray", 2))
    elsewhere = [lab(one.color) for one in found if one.reason == "as elsewhere in this photo"]
    assert len(elsewhere) == 1
    assert elsewhere[0][1] == pytest.approx(30, abs=1)


@pytest.mark.parametrize("level", [0, 2, 128, 253, 255])
def test_every_swatch_can_be_shown(level: int) -> None:
    photo = gray(level)
    found = suggest(lambda view, hints: says(view, 90, -90), photo, says(photo, -80, 80), ColorHint(5, 5, "gray", 3))
    assert 1 <= len(found) <= 6
    lightness = rgb2lab(np.full((1, 1, 3), level, np.uint8))[0, 0, 0]
    for one in found:
        swatch = lab(one.color)
        assert swatch[0] == pytest.approx(lightness, abs=0.6)
        assert np.abs(lab2rgb(swatch) * 255 - ColorHint(0, 0, one.color, 1).rgb).max() < 0.6
