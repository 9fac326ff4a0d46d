"""Measures of color: how much of it there is, and how far it is from the target.

Photos are (B, 3, H, W), uint8 or float in [0, 1]; figures are one a photo, (B,), in float64 (float32 on devices that
have no float64). Lab is CIE L*a*b* under D65 and the 2° observer.
"""

import math

import torch
from torch import Tensor

from colorgan.color.tensors import unit_range
from colorgan.errors import ColorganError


def colorfulness(photos: Tensor, *, signed: bool = False) -> Tensor:
    """Colorfulness (Hasler and Süsstrunk 2003, https://doi.org/10.1117/12.477378), on values from 0 to 255.

    ``sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)`` with the opponents ``rg = R - G`` and
    ``yb = (R + G) / 2 - B``. The colorization literature takes the opponents' absolute values first, which the paper
    does not; its figures can only be compared with ``signed=False``.

    Args:
        photos: (B, 3, H, W), uint8 or float in [0, 1].
        signed: as the paper defines it, rather than as colorization papers compute it.

    Returns:
        (B,); 0 for gray photos, above 100 for extremely colorful ones.

    Example:
        >>> red = torch.tensor([255, 0, 0], dtype=torch.uint8).view(1, 3, 1, 1)
        >>> round(colorfulness(red).item(), 3)  # 0.3 sqrt(255^2 + 127.5^2)
        85.53
    """
    red, green, blue = (unit_range(photos) * 255.0).unbind(dim=1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1).flatten(2)
    if not signed:
        opponents = opponents.abs()
    spread = opponents.var(dim=2, correction=0).sum(dim=1).sqrt()
    return spread + 0.3 * opponents.mean(dim=2).square().sum(dim=1).sqrt()


def ab_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of a and b.

    Args:
        predicted: photos in Lab, (B, 3, H, W), as :func:`to_lab` gives them.
        target: the same.

    Returns:
        (B,), in units of Lab.

    Example:
        >>> ab_error(torch.tensor([50.0, 3.0, -1.0]).view(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)).item()
        2.0
    """
    return (predicted - target)[:, 1:].abs().mean(dim=(1, 2, 3))


def ciede2000(predicted: Tensor, target: Tensor) -> Tensor:
    """The CIEDE2000 color difference (Sharma et al. 2005, https://doi.org/10.1002/col.20070) of each pixel.

    All weights are 1. A difference of 1 is just noticeable, one of 100 is that of black and white.

    Args:
        predicted: Lab, (B, 3, H, W), as :func:`to_lab` gives it.
        target: the same.

    Returns:
        (B, H, W).

    Raises:
        ColorganError: if the shapes differ.

    Example:
        >>> black, white = torch.zeros(1, 3, 1, 1), torch.tensor([100.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> ciede2000(black, white).item()
        100.0
    """
    if predicted.shape != target.shape or predicted.ndim != 4 or predicted.shape[1] != 3:
        raise ColorganError(
            f"colors in Lab are (B, 3, H, W) both; received {tuple(predicted.shape)} and {tuple(target.shape)}"
        )
    lightness_1, a_1, b_1 = predicted.unbind(dim=1)
    lightness_2, a_2, b_2 = target.unbind(dim=1)

    mean_chroma = (torch.hypot(a_1, b_1) + torch.hypot(a_2, b_2)) / 2
    stretch = 1.5 - 0.5 * _saturating(mean_chroma)
    a_1, a_2 = a_1 * stretch, a_2 * stretch
    chroma_1, chroma_2 = torch.hypot(a_1, b_1), torch.hypot(a_2, b_2)
    hue_1, hue_2 = torch.atan2(b_1, a_1) % (2 * math.pi), torch.atan2(b_2, a_2) % (2 * math.pi)
    colorless = chroma_1 * chroma_2 == 0

    # The difference of hues goes the shorter way round; where a color has no hue there is none.
    turn = hue_2 - hue_1
    apart = turn.abs() > math.pi
    turn = torch.where(apart, turn - 2 * math.pi * turn.sign(), turn).masked_fill(colorless, 0.0)
    total = hue_1 + hue_2
    opposite = torch.where(total < 2 * math.pi, total + 2 * math.pi, total - 2 * math.pi)
    hue = torch.where(colorless, total, torch.where(apart, opposite, total) / 2)

    difference_lightness = lightness_2 - lightness_1
    difference_chroma = chroma_2 - chroma_1
    difference_hue = 2 * (chroma_1 * chroma_2).sqrt() * (turn / 2).sin()

    lightness, chroma = (lightness_1 + lightness_2) / 2, (chroma_1 + chroma_2) / 2
    tint = (
        1
        - 0.17 * (hue - math.radians(30)).cos()
        + 0.24 * (2 * hue).cos()
        + 0.32 * (3 * hue + math.radians(6)).cos()
        - 0.20 * (4 * hue - math.radians(63)).cos()
    )
    around = (lightness - 50).square()
    lightness_term = difference_lightness / (1 + 0.015 * around / (20 + around).sqrt())
    chroma_term = difference_chroma / (1 + 0.045 * chroma)
    hue_term = difference_hue / (1 + 0.015 * chroma * tint)
    rotation_angle = math.radians(60) * torch.exp(-((hue.rad2deg() - 275) / 25).square())
    rotation = -2 * _saturating(chroma) * rotation_angle.sin()
    squared = lightness_term.square() + chroma_term.square() + hue_term.square() + rotation * chroma_term * hue_term
    return squared.clamp_min(0.0).sqrt()


def _saturating(chroma: Tensor) -> Tensor:
    """``sqrt(C^7 / (C^7 + 25^7))``: 0 for grays, 1 for vivid colors."""
    power = chroma**7
    return (power / (power + 25.0**7)).sqrt()
