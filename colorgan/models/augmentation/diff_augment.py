"""Differentiable augmentation of what the discriminator sees (DiffAugment)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.augmentation.adaptive import AdaptiveStrength
from colorgan.models.config import Part


@dataclass(frozen=True)
class Transformation:
    """A random transformation of a batch, the same for all channels of a photo.

    Attributes:
        rows: the row that each row of the result is taken from, int64 (B, H).
        columns: the column that each column of the result is taken from, int64 (B, W).
        kept: 1 where a pixel of the photo is left, 0 outside the photo and where it is cut out, (B, 1, H, W).
    """

    rows: Tensor
    columns: Tensor
    kept: Tensor

    def __call__(self, pair: Tensor) -> Tensor:
        """Transforms a batch, differentiably: (B, C, H, W) → (B, C, H, W)."""
        batch, channels, height, width = pair.shape
        moved = pair.gather(2, self.rows[:, None, :, None].expand(batch, channels, height, width))
        moved = moved.gather(3, self.columns[:, None, None, :].expand(batch, channels, height, width))
        return moved * self.kept.to(pair.dtype)


class DiffAugment(Part):
    """Moves photos and cuts squares out of them before the discriminator, differentiably (Zhao et al. 2020).

    With few photos, a discriminator learns them by heart. DiffAugment (https://arxiv.org/abs/2006.10738) shows it real
    and generated photos transformed, in its own updates and in those of the generator, which therefore learns from its
    gradients through the transformation. A photo, its gray, its colorization and its hints are transformed alike. The
    color policy of the paper is left out, because it would teach the generator wrong colors.

    With ``target``, the probability is adapted to how well the discriminator knows the training photos (ADA, Karras et
    al. 2020, https://arxiv.org/abs/2006.06676); see :class:`AdaptiveStrength`.

    Args:
        translation: largest distance that photos are moved by, in parts of their height and width; pixels from outside
            are 0.
        cutout: height and width of the square that is set to 0, in parts of those of the photo.
        probability: with which each of the two is applied to a photo; with ``target``, the largest one.
        target: null keeps the probability fixed; a number adapts it so that the mean sign of the discriminator's scores
            of real photos, from -1 to 1, approaches it (ADA: 0.6).
        ramp: thousands of photos in which an adapted probability can rise from 0 to 1 (ADA: 500).

    Raises:
        ColorganError: for a number out of range.

    Example:
        >>> photos = torch.ones(2, 3, 8, 8)
        >>> DiffAugment(translation=0.0, cutout=0.5).sample(photos)(photos).shape
        torch.Size([2, 3, 8, 8])
    """

    def __init__(
        self,
        translation: float = 0.125,
        cutout: float = 0.5,
        probability: float = 1.0,
        target: float | None = None,
        ramp: float = 500.0,
    ) -> None:
        for name, value, limit in (("translation", translation, 1), ("cutout", cutout, 1)):
            if not 0 <= value < limit:
                raise ColorganError(f"DiffAugment: {name} must be at least 0 and less than 1, received {value!r}")
        if translation == cutout == 0:
            raise ColorganError("DiffAugment: translation and cutout are both 0, so nothing would be augmented")
        if not 0 < probability <= 1:
            raise ColorganError(f"DiffAugment: probability must be above 0 and at most 1, received {probability!r}")
        if target is not None and not -1 < target < 1:
            raise ColorganError(f"DiffAugment: target must be between -1 and 1, such as 0.6, received {target!r}")
        if not (math.isfinite(ramp) and ramp > 0):
            raise ColorganError(f"DiffAugment: ramp must be a positive number such as 500, received {ramp!r}")
        self.translation, self.cutout = translation, cutout
        self.probability, self.target, self.ramp = probability, target, ramp

    def adaptive_strength(self) -> AdaptiveStrength | None:
        """The probability where it is adapted, in its initial state; None where it is fixed."""
        return None if self.target is None else AdaptiveStrength(self.target, self.ramp, self.probability)

    def sample(self, photos: Tensor, probability: Tensor | None = None) -> Transformation:
        """Draws a transformation for each photo of a batch.

        Args:
            photos: (B, C, H, W); only their shape and device count.
            probability: scalar that replaces the fixed probability, such as that of :class:`AdaptiveStrength`.

        Returns:
            The transformation, which is to be applied to the photos and to whatever is compared with them.
        """
        batch, _, height, width = photos.shape
        chance = self.probability if probability is None else probability
        moves, cuts = torch.rand(2, batch, 1, device=photos.device) < chance
        lines, inside, outside = [], [], []
        for length in (height, width):
            index = torch.arange(length, device=photos.device)
            reach = int(length * self.translation + 0.5)
            shift = torch.randint(-reach, reach + 1, (batch, 1), device=photos.device)
            source = index + torch.where(moves, shift, 0)
            lines.append(source.clamp(0, length - 1))
            inside.append((source >= 0) & (source < length))
            side = int(length * self.cutout + 0.5)
            start = torch.randint(0, length + 1 - side % 2, (batch, 1), device=photos.device) - side // 2
            outside.append((index < start) | (index >= start + side) | ~cuts)
        photo = inside[0][:, :, None] & inside[1][:, None, :]
        square = ~outside[0][:, :, None] & ~outside[1][:, None, :]
        return Transformation(lines[0], lines[1], (photo & ~square)[:, None])
