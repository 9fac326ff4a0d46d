"""Keeps the colors of a film steady: they are smoothed over time where the picture stays, and start anew at a cut."""

import numpy as np

from colorgan.color.cielab import FloatArray, lightness
from colorgan.errors import ColorganError
from colorgan.inference.full_size import ChromaPrediction, resize_planes

_LOOK = (16, 16)
"""Scenes are compared at this size, at which motion and grain hardly show."""
_SAME_SCENE = 0.5
_FLAT = 2.0
_MOVED = np.float32(10.0)


class TemporalSmoother:
    """Exponential smoothing of a* and b* from frame to frame.

    Where the lightness of a place has changed, something moved, and the smoothing is weaker there. A frame whose
    lightness is not correlated with that of the frame before begins a new scene: its colors owe nothing to the last
    one. The correlation does not see flicker, nor slow fades.

    Args:
        weight: how much of the colors of the frame before is kept, from 0 to less than 1. At 0.8, flicker of the
            prediction from frame to frame is reduced to a third.

    Attributes:
        scenes: how many scenes there have been.

    Raises:
        ColorganError: for a weight out of range.

    Example:
        >>> steadier = TemporalSmoother(0.75)
        >>> gray = np.full((8, 8, 3), 128, np.uint8)
        >>> frames = [ChromaPrediction(gray, np.full((2, 8, 8), chroma, np.float32)) for chroma in (0, 16, 16)]
        >>> [round(float(steadier(frame).ab.mean()), 2) for frame in frames]
        [0.0, 4.0, 7.0]
    """

    def __init__(self, weight: float) -> None:
        if not 0.0 <= weight < 1.0:
            raise ColorganError(f"the temporal weight must be at least 0 and less than 1, received {weight}")
        self.weight = np.float32(weight)
        self.scenes = 0
        self._light: FloatArray | None = None
        self._ab: FloatArray | None = None

    def __call__(self, frame: ChromaPrediction) -> ChromaPrediction:
        """Takes the next frame and gives it steady colors."""
        light = lightness(frame.small)
        if self._light is None or self._ab is None or is_cut(self._light, light):
            self.scenes += 1
            ab = frame.ab
        else:
            change = light - self._light
            moved = (change - np.median(change)) / _MOVED  # the median is the flicker of the whole frame
            kept = self.weight / (1 + moved * moved)
            ab = kept * self._ab + (1 - kept) * frame.ab
        self._light, self._ab = light, ab
        return ChromaPrediction(frame.small, ab)

    def restart(self) -> None:
        """Forgets the frames so far; another film begins."""
        self._light = self._ab = None


def is_cut(before: FloatArray, after: FloatArray) -> bool:
    """Whether two frames belong to different scenes.

    Args:
        before: L* of a frame, (h, w).
        after: L* of the next one.
    """
    if before.shape != after.shape:
        return True
    one, other = (resize_planes(light[None], _LOOK)[0].astype(np.float64) for light in (before, after))
    if min(one.std(), other.std()) < _FLAT:  # a black or a white frame resembles nothing but another one
        return bool(max(one.std(), other.std()) > 2 * _FLAT)
    return bool(np.corrcoef(one.ravel(), other.ravel())[0, 1] < _SAME_SCENE)
