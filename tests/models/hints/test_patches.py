import pytest
import torch

from colorgan.models.color_spaces import HSV
from colorgan.models.hints.patches import Points, rasterize_points, reveal_all


def points_of(*patches: tuple[int, int, int, bool]) -> Points:
    """Patches (top, left, side, present) of a single photo."""
    top, left, side, present = zip(*patches, strict=True)
    return Points(torch.tensor([top]), torch.tensor([left]), torch.tensor([side]), torch.tensor([present]))


def test_later_patches_cover_earlier_ones() -> None:
    color = torch.arange(12.0).view(1, 1, 3, 4)
    hints = rasterize_points(points_of((0, 0, 2, True), (1, 1, 2, True), (0, 3, 1, False)), 2, color, None)
    first, second = (0 + 1 + 4 + 5) / 4, (5 + 6 + 9 + 10) / 4
    assert hints[0, 0].tolist() == [[first, first, 0, 0], [first, second, second, 0], [0, second, second, 0]]
    assert hints[0, 1].tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0]]


def test_hues_are_averaged_on_the_circle() -> None:
    """Two reds of hues just below and just above 0: their mean per channel would be cyan."""
    reds = torch.tensor([[1.0, 0.0, 0.1], [1.0, 0.1, 0.0]]).T.reshape(1, 3, 1, 2).expand(1, 3, 2, 2)
    color_space = HSV("angle")
    gray, color = color_space.split(reds)
    hints = rasterize_points(points_of((0, 0, 2, True)), 2, color, color_space)
    assert color_space.merge(gray, hints[:, :-1])[0, :, 0, 0].tolist() == pytest.approx([1, 0.0, 0.0], abs=0.06)


def test_no_slots_and_no_patches_give_no_hints() -> None:
    color = torch.rand(1, 2, 4, 4)
    assert not rasterize_points(points_of((0, 0, 2, False)), 2, color, None).any()
    none = torch.zeros(1, 0, dtype=torch.int64)
    hints = rasterize_points(Points(none, none, none, none.bool()), 2, color, None)
    assert hints.shape == (1, 3, 4, 4)
    assert not hints.any()


def test_reveal_all() -> None:
    color = torch.rand(2, 3, 4, 5)
    hints = reveal_all(color)
    assert torch.equal(hints[:, :3], color)
    assert torch.equal(hints[:, 3:], torch.ones(2, 1, 4, 5))
