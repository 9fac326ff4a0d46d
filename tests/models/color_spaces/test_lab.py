import pytest
import skimage.color
import torch

from colorgan.models.color_spaces import Lab
from tests.models.color_spaces.colors import as_array, as_tensor, cube


def test_split_matches_scikit_image() -> None:
    rgb = cube()
    gray, color = Lab().split(rgb)
    actual = torch.cat([(gray + 1) * 50, color * 110], dim=1)
    torch.testing.assert_close(actual, as_tensor(skimage.color.rgb2lab(as_array(rgb))), atol=5e-3, rtol=0)


def test_merge_matches_scikit_image_outside_the_gamut() -> None:
    generator = torch.Generator().manual_seed(0)
    lab = torch.rand(1, 3, 8, 200, generator=generator) * torch.tensor([100, 200, 200]).view(1, 3, 1, 1)
    lab -= torch.tensor([0, 100, 100]).view(1, 3, 1, 1)
    actual = Lab().merge(lab[:, :1] / 50 - 1, lab[:, 1:] / 110)
    with pytest.warns(UserWarning, match="negative Z"):
        expected = as_tensor(skimage.color.lab2rgb(as_array(lab)))
    torch.testing.assert_close(actual, expected, atol=1e-4, rtol=0)


def test_ab_scale_divides_ab() -> None:
    rgb = torch.rand(1, 3, 4, 4)
    torch.testing.assert_close(Lab(127.0).split(rgb)[1] * 127, Lab().split(rgb)[1] * 110)


def test_mean_is_weighted() -> None:
    color = torch.tensor([[0.0, 0.5, 1.0], [-1.0, 1.0, 0.0]]).view(1, 2, 3)
    assert Lab().mean(color, torch.tensor([1.0, 1.0, 0.0]).view(1, 1, 3)).flatten().tolist() == [0.25, 0.0]
