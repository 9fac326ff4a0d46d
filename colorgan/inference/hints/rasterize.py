"""Hints as a network sees them: planes of color at its working size."""

from collections.abc import Sequence

import numpy as np

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.inference.hints.hint import Hint, Size, check_inside


def rasterize_hints(hints: Sequence[Hint], photo_size: Size, small: SRGBArray) -> FloatArray:
    """Rasterizes hints at the network's working size, as CIE L*a*b* and a mask.

    :meth:`colorgan.models.Hints.from_lab` converts the result for the network. A hint keeps its hue and chroma and gets
    the mean lightness of the photo beneath it, like the hints in training, which are taken from the photo. Colors
    outside the sRGB gamut lose chroma: a red hint on a dark sweater becomes dark red.

    Args:
        hints: the hints, in pixels of the photo.
        photo_size: width and height of the photo.
        small: the photo at the working size, (h, w, 3) uint8 or uint16; only its lightness is used.

    Returns:
        L*, a*, b* and the mask, (4, h, w); zero where there is no hint.

    Raises:
        ColorganError: if a hint is outside the photo.
    """
    check_inside(hints, photo_size)
    rows, columns = small.shape[:2]
    photo_fy = cielab.fy(small)
    hint_index = np.full((rows, columns), -1)
    mean_fy = []
    for index, hint in enumerate(hints):
        mask = hint.mask(photo_size, (rows, columns))
        hint_index[mask] = index
        mean_fy.append(photo_fy[mask].mean())
    rasterized = np.zeros((4, rows, columns), np.float32)
    if hints:
        fy = np.array(mean_fy, np.float32)
        ab = cielab.rgb_to_ab(np.array([[hint.rgb for hint in hints]], np.uint8))[:, 0]
        colors = np.stack([fy * np.float32(116) - np.float32(16), *cielab.fit_chroma(fy, *ab)])
        covered = hint_index >= 0
        rasterized[:3, covered] = colors[:, hint_index[covered]]
        rasterized[3] = covered
    return rasterized
