"""Reconstruction losses: how far the predicted colour lies from the true one, pixel by pixel.

**Weights and ranges.** A weight belongs to a range. In ``space="network"`` the colours are in [-1, 1]; for RGB and
YCbCr that is 2x - 1 of a value in [0, 1], so that L1 is twice, and MSE four times, what a system on [0, 1] measures. A
published L1 weight of 512 on [0, 1] is therefore 256 here, and a published MSE weight is to be divided by four. In
``space="rgb"`` the difference is taken in [0, 1], and published weights for that range hold as they are.
"""

from abc import ABC, abstractmethod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.color import ColorSpace
from colorgan.errors import ColorganError
from colorgan.parts import Part


class Reconstruction(Part, ABC):
    """Distance between predicted and true colour, averaged over photos, channels and pixels.

    Args:
        space: ``network`` compares the colour channels as the network predicts them, in [-1, 1]; ``rgb`` compares the
            merged photos in [0, 1], not clipped, so that colours outside of the gamut are pulled back into it
            (Ballester et al. 2022 find that it often pays).
    """

    def __init__(self, space: Literal["network", "rgb"] = "network") -> None:
        if space not in ("network", "rgb"):
            raise ColorganError(f"{type(self).__name__}'s space is 'network' or 'rgb', but {space!r} was given")
        self.space = space

    def __call__(self, predicted_colour: Tensor, true_colour: Tensor, gray: Tensor, color: ColorSpace) -> Tensor:
        """Compares.

        Args:
            predicted_colour: (B, C, H, W) in [-1, 1].
            true_colour: the same shape and range.
            gray: (B, 1, H, W) in [-1, 1], what the colours were predicted from.
            color: the space that the three are in.

        Returns:
            A float32 scalar.

        Raises:
            ValueError: if the two colours differ in shape.

        Example:
            >>> from colorgan.color import RGB
            >>> photo = torch.zeros(1, 3, 2, 2)
            >>> gray, truth = RGB().split(photo)
            >>> L1()(truth + 0.5, truth, gray, RGB()).item(), L1("rgb")(truth + 0.5, truth, gray, RGB()).item()
            (0.5, 0.25)
        """
        if predicted_colour.shape != true_colour.shape:
            raise ValueError(
                f"the predicted colour has the shape {tuple(predicted_colour.shape)}, but the true colour has "
                f"{tuple(true_colour.shape)}"
            )
        if self.space == "network":
            return self._distance(predicted_colour.float(), true_colour.float())
        with torch.no_grad():
            truth = color.merge(gray, true_colour, clip=False)
        return self._distance(color.merge(gray, predicted_colour, clip=False), truth)

    @abstractmethod
    def _distance(self, predicted: Tensor, truth: Tensor) -> Tensor: ...


class L1(Reconstruction):
    """Mean absolute difference; its minimizer, the median, gives crisper colours than the mean (Isola et al. 2017)."""

    def _distance(self, predicted: Tensor, truth: Tensor) -> Tensor:
        return F.l1_loss(predicted, truth)


class MSE(Reconstruction):
    """Mean squared difference."""

    def _distance(self, predicted: Tensor, truth: Tensor) -> Tensor:
        return F.mse_loss(predicted, truth)
