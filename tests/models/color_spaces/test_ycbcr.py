import pytest
import skimage.color
import torch

from colorgan.models.color_spaces import YCbCr
from tests.models.color_spaces.colors import as_array, as_tensor, cube


def test_split_matches_scikit_image() -> None:
    """scikit-image scales to 16..235 and 16..240; kornia rounds the factors of the chroma to three digits."""
    rgb = cube()
    studio = as_tensor(skimage.color.rgb2ycbcr(as_array(rgb)))
    luma, chroma = YCbCr().split(rgb)
    torch.testing.assert_close(luma, (studio[:, :1] - 16) / 219 * 2 - 1, atol=1e-5, rtol=0)
    torch.testing.assert_close(chroma, (studio[:, 1:] - 128) / 112, atol=1e-3, rtol=0)


def test_merge_clips() -> None:
    corner = YCbCr().merge(torch.ones(1, 1, 1, 1), torch.ones(1, 2, 1, 1))
    assert corner.flatten().tolist() == pytest.approx([1, 1 - (0.299 / 0.713 + 0.114 / 0.564) / 2 / 0.587, 1])
