"""Hints: colours that are known at some places of a photo, and how a network is told about them.

Hint channels are appended to the gray that a generator sees: the colour channels, zero where nothing is known, and a
mask, 1 where something is.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from colorgan.parts import Part


class Hints(Part, ABC):
    """Which hints a model is trained and validated with."""

    @abstractmethod
    def channels(self, color_channels: int) -> int:
        """How many channels the hints add to the input of a network that predicts ``color_channels``."""

    @abstractmethod
    def sample(self, colour: Tensor, index: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Draws training hints from the true colours.

        Args:
            colour: true colour (B, C, H, W) in [-1, 1].
            index: int64 (B,), the photos' positions in the file list; hints of training do not depend on it.
            generator: where the randomness comes from, on the device of ``colour``; the global one by default.

        Returns:
            (B, channels(C), H, W) on the device of ``colour`` and of its dtype.
        """

    @abstractmethod
    def validation(self, colour: Tensor, index: Tensor, count: int | None = None) -> Tensor:
        """Takes validation hints, a pure function of each photo's index: the same in every epoch, batch and machine.

        Args:
            colour: true colour (B, C, H, W) in [-1, 1].
            index: int64 (B,), the photos' positions in the file list.
            count: number of hinted points per photo; the model's usual validation hints by default.

        Returns:
            (B, channels(C), H, W) on the device of ``colour`` and of its dtype.
        """

    def empty(self, colour: Tensor) -> Tensor:
        """The hints of a photo about which nothing is known.

        Args:
            colour: any (B, C, H, W) tensor of the colour's shape, dtype and device.

        Returns:
            Zeros, (B, channels(C), H, W).
        """
        batch, channels, height, width = colour.shape
        return colour.new_zeros(batch, self.channels(channels), height, width)


class NoHints(Hints):
    """A model that takes no hints: every method returns (B, 0, H, W).

    Example:
        >>> NoHints().sample(torch.zeros(4, 2, 8, 8)).shape
        torch.Size([4, 0, 8, 8])
    """

    def channels(self, color_channels: int) -> int:
        """Always 0."""
        return 0

    def sample(self, colour: Tensor, index: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """No channels."""
        return self.empty(colour)

    def validation(self, colour: Tensor, index: Tensor, count: int | None = None) -> Tensor:
        """No channels."""
        return self.empty(colour)
