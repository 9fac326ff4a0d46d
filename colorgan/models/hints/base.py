"""The base class of hints, and the hints of a model that takes none."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from colorgan.models.color_spaces import ColorSpace
from colorgan.models.config import Part


class Hints(Part, ABC):
    """The kind of hints that a model is trained and validated with."""

    @abstractmethod
    def channels(self, color_channels: int) -> int:
        """Number of channels that hints add to the input of a network that predicts ``color_channels``."""

    @abstractmethod
    def sample(
        self,
        color: Tensor,
        generator: torch.Generator | None = None,
        color_space: ColorSpace | None = None,
    ) -> Tensor:
        """Samples training hints from the target colors.

        Args:
            color: target color (B, C, H, W) in [-1, 1].
            generator: source of randomness; the global generator of the device by default.
            color_space: color space of ``color``, used to average colors. Without it they are averaged per channel,
                which is right for all color spaces but ``HSV("angle")``.

        Returns:
            (B, channels(C), H, W) with the device and dtype of ``color``.
        """

    @abstractmethod
    def validation(
        self, color: Tensor, index: Tensor, count: int | None = None, color_space: ColorSpace | None = None
    ) -> Tensor:
        """Creates validation hints. They depend only on the photos and their indices, not on epoch, batch or machine.

        Args:
            color: target color (B, C, H, W) in [-1, 1].
            index: int64 (B,), the photos' positions in the file list.
            count: number of hints per photo; by default distributed as in training.
            color_space: as in :meth:`sample`.

        Returns:
            (B, channels(C), H, W) with the device and dtype of ``color``.
        """

    @abstractmethod
    def from_lab(self, rasterized: Tensor, color_space: ColorSpace) -> Tensor:
        """Converts hints from a user to hint channels of the network.

        Args:
            rasterized: L*, a*, b* and a mask, (B, 4, H, W), as returned by
                :func:`colorgan.inference.hints.rasterize_hints`. Colors are used only where the mask is 1.
            color_space: color space of the network.

        Returns:
            (B, channels(C), H, W).
        """

    def empty(self, color: Tensor) -> Tensor:
        """The hint channels of photos without hints.

        Args:
            color: any (B, C, H, W) tensor with the shape, dtype and device of the color.

        Returns:
            Zeros, (B, channels(C), H, W).
        """
        batch, channels, height, width = color.shape
        return color.new_zeros(batch, self.channels(channels), height, width)

    def picture(self, gray: Tensor, hints: Tensor, color_space: ColorSpace) -> Tensor:
        """What hints look like: their colors on the gray photo.

        Args:
            gray: (B, 1, H, W) in [-1, 1].
            hints: hint channels of these photos, (B, channels(C), H, W), of which the last one is the mask.
            color_space: color space of the hints.

        Returns:
            RGB (B, 3, H, W) in [0, 1].
        """
        is_hint = hints[:, -1:] > 0
        return color_space.merge(gray, hints[:, : color_space.channels].where(is_hint, color_space.neutral(gray)))


class NoHints(Hints):
    """For models that take no hints: every method returns (B, 0, H, W).

    Example:
        >>> NoHints().sample(torch.zeros(4, 2, 8, 8)).shape
        torch.Size([4, 0, 8, 8])
    """

    def channels(self, color_channels: int) -> int:
        """Always 0."""
        return 0

    def sample(
        self,
        color: Tensor,
        generator: torch.Generator | None = None,
        color_space: ColorSpace | None = None,
    ) -> Tensor:
        """No channels."""
        return self.empty(color)

    def validation(
        self, color: Tensor, index: Tensor, count: int | None = None, color_space: ColorSpace | None = None
    ) -> Tensor:
        """No channels."""
        return self.empty(color)

    def from_lab(self, rasterized: Tensor, color_space: ColorSpace) -> Tensor:
        """No channels."""
        return rasterized[:, :0]
