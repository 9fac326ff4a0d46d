"""Colorfulness and color differences.

Photos are (B, 3, H, W), uint8 or float in [0, 1]. Results are float64 (float32 on devices without float64), with one
value per photo, (B,), unless stated otherwise. Lab is CIE L*a*b* with D65 and the 2° observer.
"""

import math

import torch
from torch import Tensor

from colorgan.color.tensors import check_photos, photo_by_photo, unit_range
from colorgan.errors import ColorganError


def colorfulness(photos: Tensor, *, signed: bool = False) -> Tensor:
    """Computes the colorfulness (Hasler and Süsstrunk 2003, https://doi.org/10.1117/12.477378) on values in [0, 255].

    ``sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)`` with the opponent channels ``rg = R - G`` and
    ``yb = (R + G) / 2 - B``. Colorization papers take the absolute values of the opponent channels first, unlike the
    original paper; compare with their results using ``signed=False``.

    Args:
        photos: (B, 3, H, W), uint8 or float in [0, 1].
        signed: whether to follow the original paper instead of colorization papers.

    Returns:
        (B,); 0 for gray photos, above 100 for extremely colorful ones.

    Example:
        >>> red = torch.tensor([255, 0, 0], dtype=torch.uint8).view(1, 3, 1, 1)
        >>> round(colorfulness(red).item(), 3)  # 0.3 sqrt(255^2 + 127.5^2)
        85.53
    """
    check_photos(photos)
    return photo_by_photo(lambda batch: _colorfulness(batch, signed), photos)


def _colorfulness(photos: Tensor, signed: bool) -> Tensor:
    red, green, blue = (unit_range(photos) * 255.0).unbind(dim=1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1).flatten(2)
    if not signed:
        opponents = opponents.abs()
    means = opponents.mean(dim=2)
    variances = (opponents - means.unsqueeze(2)).square().mean(dim=2)  # var() is slower
    return variances.sum(dim=1).sqrt() + 0.3 * means.square().sum(dim=1).sqrt()


def ab_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Computes the mean absolute error of a and b.

    Args:
        predicted: photos in Lab, (B, 3, H, W), as returned by :func:`~colorgan.color.tensors.to_lab`.
        target: photos of the same shape.

    Returns:
        (B,), in Lab units.

    Example:
        >>> ab_error(torch.tensor([50.0, 3.0, -1.0]).view(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)).item()
        2.0
    """
    return (predicted - target)[:, 1:].abs().mean(dim=(1, 2, 3))


def tint(predicted: Tensor, target: Tensor) -> Tensor:
    """Computes the color cast: the distance between the mean a and b of a photo and those of the target.

    Args:
        predicted: photos in Lab, (B, 3, H, W), as returned by :func:`~colorgan.color.tensors.to_lab`.
        target: photos of the same shape.

    Returns:
        (B,), in Lab units.

    Example:
        >>> tint(torch.tensor([50.0, 3.0, -4.0]).view(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)).item()
        5.0
    """
    return (predicted - target)[:, 1:].mean(dim=(2, 3)).square().sum(dim=1).sqrt()


def ciede2000(predicted: Tensor, target: Tensor) -> Tensor:
    """Computes the CIEDE2000 color difference (Sharma et al. 2005, https://doi.org/10.1002/col.20070) of each pixel.

    All weights are 1. A difference of 1 is just noticeable; black and white differ by 100.

    Args:
        predicted: photos in Lab, (B, 3, H, W), as returned by :func:`~colorgan.color.tensors.to_lab`.
        target: photos of the same shape.

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
            "CIEDE2000 needs two Lab tensors of the same shape (B, 3, H, W), "
            f"received {tuple(predicted.shape)} and {tuple(target.shape)}"
        )
    return photo_by_photo(_ciede2000, predicted, target)


def _ciede2000(predicted: Tensor, target: Tensor) -> Tensor:
    lightness_1, a_1, b_1 = predicted.unbind(dim=1)
    lightness_2, a_2, b_2 = target.unbind(dim=1)

    mean_chroma = (torch.hypot(a_1, b_1) + torch.hypot(a_2, b_2)) / 2
    stretch = 1.5 - 0.5 * _saturating(mean_chroma)
    a_1, a_2 = a_1 * stretch, a_2 * stretch
    chroma_1, chroma_2 = torch.hypot(a_1, b_1), torch.hypot(a_2, b_2)
    hue_1, hue_2 = _hue(a_1, b_1), _hue(a_2, b_2)
    product = chroma_1 * chroma_2
    colorless = product == 0

    # The hue difference takes the shorter way around the circle, and is zero if either color is achromatic.
    turn = hue_2 - hue_1
    apart = turn.abs() > math.pi
    turn = torch.where(apart, turn - 2 * math.pi * turn.sign(), turn).masked_fill(colorless, 0.0)
    total = hue_1 + hue_2
    opposite = torch.where(total < 2 * math.pi, total + 2 * math.pi, total - 2 * math.pi)
    hue = torch.where(colorless, total, torch.where(apart, opposite, total) / 2)

    difference_lightness = lightness_2 - lightness_1
    difference_chroma = chroma_2 - chroma_1
    difference_hue = 2 * product.sqrt() * (turn / 2).sin()

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


def _hue(a: Tensor, b: Tensor) -> Tensor:
    """The hue in radians, from 0 to 2 pi."""
    hue = torch.atan2(b, a)
    return torch.where(hue < 0, hue + 2 * math.pi, hue)  # % takes three times as long


def _saturating(chroma: Tensor) -> Tensor:
    """``sqrt(C^7 / (C^7 + 25^7))``: 0 for grays, 1 for vivid colors."""
    square = chroma * chroma
    power = square * square * square * chroma  # faster than ** 7
    return (power / (power + 25.0**7)).sqrt()
