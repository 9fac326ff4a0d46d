"""Images, arrays and tensors are converted to integer sRGB and back without loss."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from colorgan.errors import ColorganError
from colorgan.images import UnreadableImage
from colorgan.images.arrays import to_srgb_arrays
from tests.helpers import picture


def colorized(photos: list[np.ndarray]) -> list[np.ndarray]:
    """Stands in for colorized photos: RGB of the same dtype and size."""
    return [photo if photo.ndim == 3 else np.stack([photo] * 3, axis=-1) for photo in photos]


@pytest.mark.parametrize(
    ("image", "count", "dtype"),
    [
        (np.zeros((4, 5), np.uint8), 1, np.uint8),
        (np.zeros((4, 5), np.uint16), 1, np.uint16),
        (np.zeros((4, 5, 3), np.float64), 1, np.uint16),
        (np.zeros((2, 4, 5, 3), np.float32), 2, np.uint16),
    ],
)
def test_arrays_keep_their_dtype_and_layout(image: np.ndarray, count: int, dtype: type) -> None:
    photos, restore = to_srgb_arrays(image)
    restored = restore(colorized(photos))
    assert len(photos) == count
    assert {photo.dtype for photo in photos} == {np.dtype(dtype)}
    assert restored.dtype == image.dtype
    assert restored.shape == (image.shape if image.ndim > 2 else (*image.shape, 3))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 5), (2, 3, 4, 5), (2, 1, 4, 5)])
def test_tensors_keep_their_dtype_and_layout(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    photos, restore = to_srgb_arrays(torch.zeros(shape, dtype=dtype))
    restored = restore(colorized(photos))
    assert restored.dtype == dtype
    assert tuple(restored.shape) == (*shape[:-3], 3, 4, 5)
    assert len(photos) == (shape[0] if len(shape) == 4 else 1)


def test_values_round_trip() -> None:
    floats = np.random.default_rng(0).random((6, 7, 3))
    photos, restore = to_srgb_arrays(floats)
    np.testing.assert_allclose(restore(photos), floats, atol=1e-5)
    tensor = torch.rand(2, 3, 6, 7)
    photos, restore = to_srgb_arrays(tensor)
    torch.testing.assert_close(restore(photos), tensor, atol=1e-5, rtol=0)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "CMYK", "I;16", "LA"])
def test_pil_images_of_every_mode_become_rgb(mode: str) -> None:
    photos, restore = to_srgb_arrays(Image.new(mode, (5, 4)))
    restored = restore(colorized(photos))
    assert (restored.mode, restored.size) == ("RGB", (5, 4))
    assert photos[0].dtype == (np.uint16 if mode == "I;16" else np.uint8)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("old.jpg", r"cannot read old\.jpg: no such file or directory"),
        (b"text", "cannot read photo 2: not an image in a supported format"),
        ("https://example.org/old.jpg", r"https://example\.org/old\.jpg is a URL; download the file"),
        (3, "received int"),
        (np.zeros((4, 5, 4), np.uint8), r"received \(4, 5, 4\)"),
        (np.zeros((0, 5, 3), np.uint8), r"received \(0, 5, 3\)"),
        (np.zeros((4, 5, 3), np.int64), "received int64"),
        (np.full((4, 5, 3), 255.0), "divide 8-bit values by 255"),
        (np.full((4, 5, 3), np.nan), "received nan"),
        (torch.zeros(4, 5), r"received \(4, 5\)"),
        (torch.zeros(2, 4, 5, 3), r"received \(2, 4, 5, 3\)"),
    ],
    ids=range(11),
)
def test_invalid_inputs_are_rejected(image: object, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        to_srgb_arrays(image, "photo 2")  # type: ignore[arg-type]


def encoded(image: Image.Image, suffix: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, suffix, **options)
    return file.getvalue()


def test_paths_bytes_and_pil_images_give_the_same_pixels(tmp_path: Path) -> None:
    """Whatever opened it: a photo is upright, transparent parts are white, and 16 bits stay 16."""
    sideways = Image.Exif()
    sideways[ExifTags.Base.Orientation] = 6
    half = Image.new("RGBA", (5, 4), (200, 30, 60, 0))
    deep = Image.fromarray(np.arange(0, 60_000, 3000, dtype=np.uint16).reshape(4, 5))
    for data, shape in (
        (encoded(picture(3, 4, 5), "JPEG", exif=sideways), (5, 4, 3)),
        (encoded(half, "PNG"), (4, 5, 3)),
        (encoded(deep, "PNG"), (4, 5)),
    ):
        path = tmp_path / "photo"
        path.write_bytes(data)
        opened = Image.open(path)
        exif, size = dict(opened.getexif()), opened.size
        (expected,), restore = to_srgb_arrays(path)
        assert expected.shape == shape
        for other in (str(path), data, opened):
            np.testing.assert_array_equal(to_srgb_arrays(other)[0][0], expected)
        assert (dict(opened.getexif()), opened.size) == (exif, size)  # the caller's image stays as it is
        restored = restore(colorized([expected]))
        assert (restored.mode, restored.size) == ("RGB", shape[1::-1])
    assert expected.dtype == np.uint16


def test_truncated_pil_image_is_named() -> None:
    opened = Image.open(io.BytesIO(encoded(picture(3, 40, 50), "PNG")[:-60]))
    with pytest.raises(UnreadableImage, match="cannot read photo 1: the file is damaged"):
        to_srgb_arrays(opened, "photo 1")
