import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.images.arrays import to_srgb_arrays


def painted(codes: list[np.ndarray]) -> list[np.ndarray]:
    """What painting would return: RGB of the same dtype and size."""
    return [code if code.ndim == 3 else np.stack([code] * 3, axis=-1) for code in codes]


@pytest.mark.parametrize(
    ("picture", "count", "dtype"),
    [
        (np.zeros((4, 5), np.uint8), 1, np.uint8),
        (np.zeros((4, 5), np.uint16), 1, np.uint16),
        (np.zeros((4, 5, 3), np.float64), 1, np.uint16),
        (np.zeros((2, 4, 5, 3), np.float32), 2, np.uint16),
    ],
)
def test_arrays_come_back_as_they_went_in(picture: np.ndarray, count: int, dtype: type) -> None:
    codes, restore = to_srgb_arrays(picture)
    back = restore(painted(codes))
    assert len(codes) == count
    assert {code.dtype for code in codes} == {np.dtype(dtype)}
    assert back.dtype == picture.dtype
    assert back.shape == (picture.shape if picture.ndim > 2 else (*picture.shape, 3))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 5), (2, 3, 4, 5), (2, 1, 4, 5)])
def test_tensors_come_back_as_they_went_in(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    codes, restore = to_srgb_arrays(torch.zeros(shape, dtype=dtype))
    back = restore(painted(codes))
    assert back.dtype == dtype
    assert tuple(back.shape) == (*shape[:-3], 3, 4, 5)
    assert len(codes) == (shape[0] if len(shape) == 4 else 1)


def test_values_survive() -> None:
    floats = np.random.default_rng(0).random((6, 7, 3))
    codes, restore = to_srgb_arrays(floats)
    np.testing.assert_allclose(restore(codes), floats, atol=1e-5)
    tensor = torch.rand(2, 3, 6, 7)
    codes, restore = to_srgb_arrays(tensor)
    torch.testing.assert_close(restore(codes), tensor, atol=1e-5, rtol=0)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "CMYK", "I;16", "LA"])
def test_images_of_every_mode_become_rgb(mode: str) -> None:
    codes, restore = to_srgb_arrays(Image.new(mode, (5, 4)))
    back = restore(painted(codes))
    assert (back.mode, back.size) == ("RGB", (5, 4))
    assert codes[0].dtype == (np.uint16 if mode == "I;16" else np.uint8)


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        ("old.jpg", "received str"),
        (np.zeros((4, 5, 4), np.uint8), r"received \(4, 5, 4\)"),
        (np.zeros((0, 5, 3), np.uint8), r"received \(0, 5, 3\)"),
        (np.zeros((4, 5, 3), np.int64), "received int64"),
        (np.full((4, 5, 3), 255.0), "divide bytes by 255"),
        (np.full((4, 5, 3), np.nan), "received nan"),
        (torch.zeros(4, 5), r"received \(4, 5\)"),
        (torch.zeros(2, 4, 5, 3), r"received \(2, 4, 5, 3\)"),
    ],
    ids=range(8),
)
def test_what_is_no_photo_is_refused(picture: object, sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        to_srgb_arrays(picture)  # type: ignore[arg-type]
