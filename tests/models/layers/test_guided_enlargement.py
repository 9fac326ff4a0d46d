import numpy as np
import pytest
import torch
import torch.nn.functional as F

from colorgan.color.cielab import rgb_to_ab
from colorgan.inference.full_size import ChromaPrediction, apply_chroma
from colorgan.models import HSV, Lab
from colorgan.models.layers.guided_enlargement import enlarge_along


@pytest.mark.parametrize("stride", [2, 4])
def test_equals_bilinear_enlargement_where_the_lightness_is_even(stride: int) -> None:
    color = torch.rand(2, 2, 5, 7) - 0.5
    gray = torch.full((2, 1, 5 * stride, 7 * stride), 0.3)
    expected = F.interpolate(color, scale_factor=stride, mode="bilinear")
    torch.testing.assert_close(enlarge_along(gray, color, stride, Lab()), expected)


def test_color_stops_at_edges_as_in_the_full_size_path() -> None:
    """The NumPy path works on L* of 8-bit photos; apart from rounding, both are the same."""
    random = np.random.default_rng(0)
    photo = np.repeat(random.integers(60, 200, (16, 20, 1), dtype=np.uint8), 3, axis=2)
    gray = Lab().split(torch.from_numpy(photo).permute(2, 0, 1)[None] / 255)[0]
    color = torch.from_numpy(random.uniform(-0.1, 0.1, (1, 2, 8, 10))).float()
    ours = enlarge_along(gray, color, 2, Lab())[0].numpy() * 110
    small = F.avg_pool2d(gray, 2)
    small_rgb = (Lab().merge(small, torch.zeros(1, 2, 8, 10))[0].permute(1, 2, 0).numpy() * 255).round()
    prediction = ChromaPrediction(small_rgb.astype(np.uint8), color[0].numpy() * 110)
    theirs = rgb_to_ab(apply_chroma(photo, prediction))
    assert np.abs(ours - theirs).mean() < 0.3
    assert np.abs(F.interpolate(color, scale_factor=2.0, mode="bilinear")[0].numpy() * 110 - theirs).mean() > 0.6


def test_hues_are_averaged_around_the_circle() -> None:
    """The mean of two reds on either side of hue 0 is red, not cyan."""
    color = torch.tensor([[-0.98, 0.98], [0.5, 0.5]]).view(1, 2, 1, 2)
    enlarged = enlarge_along(torch.zeros(1, 1, 2, 4), color, 2, HSV("angle"))
    assert (enlarged[:, 0].abs() > 0.97).all()


def test_gradients_reach_every_color() -> None:
    gray = torch.rand(1, 1, 8, 8, dtype=torch.float64)
    color = torch.rand(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda color: enlarge_along(gray, color, 2, Lab()), (color,))


def test_stride_1_changes_nothing() -> None:
    color = torch.rand(1, 2, 4, 4)
    assert enlarge_along(torch.zeros(1, 1, 4, 4), color, 1, Lab()) is color
