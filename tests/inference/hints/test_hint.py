import itertools
from collections.abc import Sequence

import numpy as np
import pytest
import skimage.draw
from scipy import ndimage

from colorgan.errors import ColorganError
from colorgan.inference.hints import ColorArea, ColorHint, ColorStroke, check_inside

ZIGZAG = [(10.0, 10.0), (60.0, 12.0), (20.0, 40.0), (70.0, 44.0)]


def distance_to(points: Sequence[tuple[float, float]], shape: tuple[int, int]) -> np.ndarray:
    """Distance of each pixel's center to a polyline, by trying many points of it."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    nearest = np.full(shape, np.inf)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        for along in np.linspace(0, 1, 400):
            nearest = np.minimum(nearest, np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    return nearest


@pytest.mark.parametrize("radius", [1.0, 3.0, 6.5])
def test_stroke_covers_what_is_within_its_radius(radius: float) -> None:
    mask = ColorStroke(ZIGZAG, "red", radius).mask((80, 60), (60, 80))
    distance = distance_to(ZIGZAG, (60, 80))
    assert mask[distance <= radius - 0.8].all()
    assert not mask[distance >= radius + 0.8].any()
    assert mask.sum() == pytest.approx((distance <= radius).sum(), rel=0.1)


def test_stroke_of_a_point_is_a_dot() -> None:
    stroke, dot = ColorStroke([(20.5, 30.5)], "red", 8), ColorHint(20.5, 30.5, "red", 8)
    masks = [hint.mask((80, 60), (60, 80)) for hint in (stroke, dot)]
    assert (masks[0] ^ masks[1]).sum() <= 0.1 * masks[1].sum()


def test_thin_stroke_is_not_lost() -> None:
    mask = ColorStroke([(5, 5), (795, 5)], "red", 0.1).mask((800, 400), (40, 80))
    assert mask.any()
    assert not mask[2:].any()


def test_area_is_the_polygon() -> None:
    corners = [(10.0, 5.0), (70.0, 20.0), (50.0, 55.0), (20.0, 40.0)]
    mask = ColorArea(corners, "red").mask((80, 60), (60, 80))
    columns, rows = zip(*corners, strict=True)
    reference = skimage.draw.polygon2mask((60, 80), np.array([rows, columns]).T - 0.5)
    border = ndimage.binary_dilation(reference) & ~ndimage.binary_erosion(reference)
    assert (mask == reference)[~border].all()
    assert mask.sum() == pytest.approx(reference.sum(), rel=0.03)


@pytest.mark.parametrize(
    "hint", [ColorHint(40, 30, "red", 9), ColorStroke(ZIGZAG, "red", 4), ColorArea(ZIGZAG[:3], "red")]
)
def test_masks_scale_with_the_photo(hint: ColorHint | ColorStroke | ColorArea) -> None:
    """A copy of the photo has the same mask, whether the hint or the mask is resized."""
    once = hint.mask((80, 60), (120, 160))
    assert (once == hint.resized((80, 60), (160, 120)).mask((160, 120), (120, 160))).mean() > 0.995
    assert once.mean() == pytest.approx(hint.mask((80, 60), (60, 80)).mean(), rel=0.06)


def test_default_radius_follows_the_photo() -> None:
    assert np.array_equal(
        ColorHint(400, 200, "red").mask((800, 400), (100, 200)),
        ColorHint(400, 200, "red", 8).mask((800, 400), (100, 200)),
    )


def test_resized_hints_stay_inside() -> None:
    hint = ColorHint(2999.9999, 1999.9999, "red").resized((3000, 2000), (7, 5))
    check_inside([hint], (7, 5))


def test_points_outside_the_photo_are_refused() -> None:
    check_inside([ColorStroke([(0, 0), (48, 32)], "red"), ColorArea([(0, 0), (48, 0), (48, 32)], "red")], (48, 32))
    with pytest.raises(ColorganError, match=r"hint 2 has a point at \(48.5, 3\), outside the photo of 48 x 32 pixels"):
        check_inside([ColorHint(1, 1, "red"), ColorStroke([(0, 0), (48.5, 3)], "red")], (48, 32))
