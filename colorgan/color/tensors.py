"""Conversions of photos as tensors: between uint8 and [0, 1], and to CIE L*a*b*."""

import torch
from kornia.color import rgb_to_lab
from torch import Tensor

from colorgan.errors import ColorganError


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
    if photos.ndim != 4 or photos.shape[1] != 3 or not (photos.dtype == torch.uint8 or photos.is_floating_point()):
        raise ColorganError(
            f"photos must be (B, 3, H, W), uint8 or float in [0, 1]; received {photos.dtype} {tuple(photos.shape)}"
        )
    wide = photos.to(torch.float32 if photos.device.type == "mps" else torch.float64)
    return wide / 255.0 if photos.dtype == torch.uint8 else wide


def to_lab(photos: Tensor) -> Tensor:
    """Converts photos to CIE L*a*b*, (B, 3, H, W), with L in [0, 100] and unscaled a and b.

    Example:
        >>> to_lab(torch.full((1, 3, 1, 1), 255, dtype=torch.uint8)).flatten()[0].round().item()
        100.0
    """
    lab: Tensor = rgb_to_lab(unit_range(photos))
    return lab


def to_uint8(rgb: Tensor) -> Tensor:
    """Rounds photos in [0, 1] to uint8, and clamps values outside that range.

    >>> to_uint8(torch.tensor([-0.1, 0.5, 1.01]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return rgb.mul(255).round().clamp(0, 255).to(torch.uint8)
