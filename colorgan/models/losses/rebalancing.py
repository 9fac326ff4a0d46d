"""Class rebalancing: pixel weights that make rare colors count more (Zhang et al. 2016)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.models.color_spaces import Lab

_LAB = Lab()
_BIN_SIZE = 10
"""Side length of the square bins of the ab plane, in units of a and b."""
_BINS_PER_SIDE = 12
"""Bins on each side of gray; a and b of sRGB are within ±110."""
_NUM_GAMUT_BINS = 313
"""Q of the paper. By a count of all 8-bit colors, 261 bins hold one."""
_SMOOTHING = (0.107, 0.786, 0.107)
"""A normal distribution with a standard deviation of 5 units, over three bins."""


def rebalancing_weights(rgb: Tensor, rebalance: float) -> Tensor:
    """Weights of the pixels of a batch by the rarity of their colors, with a mean of 1.

    A weight is 1 / (rebalance · p + (1 - rebalance) / Q). Here p is the smoothed fraction of pixels whose a and b fall
    into the same bin, and Q is the paper's number of bins, 313.

    Args:
        rgb: the target photos, (B, 3, H, W) in [0, 1].
        rebalance: strength, in [0, 1).

    Returns:
        (B, 1, H, W).
    """
    bins = (_LAB.split(rgb)[1] * (_LAB.ab_scale / _BIN_SIZE)).round().long() + _BINS_PER_SIDE
    side = 2 * _BINS_PER_SIDE + 1
    bin_index = bins[:, :1] * side + bins[:, 1:]
    ones = torch.ones(bin_index.numel(), device=rgb.device)
    counts = torch.zeros(side * side, device=rgb.device).scatter_add_(0, bin_index.flatten(), ones)
    kernel = torch.tensor(_SMOOTHING, device=rgb.device)
    fractions = F.conv2d(counts.view(1, 1, side, side) / len(ones), torch.outer(kernel, kernel)[None, None], padding=1)
    weights = 1 / (rebalance * fractions.flatten()[bin_index] + (1 - rebalance) / _NUM_GAMUT_BINS)
    return weights / weights.mean()
