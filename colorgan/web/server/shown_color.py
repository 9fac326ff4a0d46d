"""What a photo can show of a color: at most lightnesses, only a part of all chroma is inside sRGB."""

from dataclasses import dataclass

import numpy as np

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.inference.hints import ColorHint

_TYPICAL = (10, 90)
"""Percentiles of the lightness under a hint between which a color should show fully."""
_KEPT_CHROMA = 0.98
"""A color that keeps this share of its chroma looks the same."""


@dataclass(frozen=True)
class ShownColor:
    """What a photo shows of a color at some place.

    Attributes:
        lightness: mean L* of the photo there, from 0 to 100.
        shown: the color at that lightness, with less chroma if sRGB has no such color, ``#rrggbb``.
        exact: whether the color keeps its chroma there, in the lighter and the darker pixels, too.
        nearest: the color of the same hue that does; equal to ``shown`` if ``exact``.
    """

    lightness: float
    shown: str
    exact: bool
    nearest: str


def shown_color(photo: SRGBArray, hint: ColorHint) -> ShownColor:
    """Computes what a photo shows of the color of a hint.

    Args:
        photo: (H, W) or (H, W, 3).
        hint: in pixels of the photo.
    """
    height, width = photo.shape[:2]
    fy = cielab.fy(photo)[hint.mask((width, height), (height, width))]
    mean = np.full(1, fy.mean(), np.float32)
    ab = cielab.rgb_to_ab(np.array([[hint.rgb]], np.uint8))[:, 0]
    chroma = max(float(np.hypot(*ab)[0]), 1e-6)
    typical = np.append(np.percentile(fy, _TYPICAL), mean).astype(np.float32)
    fitted = np.stack(cielab.fit_chroma(typical, *(np.repeat(plane, len(typical)) for plane in ab)))
    kept = float((np.hypot(*fitted) / chroma).min())
    exact = chroma < 1 or kept >= _KEPT_CHROMA
    shown = _hex(mean, ab)
    return ShownColor(
        round(float(mean[0]) * 116 - 16, 1), shown, exact, shown if exact else _hex(mean, ab * np.float32(kept))
    )


def _hex(fy: FloatArray, ab: FloatArray) -> str:
    channels = cielab.lab_to_linear(fy, *ab)
    return "#{:02x}{:02x}{:02x}".format(*(int(cielab.linear_to_srgb(channel)[0]) for channel in channels))
