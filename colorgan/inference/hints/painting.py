"""Paints the colors of hints over what the network predicts."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.inference.full_size import Paint
from colorgan.inference.hints.hint import Hint, Mask, Size, check_inside
from colorgan.inference.hints.spreading import SIDE, membership
from colorgan.inference.small_image import downscale, working_shape

_THRESHOLD = -1.75
"""Of the logit of a single hint with a reach of 1."""
_THRESHOLD_PER_DOUBLING = 2.0
"""By how much the threshold is lower for a reach twice as large."""
_SHARPNESS = 4.5
_MAX_LOG_ODDS = 30.0
_MAX_SPREADING = 256
"""So many hints come from a program, and need not spread: that takes a moment for each."""
_SHADING = 0.6
_MAX_SHADING = 0.4, 1.6
"""Shaded places of a thing have less chroma than its bright ones: chroma follows lightness to this power."""
_MAX_RECOLORING = 30.0
"""In L*."""


def paint_hints(hints: Sequence[Hint], photo_size: Size, photo: SRGBArray) -> Paint:
    """Spreads the color of each hint over the region that it marks.

    A pixel takes the color of the hint to whose region it most likely belongs, or keeps the prediction if it likely
    belongs to none. Several hints spread further than one alone, because the more regions are marked, the more likely
    is it that a pixel belongs to one of them. A mark itself always has its color. Of more than 256 hints, none spreads.

    Args:
        hints: the hints, in pixels of the photo.
        photo_size: width and height of the photo.
        photo: the photo, or a smaller copy of it, (H, W) or (H, W, 3), uint8 or uint16.

    Returns:
        The paint at a working size of its own.

    Raises:
        ColorganError: if a hint is outside the photo.
    """
    check_inside(hints, photo_size)
    shape = working_shape(photo.shape[:2], SIDE)
    small = downscale(photo, shape)
    lightness = cielab.lightness(small)
    num_spreading = len(hints) - len(still_hints(hints))
    total = np.zeros(shape, np.float32)
    sums = np.zeros((3, *shape), np.float32)
    highest = np.full(shape, -_MAX_LOG_ODDS, np.float32)
    if num_spreading:
        for hint, mark, color in _marks(hints, photo_size, lightness):
            if hint.reach > 0:
                threshold = _THRESHOLD - _THRESHOLD_PER_DOUBLING * math.log2(hint.reach) - math.log(num_spreading)
                log_odds = np.float32(_SHARPNESS) * (membership(lightness, mark) - np.float32(threshold))
                log_odds = np.clip(log_odds, -_MAX_LOG_ODDS, _MAX_LOG_ODDS)
                odds = np.exp(2 * log_odds)  # squared, so that there is little mixing
                total += odds
                sums += odds * _shaded(color, lightness, mark)
                np.maximum(highest, log_odds, out=highest)
    weight = np.reciprocal(1 + np.exp(-highest), dtype=np.float32) * (total > 0)
    sums /= np.maximum(total, np.finfo(np.float32).tiny)
    for _, mark, color in _marks(hints, photo_size, lightness):  # later ones cover earlier ones
        weight[mark] = 1
        sums[:, mark] = color[:, None]
    return Paint(small, weight, sums[:2], sums[2] * weight)


def still_hints(hints: Sequence[Hint]) -> list[Hint]:
    """The hints whose color does not spread: those without a reach, or all of them, if there are too many.

    Only these are shown to models that were trained with hints. On photos with drawn regions, showing them the others
    improved CIEDE2000 by 0.03 only, and changed more colors outside of the regions.
    """
    still = [hint for hint in hints if hint.reach == 0]
    return still if len(hints) - len(still) <= _MAX_SPREADING else list(hints)


def _marks(hints: Sequence[Hint], photo_size: Size, lightness: FloatArray) -> Iterator[tuple[Hint, Mask, FloatArray]]:
    """Each hint with its mask and its color, one by one: the masks of all would need much memory."""
    for hint in hints:
        mark = hint.mask(photo_size, lightness.shape)
        yield hint, mark, _color_of(hint, lightness[mark].mean())


def _shaded(color: FloatArray, lightness: FloatArray, mark: Mask) -> FloatArray:
    """A color on a thing of this lightness, (3, h, w); it is that of the mark where the thing is as light as there."""
    shading = np.clip((lightness + 5) / (lightness[mark].mean() + 5), *_MAX_SHADING) ** np.float32(_SHADING)
    return np.stack([color[0] * shading, color[1] * shading, np.full_like(shading, color[2])])


def _color_of(hint: Hint, lightness: np.float32) -> FloatArray:
    """a*, b* and the change of L* that a hint gives to a region of this lightness, (3,)."""
    pixel = np.array([[hint.rgb]], np.uint8)
    change = cielab.lightness(pixel)[0, 0] - lightness if hint.recolor else 0
    return np.array([*cielab.rgb_to_ab(pixel)[:, 0, 0], np.clip(change, -_MAX_RECOLORING, _MAX_RECOLORING)], np.float32)
