"""Photos as torch tensors: from 8 bits or [0, 1] to one range, and to CIE L*a*b*."""

import torch
from kornia.color import rgb_to_lab
from torch import Tensor

from colorgan.errors import ColorganError


def matched_pair(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Checks two batches of photos and brings both to [0, 1].

    Args:
        first: (B, 3, H, W), uint8 or float in [0, 1].
        second: another one of the same shape.

    Returns:
        Both as float64 (float32 on devices without).

    Raises:
        ColorganError: if they are no photos or their shapes differ.
    """
    if first.shape != second.shape:
        raise ColorganError(
            f"photos of shape {tuple(first.shape)} and {tuple(second.shape)} cannot be compared pixel by pixel; "
            "give them the same size"
        )
    return unit_range(first), unit_range(second)


def unit_range(photos: Tensor) -> Tensor:
    """Photos (B, 3, H, W) in [0, 1], float64 (float32 on devices without)."""
    if photos.ndim != 4 or photos.shape[1] != 3 or not (photos.dtype == torch.uint8 or photos.is_floating_point()):
        raise ColorganError(
            "photos are measured as (B, 3, H, W), uint8 or float in [0, 1]; "
            f"received {photos.dtype} {tuple(photos.shape)}"
        )
    wide = photos.to(torch.float32 if photos.device.type == "mps" else torch.float64)
    return wide / 255.0 if photos.dtype == torch.uint8 else wide


def to_lab(photos: Tensor) -> Tensor:
    """Photos in CIE L*a*b*, (B, 3, H, W): L from 0 to 100, a and b in its own units.

    Example:
        >>> to_lab(torch.full((1, 3, 1, 1), 255, dtype=torch.uint8)).flatten()[0].round().item()
        100.0
    """
    lab: Tensor = rgb_to_lab(unit_range(photos))
    return lab


def to_uint8(rgb: Tensor) -> Tensor:
    """Rounds photos in [0, 1] to uint8, clamping values outside of it.

    >>> to_uint8(torch.tensor([-0.1, 0.5, 1.01]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return rgb.mul(255).round().clamp(0, 255).to(torch.uint8)
