"""Suggests colors for a hint, using the model itself.

The model predicts one color per pixel and no probabilities, so there is no distribution to sample from. Candidates
come from other predictions of the same model: for crops around the hint, where misleading context may be missing; for
equally light areas of the photo; and the original prediction with its chroma scaled, because a network that averages
over plausible colors predicts muted ones. They are suggestions, not probabilities, and the page says so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import ColorHint, Hint

_Image: TypeAlias = npt.NDArray[np.uint8]
_Predict: TypeAlias = Callable[[_Image, Sequence[Hint]], ChromaPrediction]

_MAX_SUGGESTIONS = 6
_CROP_FACTORS = (2, 4)
"""The sides of a crop are those of the photo divided by this factor."""
_MIN_CROP_SIDE = 32
_MORE_CHROMA, _MUCH_MORE_CHROMA, _LESS_CHROMA = 1.8, 3.0, 0.5
_SIMILAR_LIGHTNESS = np.float32(6 / 116)
"""Pixels whose L* differs by at most 6 count as equally light."""
_BIN_WIDTH = 10.0
"""Bin width, in a* and b*, of the histogram of colors in equally light areas."""
_MAX_COMMON_COLORS = 4
_MIN_DISTANCE = 5.0
"""Minimum distance in a* and b* at which two adjacent swatches look different."""


@dataclass(frozen=True)
class Suggestion:
    """A suggested color.

    Attributes:
        color: ``#rrggbb``, at the lightness of the photo under the hint.
        reason: its origin, in a few words.
    """

    color: str
    reason: str


def suggest_colors(predict: _Predict, photo: _Image, prediction: ChromaPrediction, spot: ColorHint) -> list[Suggestion]:
    """Suggests plausible colors for a hint, most likely first.

    All suggestions have the lightness of the photo under the hint and lie inside the sRGB gamut, so a swatch shows
    exactly the color that the hint would produce.

    Args:
        predict: predicts the chroma of an image with hints.
        photo: (H, W, 3) uint8.
        prediction: the chroma predicted for the whole photo without hints.
        spot: position and radius of the hint; its color is ignored.

    Returns:
        At most six visibly different colors.
    """
    lightness, ab = _mean_color(prediction, photo.shape[:2], spot)
    suggestions: list[Suggestion] = []
    accepted: list[FloatArray] = []
    for candidate, reason in _candidates(predict, photo, prediction, spot, lightness, ab):
        rgb = _to_rgb(lightness, candidate)
        displayed = cielab.rgb_to_ab(rgb[None, None])[:, 0, 0]
        if all(np.hypot(*(displayed - other)) >= _MIN_DISTANCE for other in accepted):
            accepted.append(displayed)
            suggestions.append(Suggestion(f"#{rgb[0]:02x}{rgb[1]:02x}{rgb[2]:02x}", reason))
        if len(suggestions) == _MAX_SUGGESTIONS:
            break
    return suggestions


def _candidates(
    predict: _Predict,
    photo: _Image,
    prediction: ChromaPrediction,
    spot: ColorHint,
    lightness: np.float32,
    ab: FloatArray,
) -> Iterator[tuple[FloatArray, str]]:
    """Yields a*, b* (2,) and the reason of each candidate, most likely first; crops are predicted lazily."""
    yield ab, "the model's prediction"
    for factor in _CROP_FACTORS:
        crop, spot_in_crop = _crop_around(photo, spot, factor)
        if min(crop.shape[:2]) >= _MIN_CROP_SIDE:
            yield _mean_color(predict(crop, ()), crop.shape[:2], spot_in_crop)[1], "from a close-up"
    yield ab * np.float32(_MORE_CHROMA), "more saturated"
    for common in _common_colors(prediction, lightness):
        yield common, "from equally light areas"
    yield ab * np.float32(_MUCH_MORE_CHROMA), "much more saturated"
    yield ab * np.float32(_LESS_CHROMA), "less saturated"


def _mean_color(prediction: ChromaPrediction, shape: tuple[int, int], spot: ColorHint) -> tuple[np.float32, FloatArray]:
    """Mean f(Y) and mean a*, b* (2,) of a prediction under a spot given in pixels of a photo of ``shape``."""
    height, width = prediction.small.shape[:2]
    inside = spot.mask((shape[1], shape[0]), (height, width))
    return cielab.fy(prediction.small)[inside].mean(), prediction.ab[:, inside].mean(axis=1)


def _crop_around(photo: _Image, spot: ColorHint, factor: int) -> tuple[_Image, ColorHint]:
    """Crops the photo around a spot, shifted where needed to stay inside, and moves the spot into the crop."""
    height, width = (max(1, side // factor) for side in photo.shape[:2])
    top = min(max(0, int(spot.y) - height // 2), photo.shape[0] - height)
    left = min(max(0, int(spot.x) - width // 2), photo.shape[1] - width)
    spot_in_crop = replace(spot, x=spot.x - left, y=spot.y - top)
    return photo[top : top + height, left : left + width], spot_in_crop


def _common_colors(prediction: ChromaPrediction, lightness: np.float32) -> list[FloatArray]:
    """The most common colors, a*, b* (2,), among equally light pixels, most common first."""
    similar = np.abs(cielab.fy(prediction.small) - lightness) <= _SIMILAR_LIGHTNESS
    colors = prediction.ab[:, similar]
    bins = np.rint(colors / np.float32(_BIN_WIDTH)).astype(np.int64)
    _, labels, counts = np.unique(bins[0] * 1000 + bins[1], return_inverse=True, return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:_MAX_COMMON_COLORS]
    return [colors[:, labels == label].mean(axis=1) for label in largest]


def _to_rgb(lightness: np.float32, ab: FloatArray) -> npt.NDArray[np.uint8]:
    """8-bit sRGB (3,) of a color, with its chroma reduced to fit the gamut at this lightness."""
    fy, a, b = (np.full(1, value, np.float32) for value in (lightness, ab[0], ab[1]))
    return np.array([cielab.linear_to_srgb(channel)[0] for channel in cielab.lab_to_linear(fy, a, b)], np.uint8)
