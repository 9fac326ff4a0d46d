"""Reconstruction losses: how far the predicted color lies from the true one, pixel by pixel.

**Weights and ranges.** A weight belongs to a range. In ``space="network"`` the colors are in [-1, 1]; for RGB and
YCbCr that is 2x - 1 of a value in [0, 1], so that L1 is twice, and MSE four times, what a system on [0, 1] measures. A
published L1 weight of 512 on [0, 1] is therefore 256 here, and a published MSE weight is to be divided by four. In
``space="rgb"`` the difference is taken in [0, 1], and published weights for that range hold as they are.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace, Lab
from colorgan.models.config import Part

_LAB = Lab()
_SQUARE = 10
"""Side of the squares into which colors are sorted, in units of a and b."""
_REACH = 12
"""Squares on each side of gray; sRGB's a and b end before 110."""
_SQUARES = 313
"""Squares that hold colors of sRGB."""
_SMOOTHING = (0.107, 0.786, 0.107)
"""A normal distribution with a deviation of 5 units, over three squares."""


class Reconstruction(Part, ABC):
    """Distance between predicted and target color, averaged over photos, channels and pixels.

    Args:
        space: ``network`` compares the color channels as the network predicts them, in [-1, 1]; ``rgb`` compares the
            merged photos in [0, 1], not clipped, so that colors outside of the gamut are pulled back into it
            (Ballester et al. 2022 find that it often pays).
        rebalance: how much rare colors count for more, from 0 (not at all) to below 1: the 1 - λ of class rebalancing,
            whose authors take 0.5 (Zhang et al. 2016, https://arxiv.org/abs/1603.08511, section 2.2). Most pixels of
            most photos are grayish, and where a thing may have several colors a grayish one is the safest bet; this
            draws the bet to the others. How rare a color is, is counted in the batch: let it hold 8 photos or more.

    Raises:
        ColorganError: for another space, and for a rebalance out of range.
    """

    name: ClassVar[str] = "reconstruction"
    """The key under which the loss is logged, such as ``train/l1``."""

    def __init__(self, space: Literal["network", "rgb"] = "network", rebalance: float = 0.0) -> None:
        if space not in ("network", "rgb"):
            raise ColorganError(f"{type(self).__name__}'s space is 'network' or 'rgb', but {space!r} was given")
        if not 0 <= rebalance < 1:
            raise ColorganError(
                f"{type(self).__name__}'s rebalance is at least 0 and less than 1, but {rebalance!r} was given"
            )
        self.space = space
        self.rebalance = rebalance

    def __call__(self, predicted_color: Tensor, true_color: Tensor, gray: Tensor, color_space: ColorSpace) -> Tensor:
        """Compares.

        Args:
            predicted_color: (B, C, H, W) in [-1, 1].
            true_color: the same shape and range.
            gray: (B, 1, H, W) in [-1, 1], what the colors were predicted from.
            color_space: the space that the three are in.

        Returns:
            A float32 scalar.

        Raises:
            ValueError: if the two colors differ in shape.

        Example:
            >>> from colorgan.models.color_spaces import RGB
            >>> photo = torch.zeros(1, 3, 2, 2)
            >>> gray, target = RGB().split(photo)
            >>> L1()(target + 0.5, target, gray, RGB()).item(), L1("rgb")(target + 0.5, target, gray, RGB()).item()
            (0.5, 0.25)
        """
        if predicted_color.shape != true_color.shape:
            raise ValueError(
                f"the predicted color has the shape {tuple(predicted_color.shape)}, but the target color has "
                f"{tuple(true_color.shape)}"
            )
        if self.space == "network":
            distance = self._distance(predicted_color.float(), true_color.float())
        else:
            with torch.no_grad():
                target = color_space.merge(gray, true_color, clip=False)
            distance = self._distance(color_space.merge(gray, predicted_color, clip=False), target)
        if self.rebalance:
            with torch.no_grad():
                distance_weight = _rarity(color_space.merge(gray, true_color), self.rebalance)
            distance = distance_weight * distance
        return distance.mean()

    @abstractmethod
    def _distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Distance of each value, of the same shape."""


class L1(Reconstruction):
    """Absolute difference; its minimizer, the median, gives crisper colors than the mean (Isola et al. 2017)."""

    name = "l1"

    def _distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        return (predicted - target).abs()


class MSE(Reconstruction):
    """Squared difference."""

    name = "mse"

    def _distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        return (predicted - target).square()


def _rarity(rgb: Tensor, rebalance: float) -> Tensor:
    """Weights of the pixels of a batch, (B, 3, H, W) → (B, 1, H, W), with a mean of 1.

    They are 1 / (rebalance x p + (1 - rebalance) / Q), where p is the share of pixels whose a and b fall into the same
    square of the plane, smoothed, and Q the number of squares that sRGB has colors in.
    """
    place = (_LAB.split(rgb)[1] * (_LAB.ab_scale / _SQUARE)).round().long() + _REACH
    side = 2 * _REACH + 1
    square = place[:, :1] * side + place[:, 1:]
    ones = torch.ones(square.numel(), device=rgb.device)
    counts = torch.zeros(side * side, device=rgb.device).scatter_add_(0, square.flatten(), ones)
    kernel = torch.tensor(_SMOOTHING, device=rgb.device)
    share = F.conv2d(counts.view(1, 1, side, side) / len(ones), torch.outer(kernel, kernel)[None, None], padding=1)
    weights = 1 / (rebalance * share.flatten()[square] + (1 - rebalance) / _SQUARES)
    return weights / weights.mean()
