"""Rasterization of square patches into hint channels."""

from dataclasses import dataclass

import torch
from torch import Tensor

from colorgan.models.color_spaces import ColorSpace


@dataclass(frozen=True)
class Points:
    """Square patches in a batch of photos: N slots per photo, some of them empty.

    Attributes:
        top: row of the upper edge, int64 (B, N).
        left: column of the left edge, int64 (B, N).
        side: side length in pixels, int64 (B, N).
        present: whether the slot holds a patch, bool (B, N).
    """

    top: Tensor
    left: Tensor
    side: Tensor
    present: Tensor


def rasterize_points(points: Points, max_side: int, color: Tensor, color_space: ColorSpace | None) -> Tensor:
    """Creates hint channels with the mean color of each patch; where patches overlap, the last one counts.

    Args:
        points: the patches.
        max_side: upper bound of their side lengths.
        color: target color (B, C, H, W).
        color_space: color space of ``color``; without it, colors are averaged per channel.

    Returns:
        (B, C + 1, H, W): color and mask, zero outside the patches.
    """
    batch, channels, height, width = color.shape
    num_slots = points.side.shape[1]
    if num_slots == 0:
        return color.new_zeros(batch, channels + 1, height, width)
    offset = torch.arange(min(max_side, height, width), device=color.device)
    down, right = (grid.flatten() for grid in torch.meshgrid(offset, offset, indexing="ij"))
    covered = (down < points.side[..., None]) & (right < points.side[..., None]) & points.present[..., None]
    pixel = (points.top[..., None] + down) * width + points.left[..., None] + right
    pixel = torch.where(covered, pixel, 0).flatten(1)  # (B, N * max_side²)

    patch_colors = color.flatten(2).gather(2, pixel[:, None].expand(-1, channels, -1))
    patch_colors = patch_colors.view(batch, channels, num_slots, -1)
    average = _channel_mean if color_space is None else color_space.mean
    mean = average(patch_colors, covered[:, None].to(color.dtype))

    slot = torch.where(covered, torch.arange(num_slots, device=color.device)[:, None], -1).flatten(1)
    top_slot = torch.full((batch, height * width), -1, device=color.device)
    top_slot.scatter_reduce_(1, pixel, slot, "amax")
    mask = (top_slot >= 0)[:, None]
    filled = mean.gather(2, top_slot.clamp(min=0)[:, None].expand(-1, channels, -1))
    hints = torch.cat([torch.where(mask, filled, 0), mask.to(color.dtype)], dim=1)
    return hints.to(color.dtype).view(batch, channels + 1, height, width)


def reveal_all(color: Tensor) -> Tensor:
    """Hint channels that reveal the color of every pixel: (B, C, H, W) → (B, C + 1, H, W)."""
    return torch.cat([color, torch.ones_like(color[:, :1])], dim=1)


def _channel_mean(color: Tensor, weight: Tensor) -> Tensor:
    return (color * weight).sum(-1) / weight.sum(-1).clamp(min=1)
