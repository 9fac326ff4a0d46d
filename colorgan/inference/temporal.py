"""Reduces color flicker in video by temporal smoothing that restarts at scene cuts."""

from dataclasses import dataclass, replace

import numpy as np

from colorgan.color.cielab import FloatArray, lightness
from colorgan.errors import ColorganError
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.small_image import resize_planes

_THUMBNAIL_SHAPE = (16, 16)
"""Frames are compared at this size, where motion and grain have little effect."""
_MIN_CORRELATION, _DOUBTFUL_CORRELATION = 0.5, 0.7
"""Correlation of the lightness of two frames below which they are of different scenes, and below which they are if most
places have changed. Of pairs of different sample photos, 8% exceed the first and 3% the second. A camera that pans by
5% of the width per frame stays above the second in 95% of photos."""
_CHANGE = 3.0
"""Change of L* from which a place counts as changed."""
_FLAT_STD = 2.0
"""Frames whose L* has a lower standard deviation are nearly black or white."""
_MOTION_SCALE = np.float32(10.0)
"""Change of L* at which the smoothing weight is halved."""


@dataclass(frozen=True)
class SmootherState:
    """What a smoother knows of the frames before.

    Attributes:
        scenes: number of scenes so far.
        lightness: L* of the previous frame at the working size, (h, w).
        ab: its smoothed chroma, (2, h, w).
    """

    scenes: int
    lightness: FloatArray
    ab: FloatArray


class TemporalSmoother:
    """Exponential smoothing of a* and b* from frame to frame.

    Smoothing is weaker at pixels whose lightness has changed, because something moved there. A frame whose lightness is
    uncorrelated with that of the previous frame starts a new scene, and its colors are not smoothed. The correlation is
    insensitive to flicker and slow fades.

    Args:
        weight: weight of the previous frame, at least 0 and less than 1. At 0.8, frame-to-frame flicker of the
            prediction is reduced to a third.

    Attributes:
        scenes: number of scenes so far.

    Raises:
        ColorganError: if the weight is out of range.

    Example:
        >>> smooth = TemporalSmoother(0.75)
        >>> gray = np.full((8, 8, 3), 128, np.uint8)
        >>> frames = [ChromaPrediction(gray, np.full((2, 8, 8), chroma, np.float32)) for chroma in (0, 16, 16)]
        >>> [round(float(smooth(frame).ab.mean()), 2) for frame in frames]
        [0.0, 4.0, 7.0]
    """

    def __init__(self, weight: float) -> None:
        if not 0.0 <= weight < 1.0:
            raise ColorganError(f"the temporal weight must be at least 0 and less than 1, received {weight}")
        self.weight = np.float32(weight)
        self.scenes = 0
        self._previous_lightness: FloatArray | None = None
        self._previous_ab: FloatArray | None = None

    def __call__(self, frame: ChromaPrediction) -> ChromaPrediction:
        """Smooths the colors of the next frame."""
        current = lightness(frame.small)
        previous = self._previous_lightness
        if previous is None or self._previous_ab is None or is_cut(previous, current):
            self.scenes += 1
            ab = frame.ab
        else:
            change = current - previous
            motion = (change - np.median(change)) / _MOTION_SCALE  # the median is the flicker of the whole frame
            weight = self.weight / (1 + motion * motion)
            ab = weight * self._previous_ab + (1 - weight) * frame.ab
        self._previous_lightness, self._previous_ab = current, ab
        return replace(frame, ab=ab)

    @property
    def state(self) -> SmootherState | None:
        """What it knows of the frames so far, with which another one can go on; ``None`` before the first frame."""
        if self._previous_lightness is None or self._previous_ab is None:
            return None
        return SmootherState(self.scenes, self._previous_lightness, self._previous_ab)

    def restore(self, state: SmootherState) -> None:
        """Goes on where another smoother has stopped."""
        self.scenes, self._previous_lightness, self._previous_ab = state.scenes, state.lightness, state.ab

    def restart(self) -> None:
        """Discards the previous frame, before the first frame of another video."""
        self._previous_lightness = self._previous_ab = None


def is_cut(before: FloatArray, after: FloatArray) -> bool:
    """Whether two consecutive frames belong to different scenes.

    Args:
        before: L* of a frame, (h, w).
        after: L* of the next frame.
    """
    if before.shape != after.shape:
        return True
    first, second = (resize_planes(plane[None], _THUMBNAIL_SHAPE)[0].astype(np.float64) for plane in (before, after))
    if min(first.std(), second.std()) < _FLAT_STD:  # correlation is meaningless for a nearly black or white frame
        return bool(max(first.std(), second.std()) > 2 * _FLAT_STD)
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    change = second - first
    has_changed = np.abs(change - np.median(change)) > _CHANGE
    return bool(correlation < (_DOUBTFUL_CORRELATION if has_changed.mean() > 0.5 else _MIN_CORRELATION))
