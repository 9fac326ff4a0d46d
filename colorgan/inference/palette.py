"""The palette of a reference photo: how its chroma is distributed at each lightness, and its main colors."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError
from colorgan.inference.small_image import downscale, working_shape

_SIZE = 256
_MIN_CHROMA = 2.0


@dataclass(frozen=True, eq=False)
class Palette:
    """Mean and standard deviation of a reference photo's chroma."""

    mean: FloatArray
    std: FloatArray

    @classmethod
    def of(cls, photo: SRGBArray) -> Self:
        """Measures a photo, (H, W, 3)."""
        small = downscale(photo, working_shape(photo.shape[:2], _SIZE))
        ab = cielab.rgb_to_ab(small).reshape(2, -1)
        if np.hypot(*ab).mean() < _MIN_CHROMA:
            raise ColorganError("the reference photo has no colors; choose one in color")
        return cls(ab.mean(axis=1), ab.std(axis=1))

    def transfer(self, fy: FloatArray, ab: FloatArray) -> FloatArray:
        """Gives a* and b* (2, h, w) of a photo with the lightness ``fy`` (h, w) the statistics of this palette."""
        flat = ab.reshape(2, -1)
        mean, std = flat.mean(axis=1), flat.std(axis=1)
        gain = (self.std / np.maximum(std, 1)).clip(0, 3)
        changed: FloatArray = (ab - mean[:, None, None]) * gain[:, None, None] + self.mean[:, None, None]
        return changed
