"""The base class of degradations."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from colorgan.models.config import Part


class Degradation(Part, ABC):
    """Makes the gray of training photos look worse, on the device, before a generator sees it.

    Losses, discriminators and metrics see the photo as it was.
    """

    def __call__(self, gray: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Degrades the gray of training photos, each in its own way.

        Args:
            gray: (B, 1, H, W) in [-1, 1].
            generator: source of randomness; the global generator of the device by default, as for hints.

        Returns:
            (B, 1, H, W) in [-1, 1] with the dtype and device of ``gray``.
        """
        with torch.no_grad(), torch.autocast(gray.device.type, enabled=False):
            degraded = self._degrade((gray.float() + 1) / 2, Draws(len(gray), gray.device, generator))
            return (degraded.clamp(0, 1) * 2 - 1).to(gray.dtype)

    @abstractmethod
    def _degrade(self, gray: Tensor, draws: "Draws") -> Tensor:
        """Degrades gray in [0, 1], float32; values outside are clipped afterward."""


class Draws:
    """Random numbers for a batch, from one generator, in an order that does not depend on the photos.

    Args:
        count: number of photos.
        device: device of the numbers.
        generator: their source; the global generator of the device by default.
    """

    def __init__(self, count: int, device: torch.device, generator: torch.Generator | None = None) -> None:
        self.count, self.device, self.generator = count, device, generator
        self._source = device if generator is None else generator.device

    def uniform(self, low: float = 0.0, high: float = 1.0, *, shape: tuple[int, ...] = (1, 1, 1)) -> Tensor:
        """Uniform numbers in [low, high), (count, *shape): by default one per photo."""
        numbers = torch.rand((self.count, *shape), generator=self.generator, device=self._source).to(self.device)
        return low + (high - low) * numbers

    def normal(self, *shape: int) -> Tensor:
        """Normal numbers of variance 1, (count, *shape)."""
        return torch.randn((self.count, *shape), generator=self.generator, device=self._source).to(self.device)
