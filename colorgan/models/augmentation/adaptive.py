"""Adaptive strength of augmentation: as much as keeps the discriminator from knowing the training photos by heart."""

import torch
from torch import Tensor, nn

_INTERVAL = 4
"""Updates of the discriminator between adjustments, as in ADA."""


class AdaptiveStrength(nn.Module):
    """The probability of augmentation, adapted by the rule of ADA (Karras et al. 2020).

    The mean sign of the discriminator's scores of real photos is near 0 while it cannot tell them from generated ones,
    and 1 once it knows all of them by heart. Every four updates, the probability rises by a fixed step where the mean
    sign is above the target, and falls by it where it is below. The state is part of a network's ``state_dict``.

    Args:
        target: mean sign to aim at.
        ramp: thousands of photos in which the probability can rise from 0 to 1.
        limit: largest probability.

    Attributes:
        probability: the probability, a scalar in [0, ``limit``].

    Example:
        >>> strength = AdaptiveStrength(target=0.6, ramp=0.1)
        >>> for _ in range(8):
        ...     strength.update(torch.tensor(0.9), photos=5)
        >>> round(strength.probability.item(), 3)
        0.4
    """

    probability: Tensor
    signs: Tensor
    photos: Tensor
    updates: Tensor

    def __init__(self, target: float, ramp: float, limit: float = 1.0) -> None:
        super().__init__()
        self.target, self.ramp, self.limit = target, ramp, limit
        for name in ("probability", "signs", "photos", "updates"):
            self.register_buffer(name, torch.zeros(()))

    @torch.no_grad()
    def update(self, sign: Tensor, photos: int) -> None:
        """Takes note of an update of the discriminator, and adjusts the probability in every fourth one.

        Args:
            sign: mean sign of the scores of real photos, a scalar in [-1, 1], over all processes.
            photos: number of photos in all processes.
        """
        self.signs += sign * photos
        self.photos += photos
        self.updates += 1
        is_due = self.updates >= _INTERVAL  # a tensor, so that a GPU need not be waited for
        step = torch.sign(self.signs / self.photos - self.target) * self.photos / (self.ramp * 1000)
        adjusted = (self.probability + step).clamp(0, self.limit)
        self.probability.copy_(torch.where(is_due, adjusted, self.probability))
        for count in (self.signs, self.photos, self.updates):
            count.copy_(torch.where(is_due, 0, count))
