"""Conversions of photos as tensors: between uint8 and [0, 1], and to CIE L*a*b*."""

import functools
from collections.abc import Callable

import torch
from kornia.color import rgb_to_lab, rgb_to_linear_rgb, rgb_to_xyz
from torch import Tensor

from colorgan.errors import ColorganError

_WHITE_X, _WHITE_Z = 0.95047, 1.08883
"""D65, where Y is 1."""
_THRESHOLD = 0.008856


def matched_pair(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Converts two batches of photos to [0, 1], after checking that their shapes are equal.

    Args:
        first: (B, 3, H, W), uint8 or float in [0, 1].
        second: a batch of the same shape.

    Returns:
        Both batches, in float64 (float32 on devices without float64).

    Raises:
        ColorganError: if their shapes or dtypes are not supported, or the shapes differ.
    """
    if first.shape != second.shape:
        raise ColorganError(
            f"photos of shape {tuple(first.shape)} and {tuple(second.shape)} cannot be compared pixel by pixel; "
            "give them the same size"
        )
    return unit_range(first), unit_range(second)


def unit_range(photos: Tensor) -> Tensor:
    """Converts photos (B, 3, H, W), uint8 or float in [0, 1], to [0, 1] in float64 (float32 on devices without it)."""
    check_photos(photos)
    wide = photos.to(torch.float32 if photos.device.type == "mps" else torch.float64)
    return wide / 255.0 if photos.dtype == torch.uint8 else wide


def check_photos(photos: Tensor) -> None:
    """Raises an error unless photos are (B, 3, H, W), uint8 or floating point."""
    if photos.ndim != 4 or photos.shape[1] != 3 or not (photos.dtype == torch.uint8 or photos.is_floating_point()):
        raise ColorganError(
            f"photos must be (B, 3, H, W), uint8 or float in [0, 1]; received {photos.dtype} {tuple(photos.shape)}"
        )


def to_lab(photos: Tensor) -> Tensor:
    """Converts photos to CIE L*a*b*, (B, 3, H, W), with L in [0, 100] and unscaled a and b.

    Example:
        >>> to_lab(torch.full((1, 3, 1, 1), 255, dtype=torch.uint8)).flatten()[0].round().item()
        100.0
    """
    check_photos(photos)
    return photo_by_photo(_to_lab, photos)


def photo_by_photo(function: Callable[..., Tensor], *batches: Tensor) -> Tensor:
    """Applies a function of batches of photos to one photo at a time on the CPU, whose cache holds no more than one.

    Args:
        function: a function of batches whose result for a photo depends on this photo alone.
        batches: (B, C, H, W) each. On other devices, the function is called once, with the batches as they are.

    Returns:
        (B, ...).
    """
    if batches[0].device.type != "cpu" or len(batches[0]) == 1:
        return function(*batches)
    return torch.cat([function(*photos) for photos in zip(*(torch.split(batch, 1) for batch in batches), strict=True)])


def _to_lab(photos: Tensor) -> Tensor:
    if photos.dtype != torch.uint8:
        lab: Tensor = rgb_to_lab(unit_range(photos))
        return lab
    # As rgb_to_lab, except that the most expensive part, the transfer function of sRGB, is looked up.
    x, y, z = rgb_to_xyz(_linear_values(photos.device)[photos.int()]).unbind(dim=1)
    x, y, z = (_lab_root(x / _WHITE_X), _lab_root(y), _lab_root(z / _WHITE_Z))
    return torch.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], dim=1)


def _lab_root(values: Tensor) -> Tensor:
    """The cube root, with a linear segment near black; the constants are those of kornia."""
    root = values.clamp(min=_THRESHOLD).log_().div_(3).exp_()  # pow() takes five times as long
    return torch.where(values > _THRESHOLD, root, 7.787 * values + 4 / 29)


@functools.cache
def _linear_values(device: torch.device) -> Tensor:
    """The linear value of each 8-bit sRGB code, (256,)."""
    codes = torch.arange(256, dtype=torch.uint8, device=device).expand(1, 3, 1, 256)
    linear: Tensor = rgb_to_linear_rgb(unit_range(codes))
    return linear[0, 0, 0].clone()


def to_uint8(rgb: Tensor) -> Tensor:
    """Rounds photos in [0, 1] to uint8, and clamps values outside that range.

    >>> to_uint8(torch.tensor([-0.1, 0.5, 1.01]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return rgb.mul(255).round().clamp(0, 255).to(torch.uint8)
