import numpy as np
import pytest
import torch
from kornia.color import rgb_to_lab
from skimage.color import rgb2lab

from colorgan.color.tensors import matched_pair, to_lab, to_uint8, unit_range
from colorgan.errors import ColorganError

PHOTOS = torch.randint(0, 256, (2, 3, 5, 7), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_lab_is_that_of_scikit_image() -> None:
    expected = np.stack([rgb2lab(photo.permute(1, 2, 0).numpy()) for photo in PHOTOS]).transpose(0, 3, 1, 2)
    assert np.abs(to_lab(PHOTOS).numpy() - expected).max() < 0.02  # their white points differ in the fourth digit
    torch.testing.assert_close(to_lab(PHOTOS.double() / 255), to_lab(PHOTOS))


def test_lab_of_8_bit_codes_is_that_of_kornia() -> None:
    codes = torch.arange(256, dtype=torch.uint8)
    grid = torch.cartesian_prod(codes[::15], codes[::15], codes).T.reshape(1, 3, -1, 256)
    torch.testing.assert_close(to_lab(grid), rgb_to_lab(grid.double() / 255), rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_unit_range_is_float64(dtype: torch.dtype) -> None:
    assert unit_range(PHOTOS).dtype == unit_range(torch.rand(1, 3, 2, 2, dtype=dtype)).dtype == torch.float64
    assert torch.equal(unit_range(PHOTOS), PHOTOS.double() / 255)


def test_to_uint8_rounds_and_clamps() -> None:
    codes = torch.arange(256, dtype=torch.float64)
    for shift in (-0.49, 0.0, 0.49):
        expected = codes.clamp(0, 255).to(torch.uint8)
        assert torch.equal(to_uint8((codes + shift) / 255), expected)
    assert to_uint8(torch.tensor([-3.0, 1.01, 7.0])).tolist() == [0, 255, 255]


@pytest.mark.parametrize(
    ("photos", "received"),
    [
        (torch.zeros(3, 4, 4), r"torch.float32 \(3, 4, 4\)"),
        (torch.zeros(1, 1, 4, 4), r"torch.float32 \(1, 1, 4, 4\)"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.int64), r"torch.int64 \(1, 3, 4, 4\)"),
    ],
)
def test_other_tensors_are_refused(photos: torch.Tensor, received: str) -> None:
    with pytest.raises(ColorganError, match=rf"photos must be \(B, 3, H, W\), uint8 or float .*; received {received}"):
        unit_range(photos)


def test_pairs_need_equal_shapes() -> None:
    first, second = matched_pair(PHOTOS, PHOTOS.float() / 255)
    torch.testing.assert_close(first, second)
    with pytest.raises(ColorganError, match=r"\(2, 3, 5, 7\) and \(2, 3, 5, 6\) cannot be compared pixel by pixel"):
        matched_pair(PHOTOS, PHOTOS[..., :6])
