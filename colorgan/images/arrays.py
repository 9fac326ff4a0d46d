"""Conversion of photos of any kind, files included, to integer sRGB arrays, and back to the type of the input.

This module does not import torch unless the caller passes a tensor.
"""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.color.cielab import SRGBArray, to_8bit
from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import refuse_url
from colorgan.images.photo import Photo, UnreadableImage
from colorgan.images.reading import photo_from_image, read_photo

if TYPE_CHECKING:
    from torch import Tensor

ImageSource: TypeAlias = "Image.Image | str | os.PathLike[str] | bytes"
"""A PIL image, the path of an image file, or the contents of one."""

ImageLike: TypeAlias = "ImageSource | npt.NDArray[Any] | Tensor"
"""An :data:`ImageSource`; an array (H, W), (H, W, 3) or (B, H, W, 3); or a tensor (C, H, W) or (B, C, H, W) with C of 1
or 3.

Arrays and tensors are uint8, uint16, or float in [0, 1].
"""

Restore: TypeAlias = Callable[[Sequence[SRGBArray]], Any]
"""Converts colorized photos (H, W, 3) to the type of the original input."""


def to_srgb_arrays(image: ImageLike, name: str = "the image") -> tuple[list[SRGBArray], Restore]:
    """Converts a photo or a batch of photos to integer sRGB arrays.

    Args:
        image: see :data:`ImageLike`. Files and PIL images are turned upright and converted to sRGB, as by
            :func:`colorgan.images.read_photo`.
        name: name used in error messages if ``image`` is bytes or a PIL image.

    Returns:
        A list of photos (H, W) or (H, W, 3), uint8, or uint16 for 16-bit and float inputs; and a function that converts
        colorized photos (H, W, 3) of these dtypes to the type, dtype and layout of ``image``; paths and bytes become
        PIL images. PIL has no 16-bit RGB mode, so 16-bit grayscale images come back with 8 bits.

    Raises:
        ColorganError: if the file cannot be read, the shape or dtype is not supported, or values are out of range.

    Example:
        >>> (gray,), restore = to_srgb_arrays(np.zeros((2, 3)))
        >>> gray.dtype, restore([np.zeros((2, 3, 3), np.uint16)]).shape
        (dtype('uint16'), (2, 3, 3))
    """
    if isinstance(image, Image.Image):
        return [_pixels_of(_from_pil(image, name))], _to_pil
    if isinstance(image, str | os.PathLike | bytes):
        return [_pixels_of(_from_file(image, name))], _to_pil
    if isinstance(image, np.ndarray):
        return _from_array(image)
    if type(image).__module__.partition(".")[0] == "torch":
        return _from_tensor(image)
    raise ColorganError(
        "a photo must be a path, the bytes of a file, a PIL image, a NumPy array or a torch tensor; received "
        f"{type(image).__name__}"
    )


def _from_pil(image: Image.Image, name: str) -> Photo:
    try:
        own = image.copy()  # reading turns an image upright in place
    except (OSError, SyntaxError) as error:  # it is decoded here, if it was only opened
        raise UnreadableImage(name, f"the file is damaged ({error})") from error
    return photo_from_image(own, name)


def _from_file(source: str | os.PathLike[str] | bytes, name: str) -> Photo:
    if not isinstance(source, bytes):
        try:
            refuse_url(os.fspath(source))
        except CheckpointError as error:  # which a photo is not
            raise ColorganError(str(error)) from None
    return read_photo(source, name=name)


def _pixels_of(photo: Photo) -> SRGBArray:
    return photo.rgb if photo.gray16 is None else photo.gray16


def _to_pil(colorized: Sequence[SRGBArray]) -> Image.Image:
    return Image.fromarray(to_8bit(colorized[0]))


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
