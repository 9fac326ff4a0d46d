"""Reconstruction losses: pixelwise distances between predicted and target colors.

**Weights and ranges.** The weight of a loss depends on the value range. With ``space="network"`` colors are in [-1, 1].
For RGB and YCbCr that is 2x - 1 of a value in [0, 1], so L1 is twice and MSE four times the loss in a system that works
in [0, 1]: a published L1 weight of 512 becomes 256 here, and a published MSE weight is divided by four. With
``space="rgb"`` the distance is computed in [0, 1], and weights published for that range apply unchanged.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.config import Part
from colorgan.models.losses.rebalancing import rebalancing_weights


class Reconstruction(Part, ABC):
    """Distance between predicted and target colors, averaged over photos, channels and pixels.

    Args:
        space: network compares the color channels as the network predicts them, in [-1, 1]; rgb compares the merged
            photos in [0, 1] without clipping, so that colors outside the gamut are pulled back into it (Ballester et
            al. 2022 find that this often helps).
        rebalance: how much more rare colors count, from 0 (not at all) to below 1: the 1 - λ of class rebalancing,
            whose authors use 0.5 (Zhang et al. 2016, https://arxiv.org/abs/1603.08511, section 2.2). Most pixels are
            nearly gray, and for objects of several possible colors gray is the safest prediction; rebalancing favors
            the other colors. Rarity is measured within the batch, so use batches of 8 photos or more.

    Raises:
        ColorganError: for an unknown space or a rebalance out of range.
    """

    name: ClassVar[str] = "reconstruction"
    """The name under which the loss is logged, as in ``train/l1``."""

    def __init__(self, space: Literal["network", "rgb"] = "network", rebalance: float = 0.0) -> None:
        name = type(self).__name__
        if space not in ("network", "rgb"):
            raise ColorganError(f"{name}: space must be 'network' or 'rgb', received {space!r}")
        if not 0 <= rebalance < 1:
            raise ColorganError(f"{name}: rebalance must be at least 0 and less than 1, received {rebalance!r}")
        self.space = space
        self.rebalance = rebalance

    def check(self, color_space: ColorSpace) -> None:
        """Checks that the loss can be computed in a color space.

        Raises:
            ColorganError: naming the color space and the fix.
        """

    def __call__(
        self, predicted: Tensor, target: Tensor, gray: Tensor, color_space: ColorSpace, output: Tensor | None = None
    ) -> Tensor:
        """Computes the loss.

        Args:
            predicted: predicted color, (B, C, H, W) in [-1, 1].
            target: target color, of the same shape and range.
            gray: (B, 1, H, W) in [-1, 1].
            color_space: color space of all three.
            output: what the generator predicted, (B, color_space.output_channels, h, w), before it became color.

        Returns:
            A float32 scalar.

        Raises:
            ValueError: if the two colors differ in shape.

        Example:
            >>> from colorgan.models import RGB
            >>> gray, target = RGB().split(torch.zeros(1, 3, 2, 2))
            >>> L1()(target + 0.5, target, gray, RGB()).item(), L1("rgb")(target + 0.5, target, gray, RGB()).item()
            (0.5, 0.25)
        """
        if predicted.shape != target.shape:
            raise ValueError(
                f"the predicted and the target color must have the same shape, received {tuple(predicted.shape)} and "
                f"{tuple(target.shape)}"
            )
        if self.space == "network":
            distance = self._distance(predicted.float(), target.float())
        else:
            with torch.no_grad():
                target_rgb = color_space.merge(gray, target, clip=False)
            distance = self._distance(color_space.merge(gray, predicted, clip=False), target_rgb)
        if self.rebalance:
            with torch.no_grad():
                weights = rebalancing_weights(color_space.merge(gray, target), self.rebalance)
            distance = weights * distance
        return distance.mean()

    @abstractmethod
    def _distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        """The distance of each value, in the shape of the inputs."""


class L1(Reconstruction):
    """Absolute difference. The median minimizes it, which gives crisper colors than the mean (Isola et al. 2017)."""

    name = "l1"

    def _distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        return (predicted - target).abs()


class MSE(Reconstruction):
    """Squared difference."""

    name = "mse"

    def _distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        return (predicted - target).square()
