"""How a prediction is shown: the strength and the warmth of its colors, and the palette of a reference photo."""

import math
from dataclasses import dataclass

import numpy as np

from colorgan.color.cielab import FloatArray
from colorgan.errors import ColorganError
from colorgan.inference.palette import Palette

MAX_STRENGTH = 2.0
"""Strengths above 1 are a matter of taste: no photo of the training set had such colors."""

_WARM_X, _WARM_Z = 1.0144, 0.7576
"""X and Z of a white surface in daylight of 5,000 K (D50), relative to 6,504 K (D65), the white of sRGB."""


@dataclass(frozen=True)
class Look:
    """What a user asks of all colors of a photo. It is applied to the predicted chroma, at the working size.

    The palette of the reference comes first, then the warmth, then the strength, so that a strength of 0 is the gray
    photo whatever the others are. Colors that sRGB cannot show at the photo's lightness lose chroma later, and keep
    their lightness; see :func:`colorgan.inference.full_size.apply_chroma`.

    Warmth changes the light in which the photo seems to be taken. Under another light, X and Z of every surface change
    by a factor (von Kries), and since CIE f is a cube root, so do f(X) = f(Y) + a* / 500 and f(Z) = f(Y) - b* / 200.
    Both factors are those of daylight of 5,000 K instead of 6,504 K to the power of the warmth. So gray surfaces become
    warmer together with colored ones, more so the lighter they are (at L* = 50, b* rises by 10), as they do when a
    photo is taken in the evening; only black and white stay, because there is no other color of their lightness.
    A warmth of -1 undoes a warmth of 1.

    Attributes:
        strength: factor on the chroma: 0 gives the gray photo, 1 the colors as predicted; up to 2.
        warmth: from -1 (cold) to 1 (warm).
        reference: the palette to give to the photo; ``None`` keeps the predicted colors.

    Raises:
        ColorganError: if the strength or the warmth is out of range.

    Example:
        >>> gray = np.full((1, 1), (50 + 16) / 116, np.float32)
        >>> Look(warmth=1).apply(gray, np.zeros((2, 1, 1), np.float32)).round().ravel().tolist()
        [1.0, 10.0]
    """

    strength: float = 1.0
    warmth: float = 0.0
    reference: Palette | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= MAX_STRENGTH:
            raise ColorganError(
                f"strength must be between 0 (gray) and {MAX_STRENGTH:g} (twice as colorful as predicted), "
                f"received {self.strength}"
            )
        if not -1.0 <= self.warmth <= 1.0:
            raise ColorganError(f"warmth must be between -1 (cold) and 1 (warm), received {self.warmth}")

    def apply(self, fy: FloatArray, ab: FloatArray) -> FloatArray:
        """Changes predicted colors.

        Args:
            fy: lightness of the photo as CIE f(Y / Yn), (h, w); see :func:`colorgan.color.cielab.fy`.
            ab: predicted CIE a* and b*, (2, h, w).

        Returns:
            The new a* and b*, (2, h, w).
        """
        if self.reference is not None:
            ab = self.reference.transfer(fy, ab)
        if self.warmth:
            x, z = (np.float32(math.cbrt(factor) ** self.warmth) for factor in (_WARM_X, _WARM_Z))
            light = fy * np.float32(500), fy * np.float32(-200)
            ab = np.stack([(light[0] + ab[0]) * x - light[0], (light[1] + ab[1]) * z - light[1]])
        return ab * np.float32(self.strength)


AS_PREDICTED = Look()
"""Changes nothing."""
