"""A loss on the colorfulness of whole photos, against the grayness that pixelwise losses lead to."""

from typing import Literal

import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.losses.terms import Comparison, LossTerm

_EPSILON = 1e-12
"""Below the square root of a variance, whose gradient is infinite at 0."""


class Colorfulness(LossTerm):
    """Colorfulness (Hasler and Süsstrunk 2003) that is missing.

    The colorfulness M is measured in photos in [0, 1]: it is the metric of
    :func:`~colorgan.color.difference.colorfulness` divided by 255, about 0.4 for extremely colorful photos.

    Args:
        weight: factor of the term in the sum. DDColor's published options mean 2 beside an L1 of 11 in :class:`Lab`:
            0.5 of the sum over the four photos of a batch, beside 0.1 in units of a and b.
        aim: more is 1 - M, which asks for more color in every photo, as DDColor does (Kang et al. 2023,
            https://arxiv.org/abs/2212.11613); target is the distance of M from that of the target photo.

    Raises:
        ColorganError: for an unknown aim.

    Example:
        >>> from colorgan.models import RGB
        >>> gray, target = RGB().split(torch.full((1, 3, 2, 2), 0.5))
        >>> round(Colorfulness()(Comparison(target, target, gray, RGB())).item(), 4)
        1.0
    """

    name = "colorfulness"

    def __init__(self, weight: float = 1.0, aim: Literal["more", "target"] = "more") -> None:
        super().__init__(weight)
        if aim not in ("more", "target"):
            raise ColorganError(f"Colorfulness: aim must be 'more' or 'target', received {aim!r}")
        self.aim = aim

    def __call__(self, comparison: Comparison) -> Tensor:
        """Computes the term, without its weight."""
        predicted = _colorfulness(comparison.predicted_rgb)
        if self.aim == "more":
            return (1 - predicted).mean()
        return (predicted - _colorfulness(comparison.target_rgb)).abs().mean()


def _colorfulness(rgb: Tensor) -> Tensor:
    """Colorfulness that can be seen, differentiable also where a photo is gray: (B, 3, H, W) → (B,)."""
    red, green, blue = rgb.float().clamp(0, 1).unbind(dim=1)  # no reward for colors outside the gamut
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1).flatten(2).abs()
    variance = opponents.var(dim=2, correction=0).sum(dim=1)
    mean = opponents.mean(dim=2).square().sum(dim=1)
    return (variance + _EPSILON).sqrt() + 0.3 * (mean + _EPSILON).sqrt()
