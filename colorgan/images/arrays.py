"""Conversion of PIL images, NumPy arrays and torch tensors to integer sRGB arrays, and back to the type of the input.

This module does not import torch unless the caller passes a tensor.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.color.cielab import SRGBArray, to_8bit
from colorgan.errors import ColorganError

if TYPE_CHECKING:
    from torch import Tensor

ImageLike: TypeAlias = "Image.Image | npt.NDArray[Any] | Tensor"
"""A PIL image; an array (H, W), (H, W, 3) or (B, H, W, 3); or a tensor (C, H, W) or (B, C, H, W) with C of 1 or 3.

Arrays and tensors are uint8, uint16, or float in [0, 1].
"""

Restore: TypeAlias = Callable[[Sequence[SRGBArray]], Any]
"""Converts colorized photos (H, W, 3) to the type of the original input."""


def to_srgb_arrays(image: ImageLike) -> tuple[list[SRGBArray], Restore]:
    """Converts an image or a batch of images to integer sRGB arrays.

    Args:
        image: see :data:`ImageLike`. PIL images that are neither RGB nor grayscale are converted to RGB.

    Returns:
        A list of photos (H, W) or (H, W, 3), uint8, or uint16 for 16-bit and float inputs; and a function that converts
        colorized photos (H, W, 3) of these dtypes to the type, dtype and layout of ``image``. PIL has no 16-bit RGB
        mode, so 16-bit grayscale images come back with 8 bits.

    Raises:
        ColorganError: if the shape or dtype is not supported, or values are out of range.

    Example:
        >>> (gray,), restore = to_srgb_arrays(np.zeros((2, 3)))
        >>> gray.dtype, restore([np.zeros((2, 3, 3), np.uint16)]).shape
        (dtype('uint16'), (2, 3, 3))
    """
    if isinstance(image, Image.Image):
        return [_from_pil(image)], lambda colorized: Image.fromarray(_to_dtype(colorized[0], np.dtype(np.uint8)))
    if isinstance(image, np.ndarray):
        return _from_array(image)
    if type(image).__module__.partition(".")[0] == "torch":
        return _from_tensor(image)
    raise ColorganError(f"a photo must be a PIL image, NumPy array or torch tensor; received {type(image).__name__}")


def _from_pil(image: Image.Image) -> SRGBArray:
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    return np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))


def _from_array(array: npt.NDArray[Any]) -> tuple[list[SRGBArray], Restore]:
    if not (array.ndim == 2 or (array.ndim in (3, 4) and array.shape[-1] == 3)) or array.size == 0:
        raise ColorganError(
            f"an array of photos must have the shape (H, W), (H, W, 3) or (B, H, W, 3); received {array.shape}"
        )
    photos, batched = (list(array), True) if array.ndim == 4 else ([array], False)

    def restore(colorized: Sequence[SRGBArray]) -> npt.NDArray[Any]:
        converted = [_to_dtype(photo, array.dtype) for photo in colorized]
        return np.stack(converted) if batched else converted[0]

    return [_to_integers(photo) for photo in photos], restore


def _from_tensor(tensor: Any) -> tuple[list[SRGBArray], Restore]:
    import torch

    if tensor.ndim not in (3, 4) or tensor.shape[-3] not in (1, 3) or tensor.numel() == 0:
        raise ColorganError(
            "a tensor of photos must have the shape (C, H, W) or (B, C, H, W) with C of 1 or 3; "
            f"received {tuple(tensor.shape)}"
        )
    host = tensor.detach().cpu()
    array = (host.float() if host.is_floating_point() else host).numpy()  # NumPy has no bfloat16
    batch = array if array.ndim == 4 else array[None]
    photos = [_to_integers(photo[0] if len(photo) == 1 else photo.transpose(1, 2, 0)) for photo in batch]

    def restore(colorized: Sequence[SRGBArray]) -> Any:
        converted = np.stack([_to_dtype(photo, batch.dtype).transpose(2, 0, 1) for photo in colorized])
        restored = torch.from_numpy(np.ascontiguousarray(converted)).to(tensor.device, tensor.dtype)
        return restored if tensor.ndim == 4 else restored[0]

    return photos, restore


def _to_integers(photo: npt.NDArray[Any]) -> SRGBArray:
    """Converts floats in [0, 1] to uint16; returns uint8 and uint16 unchanged."""
    if photo.dtype in (np.uint8, np.uint16):
        return photo
    if not np.issubdtype(photo.dtype, np.floating):
        raise ColorganError(f"photos must be uint8, uint16 or float in [0, 1]; received {photo.dtype}")
    low, high = float(photo.min()), float(photo.max())
    if not (low >= -0.5 and high <= 1.5):  # tolerates slight overshoot from resampling; NaN fails as well
        raise ColorganError(
            f"float photos must have values in [0, 1]; received {low:g} to {high:g}: divide 8-bit values by 255 first"
        )
    return np.rint(photo.clip(0.0, 1.0) * 65535.0).astype(np.uint16)


def _to_dtype(colorized: SRGBArray, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Converts integer sRGB to uint8, uint16, or float in [0, 1]."""
    if colorized.dtype == dtype:
        return colorized
    if dtype == np.uint8:
        return to_8bit(colorized)
    return (colorized / np.float32(65535)).astype(dtype)
