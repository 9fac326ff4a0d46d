"""PIL images, NumPy arrays and torch tensors as sRGB codes, and back: what comes out is of the kind that went in.

Torch is not imported here; a tensor is met only where the caller brought one.
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

Picture: TypeAlias = "Image.Image | npt.NDArray[Any] | Tensor"
"""A PIL image; an array (H, W), (H, W, 3) or (B, H, W, 3); or a tensor (C, H, W) or (B, C, H, W) with C of 1 or 3.

Arrays and tensors are uint8, uint16 or float in [0, 1].
"""

Restore: TypeAlias = Callable[[Sequence[SRGBArray]], Any]


def to_srgb_arrays(picture: Picture) -> tuple[list[SRGBArray], Restore]:
    """Takes a picture, or a batch of them, as integers.

    Args:
        picture: see :data:`Picture`. Of a PIL image, what is neither RGB nor gray is converted to RGB.

    Returns:
        Photos (H, W) or (H, W, 3), uint8 or (from 16-bit and float pictures) uint16; and a function that gives
        painted photos (H, W, 3) of these dtypes the kind, the dtype and the layout of ``picture``. PIL has no RGB of 16
        bits: a 16-bit gray image comes back with 8.

    Raises:
        ColorganError: for another shape or dtype, or values outside of the range.

    Example:
        >>> (gray,), restore = to_srgb_arrays(np.zeros((2, 3)))
        >>> gray.dtype, restore([np.zeros((2, 3, 3), np.uint16)]).shape
        (dtype('uint16'), (2, 3, 3))
    """
    if isinstance(picture, Image.Image):
        return [_of_image(picture)], lambda painted: Image.fromarray(_as(painted[0], np.dtype(np.uint8)))
    if isinstance(picture, np.ndarray):
        return _of_array(picture)
    if type(picture).__module__.partition(".")[0] == "torch":
        return _of_tensor(picture)
    raise ColorganError(f"a photo is a PIL image, a NumPy array or a torch tensor, received {type(picture).__name__}")


def _of_image(image: Image.Image) -> SRGBArray:
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    return np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))


def _of_array(array: npt.NDArray[Any]) -> tuple[list[SRGBArray], Restore]:
    if not (array.ndim == 2 or (array.ndim in (3, 4) and array.shape[-1] == 3)) or array.size == 0:
        raise ColorganError(
            f"an array of photos has the shape (H, W), (H, W, 3) or (B, H, W, 3), received {array.shape}"
        )
    photos, batched = (list(array), True) if array.ndim == 4 else ([array], False)

    def restore(painted: Sequence[SRGBArray]) -> npt.NDArray[Any]:
        converted = [_as(photo, array.dtype) for photo in painted]
        return np.stack(converted) if batched else converted[0]

    return [_codes(photo) for photo in photos], restore


def _of_tensor(tensor: Any) -> tuple[list[SRGBArray], Restore]:
    import torch

    if tensor.ndim not in (3, 4) or tensor.shape[-3] not in (1, 3) or tensor.numel() == 0:
        raise ColorganError(
            "a tensor of photos has the shape (C, H, W) or (B, C, H, W) with C of 1 or 3, "
            f"received {tuple(tensor.shape)}"
        )
    host = tensor.detach().cpu()
    array = (host.float() if host.is_floating_point() else host).numpy()  # NumPy has no bfloat16
    batch = array if array.ndim == 4 else array[None]
    photos = [_codes(photo[0] if len(photo) == 1 else photo.transpose(1, 2, 0)) for photo in batch]

    def restore(painted: Sequence[SRGBArray]) -> Any:
        converted = np.stack([_as(photo, batch.dtype).transpose(2, 0, 1) for photo in painted])
        back = torch.from_numpy(np.ascontiguousarray(converted)).to(tensor.device, tensor.dtype)
        return back if tensor.ndim == 4 else back[0]

    return photos, restore


def _codes(photo: npt.NDArray[Any]) -> SRGBArray:
    if photo.dtype in (np.uint8, np.uint16):
        return photo
    if not np.issubdtype(photo.dtype, np.floating):
        raise ColorganError(f"photos hold uint8, uint16 or floats in [0, 1], received {photo.dtype}")
    least, most = float(photo.min()), float(photo.max())
    if not (least >= -0.5 and most <= 1.5):  # filters overshoot a little; NaN fails this too
        raise ColorganError(
            f"photos of floats hold values in [0, 1], received {least:g} to {most:g}: divide bytes by 255 first"
        )
    return np.rint(photo.clip(0.0, 1.0) * 65535.0).astype(np.uint16)


def _as(painted: SRGBArray, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Codes as another dtype, floats being in [0, 1]."""
    if painted.dtype == dtype:
        return painted
    if dtype == np.uint8:
        return to_8bit(painted)
    return (painted / np.float32(65535)).astype(dtype)
