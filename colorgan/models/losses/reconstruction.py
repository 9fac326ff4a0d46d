"""Reconstruction losses: pixelwise distances between predicted and target colors.

**Weights and ranges.** The weight of a loss depends on the value range. With ``space="network"`` colors are in [-1, 1].
For RGB and YCbCr that is 2x - 1 of a value in [0, 1], so L1 is twice and MSE four times the loss in a system that works
in [0, 1]: a published L1 weight of 512 becomes 256 here, and a published MSE weight is divided by four. With
``space="rgb"`` the distance is computed in [0, 1], and weights published for that range apply unchanged.
"""

import math
from abc import abstractmethod
from typing import ClassVar, Literal

import torch.nn.functional as F
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.losses.rebalancing import rebalancing_weights
from colorgan.models.losses.terms import Comparison, LossTerm


class Reconstruction(LossTerm):
    """A loss that keeps predicted colors near the target's, and so can train a generator alone.

    Args:
        rebalance: how much more rare colors count, from 0 (not at all) to below 1.
        weight: factor of the term in ``model.losses``; that of ``model.reconstruction`` is
            ``model.reconstruction_weight``.

    Raises:
        ColorganError: for a number out of range.
    """

    name: ClassVar[str] = "reconstruction"

    def __init__(self, rebalance: float = 0.0, weight: float = 1.0) -> None:
        super().__init__(weight)
        if not 0 <= rebalance < 1:
            raise ColorganError(
                f"{type(self).__name__}: rebalance must be at least 0 and less than 1, received {rebalance!r}"
            )
        self.rebalance = rebalance


class PixelDistance(Reconstruction):
    """Distance between predicted and target colors, averaged over photos, channels and pixels.

    Args:
        space: network compares the color channels as the network predicts them, in [-1, 1]; rgb compares the merged
            photos in [0, 1] without clipping, so that colors outside the gamut are pulled back into it (Ballester et
            al. 2022 find that this often helps).
        rebalance: how much more rare colors count, from 0 (not at all) to below 1: the 1 - λ of class rebalancing,
            whose authors use 0.5 (Zhang et al. 2016, https://arxiv.org/abs/1603.08511, section 2.2). Most pixels are
            nearly gray, and for objects of several possible colors gray is the safest prediction; rebalancing favors
            the other colors. Rarity is measured within the batch, so use batches of 8 photos or more.
        weight: factor of the term in ``model.losses``; that of ``model.reconstruction`` is
            ``model.reconstruction_weight``.

    Raises:
        ColorganError: for an unknown space, or a number out of range.
    """

    def __init__(
        self, space: Literal["network", "rgb"] = "network", rebalance: float = 0.0, weight: float = 1.0
    ) -> None:
        super().__init__(rebalance, weight)
        if space not in ("network", "rgb"):
            raise ColorganError(f"{type(self).__name__}: space must be 'network' or 'rgb', received {space!r}")
        self.space = space

    def __call__(self, comparison: Comparison) -> Tensor:
        """Computes the loss.

        Returns:
            A float32 scalar.

        Raises:
            ValueError: if the two colors differ in shape.

        Example:
            >>> import torch
            >>> from colorgan.models import RGB
            >>> gray, target = RGB().split(torch.zeros(1, 3, 2, 2))
            >>> comparison = Comparison(target + 0.5, target, gray, RGB())
            >>> L1()(comparison).item(), L1("rgb")(comparison).item()
            (0.5, 0.25)
        """
        predicted, target = comparison.predicted, comparison.target
        if predicted.shape != target.shape:
            raise ValueError(
                f"the predicted and the target color must have the same shape, received {tuple(predicted.shape)} and "
                f"{tuple(target.shape)}"
            )
        if self.space == "network":
            distance = self.distance(predicted.float(), target.float())
        else:
            distance = self.distance(comparison.predicted_rgb, comparison.target_rgb)
        if self.rebalance:
            weights = rebalancing_weights(comparison.target_rgb.clamp(0, 1), self.rebalance)
            distance = weights * distance
        return distance.mean()

    @abstractmethod
    def distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Computes the distance of each value; this is what a distance of your own overrides.

        Args:
            predicted: float32, (B, C, H, W), in the range of ``space``.
            target: likewise.

        Returns:
            The distances, in the same shape.
        """


class L1(PixelDistance):
    """Absolute difference. The median minimizes it, which gives crisper colors than the mean (Isola et al. 2017)."""

    name = "l1"

    def distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        """|p - t|."""
        return (predicted - target).abs()


class MSE(PixelDistance):
    """Squared difference."""

    name = "mse"

    def distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        """(p - t)²."""
        return (predicted - target).square()


class Huber(PixelDistance):
    """Squared difference, halved, up to ``delta``, and from there on linear (Huber 1964): a smooth L1.

    It is scaled by 1 / ``delta``, so that it grows as L1 does and takes L1's weight (PyTorch's ``smooth_l1_loss``).

    Args:
        space: see :class:`PixelDistance`.
        rebalance: see :class:`PixelDistance`.
        weight: see :class:`PixelDistance`.
        delta: where it becomes linear, in the units of ``space``.

    Example:
        >>> Huber(delta=0.0)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: Huber: delta must be a positive number such as 0.1, received 0.0
    """

    name = "huber"

    def __init__(
        self,
        space: Literal["network", "rgb"] = "network",
        rebalance: float = 0.0,
        weight: float = 1.0,
        delta: float = 0.1,
    ) -> None:
        super().__init__(space, rebalance, weight)
        if not (math.isfinite(delta) and delta > 0):
            raise ColorganError(f"Huber: delta must be a positive number such as 0.1, received {delta!r}")
        self.delta = delta

    def distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        """As the class describes it."""
        return F.smooth_l1_loss(predicted, target, reduction="none", beta=self.delta)
