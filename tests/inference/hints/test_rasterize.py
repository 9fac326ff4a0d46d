import math

import numpy as np
import pytest
import skimage.color
import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.inference.hints import ColorHint
from colorgan.inference.hints import rasterize_hints as rasterize_lab
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.hints import NoHints, PointHints

COLOR_SPACES = [RGB(), HSV(), HSV("angle", gray="value"), YCbCr(), Lab()]
every_color_space = pytest.mark.parametrize(
    "color_space", COLOR_SPACES, ids=lambda color_space: f"{type(color_space).__name__}{color_space.init_args}"
)


def gray_photo(level: float = 0.5, height: int = 32, width: int = 48) -> Tensor:
    return torch.full((1, 3, height, width), level)


def rasterize_hints(
    hints: list[ColorHint], photo_size: tuple[int, int], working: Tensor, color_space: ColorSpace
) -> Tensor:
    """Hints in the network's representation, (1, C + 1, H, W)."""
    small = (working[0] * 65535).round().permute(1, 2, 0).numpy().astype(np.uint16)
    return PointHints().from_lab(torch.from_numpy(rasterize_lab(hints, photo_size, small))[None], color_space)


def lab(rgb: Tensor) -> list[float]:
    return skimage.color.rgb2lab(np.array(rgb.tolist(), dtype=float)).tolist()


def test_disk_covers_the_pixels_within_its_radius() -> None:
    rasterized = rasterize_hints([ColorHint(20, 10, "red", 4)], (48, 32), gray_photo(), Lab())
    y, x = torch.meshgrid(torch.arange(32) + 0.5, torch.arange(48) + 0.5, indexing="ij")
    expected = (y - 10) ** 2 + (x - 20) ** 2 <= 16
    assert rasterized.shape == (1, 3, 32, 48)
    assert torch.equal(rasterized[0, 2].bool(), expected)
    assert rasterized[0, :2, ~expected].count_nonzero() == 0


def test_positions_scale_with_the_working_size() -> None:
    hint = ColorHint(600, 100, "red", 40)
    for shape in ((32, 64), (37, 61)):
        rasterized = rasterize_hints([hint], (800, 400), gray_photo(0.5, *shape), Lab())
        rows, columns = rasterized[0, -1].nonzero().double().T
        assert ((rows.mean() + 0.5) / shape[0]).item() == pytest.approx(0.25, abs=0.01)
        assert ((columns.mean() + 0.5) / shape[1]).item() == pytest.approx(0.75, abs=0.01)
        area = rasterized[0, -1].mean().item() * 800 * 400
        assert area == pytest.approx(math.pi * 40**2, rel=0.2)


@pytest.mark.parametrize("position", [(0, 0), (799.9, 399.9), (0, 399.9), (799.9, 0), (123.4, 56.7)])
def test_hint_smaller_than_a_pixel_covers_that_pixel(position: tuple[float, float]) -> None:
    rasterized = rasterize_hints([ColorHint(*position, "red", 0.1)], (800, 400), gray_photo(0.5, 32, 64), Lab())
    assert rasterized[0, -1].nonzero().tolist() == [[int(position[1] * 32 / 400), int(position[0] * 64 / 800)]]


def test_later_hints_cover_earlier_ones() -> None:
    big, small = ColorHint(24, 16, "red", 10), ColorHint(24, 16, "blue", 3)
    rasterized = rasterize_hints([big, small], (48, 32), gray_photo(), Lab())
    only_big, only_small = (rasterize_hints([hint], (48, 32), gray_photo(), Lab()) for hint in (big, small))
    inside = only_small[0, -1].bool()
    assert torch.equal(rasterized[0][:, inside], only_small[0][:, inside])
    assert torch.equal(rasterized[0][:, ~inside], only_big[0][:, ~inside])


@every_color_space
def test_hint_has_its_own_chroma_and_the_lightness_of_the_photo(color_space: ColorSpace) -> None:
    photo = gray_photo(0.4)
    rasterized = rasterize_hints([ColorHint(24, 16, "#8a5040", 3)], (48, 32), photo, color_space)
    inside = rasterized[0, -1].bool()
    lightness, a, b = lab(color_space.merge(color_space.split(photo)[0], rasterized[:, :-1])[0, :, inside][:, 0])
    _, expected_a, expected_b = lab(torch.tensor([0x8A, 0x50, 0x40]) / 255)
    assert math.atan2(b, a) == pytest.approx(math.atan2(expected_b, expected_a), abs=0.05)
    if not isinstance(color_space, HSV) or color_space.gray == "luma":  # with V as gray, saturated colors become darker
        exact = isinstance(color_space, RGB | Lab)  # the others use luma, which differs from L*
        assert lightness == pytest.approx(lab(torch.tensor([0.4, 0.4, 0.4]))[0], abs=0.5 if exact else 3)
        assert (a, b) == pytest.approx((expected_a, expected_b), abs=0.5 if exact else 3)


@every_color_space
def test_hint_of_the_photos_color_matches_training_hints(color_space: ColorSpace) -> None:
    """A hint with the color of a single-color photo equals what PointHints samples from that photo."""
    level = 0x30 / 255, 0x70 / 255, 0x50 / 255
    photo = torch.tensor(level).view(1, 3, 1, 1).expand(-1, -1, 32, 48)
    rasterized = rasterize_hints([ColorHint(24, 16, "#307050", 3)], (48, 32), photo, color_space)
    target = color_space.split(photo)[1]
    inside = rasterized[0, -1].bool()
    torch.testing.assert_close(rasterized[0, :-1, inside], target[0][:, inside], atol=2e-3, rtol=0)


@pytest.mark.parametrize("level", [0.0, 0.05, 0.95, 1.0])
def test_color_outside_the_gamut_keeps_its_hue(level: float) -> None:
    rasterized = rasterize_hints([ColorHint(24, 16, "blue", 3)], (48, 32), gray_photo(level), Lab())
    a, b = (rasterized[0, :2, 16, 24] * 110).tolist()
    _, blue_a, blue_b = lab(torch.tensor([0.0, 0.0, 1.0]))
    assert math.hypot(a, b) < math.hypot(blue_a, blue_b)
    if math.hypot(a, b) > 2:
        assert math.atan2(b, a) == pytest.approx(math.atan2(blue_b, blue_a), abs=0.1)
    if level in (0.0, 1.0):
        assert math.hypot(a, b) < 1
    merged = Lab().merge(Lab().split(gray_photo(level))[0], rasterized[:, :2])
    clipping = (merged - Lab().merge(Lab().split(gray_photo(level))[0], rasterized[:, :2], clip=False)).abs().max()
    assert clipping < 2e-3


def test_gray_hint_is_neutral() -> None:
    rasterized = rasterize_hints([ColorHint(24, 16, "#808080", 3)], (48, 32), gray_photo(0.3), Lab())
    assert rasterized[0, -1].any()
    assert rasterized[0, :2].abs().max() < 1e-3


def test_without_hints_all_planes_are_zero() -> None:
    assert rasterize_hints([], (48, 32), gray_photo(), RGB()).shape == (1, 4, 32, 48)
    assert rasterize_hints([], (48, 32), gray_photo(), RGB()).count_nonzero() == 0
    assert NoHints().from_lab(torch.zeros(1, 4, 32, 48), RGB()).shape == (1, 0, 32, 48)


def test_hint_outside_the_photo_is_refused() -> None:
    with pytest.raises(ColorganError, match=r"hint 2 is at \(48, 3\), outside the photo of 48 x 32 pixels"):
        rasterize_hints([ColorHint(47.9, 3, "red", 2), ColorHint(48, 3, "red", 2)], (48, 32), gray_photo(), Lab())
