"""Colors to choose from for a spot, out of the model itself.

The models of colorgan give one answer for a pixel and no probabilities: there is no list of likeliest colors to read
off. What stands in for it are further answers of the same model: what it says about the spot when it looks closer,
where context that misled it may be missing; what it says about other places of the photo that are as light; and its
first answer with more or with less chroma, because a network that averages over what may be is too careful. They are
suggestions, not probabilities, and the page calls them so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hint_file import ColorHint

_MOST = 6
_CLOSER = (2, 4)
"""The closer looks see this fraction of the photo's sides."""
_SMALLEST_VIEW = 32
_STRONGER, _MUCH_STRONGER, _FAINTER = 1.8, 3.0, 0.5
_AS_LIGHT = np.float32(6 / 116)
"""Lightness within 6 counts as the same."""
_BIN = 10.0
_ELSEWHERE = 4
_DISTINCT = 5.0
"""Distance in a* and b* from which two swatches beside each other look like two colors."""


@dataclass(frozen=True)
class Suggestion:
    """A color and where it comes from.

    Attributes:
        color: ``#rrggbb``, at the lightness of the spot.
        reason: in a few words.
    """

    color: str
    reason: str


def suggest(
    look: Callable[[npt.NDArray[np.uint8], Sequence[ColorHint]], ChromaPrediction],
    photo: npt.NDArray[np.uint8],
    first: ChromaPrediction,
    dot: ColorHint,
) -> list[Suggestion]:
    """Colors that the model may see under a dot, the likeliest first.

    All have the lightness that the photo has under the dot, so that a swatch shows what the dot would do, and all of
    them can be shown by sRGB.

    Args:
        look: what the model says about a picture.
        photo: (H, W, 3).
        first: what it says about the whole photo without hints.
        dot: where; its color does not count.

    Returns:
        At most six, no two of them alike.
    """
    light, ab = _under(first, photo.shape[:2], dot)
    chosen: list[Suggestion] = []
    shown: list[FloatArray] = []
    for candidate, reason in _candidates(look, photo, first, dot, light, ab):
        rgb = _at_lightness(light, candidate)
        visible = cielab.rgb_to_ab(rgb[None, None])[:, 0, 0]
        if all(np.hypot(*(visible - other)) >= _DISTINCT for other in shown):
            shown.append(visible)
            chosen.append(Suggestion(f"#{rgb[0]:02x}{rgb[1]:02x}{rgb[2]:02x}", reason))
        if len(chosen) == _MOST:
            break
    return chosen


def _candidates(
    look: Callable[[npt.NDArray[np.uint8], Sequence[ColorHint]], ChromaPrediction],
    photo: npt.NDArray[np.uint8],
    first: ChromaPrediction,
    dot: ColorHint,
    light: np.float32,
    ab: FloatArray,
) -> Iterator[tuple[FloatArray, str]]:
    yield ab, "the model's first answer"
    for part in _CLOSER:
        view, moved = _closer(photo, dot, part)
        if min(view.shape[:2]) >= _SMALLEST_VIEW:
            yield _under(look(view, ()), view.shape[:2], moved)[1], "from a closer look"
    yield ab * np.float32(_STRONGER), "stronger"
    for elsewhere in _elsewhere(first, light):
        yield elsewhere, "as elsewhere in this photo"
    yield ab * np.float32(_MUCH_STRONGER), "much stronger"
    yield ab * np.float32(_FAINTER), "fainter"


def _under(coloring: ChromaPrediction, shape: tuple[int, int], dot: ColorHint) -> tuple[np.float32, FloatArray]:
    """Lightness, as its root, and a*, b* (2,), averaged under a dot that lies on a photo of a shape."""
    rows, columns = coloring.small.shape[:2]
    down = (np.arange(rows) + 0.5) * (shape[0] / rows)
    right = (np.arange(columns) + 0.5) * (shape[1] / columns)
    inside = np.square(down - dot.y)[:, None] + np.square(right - dot.x) <= dot.radius**2
    inside[int(dot.y * rows / shape[0]), int(dot.x * columns / shape[1])] = True
    return cielab.fy(coloring.small)[inside].mean(), coloring.ab[:, inside].mean(axis=1)


def _closer(photo: npt.NDArray[np.uint8], dot: ColorHint, part: int) -> tuple[npt.NDArray[np.uint8], ColorHint]:
    """A part of the photo around a dot, as large as can be without leaving it, and the dot on it."""
    height, width = (max(1, side // part) for side in photo.shape[:2])
    top = min(max(0, int(dot.y) - height // 2), photo.shape[0] - height)
    left = min(max(0, int(dot.x) - width // 2), photo.shape[1] - width)
    moved = ColorHint(dot.x - left, dot.y - top, dot.color, dot.radius)
    return photo[top : top + height, left : left + width], moved


def _elsewhere(first: ChromaPrediction, light: np.float32) -> list[FloatArray]:
    """The colors that are commonest among the places that are as light, the commonest first."""
    alike = np.abs(cielab.fy(first.small) - light) <= _AS_LIGHT
    colors = first.ab[:, alike]
    bins = np.rint(colors / np.float32(_BIN)).astype(np.int64)
    _, owner, count = np.unique(bins[0] * 1000 + bins[1], return_inverse=True, return_counts=True)
    commonest = np.argsort(-count, kind="stable")[:_ELSEWHERE]
    return [colors[:, owner == number].mean(axis=1) for number in commonest]


def _at_lightness(light: np.float32, ab: FloatArray) -> npt.NDArray[np.uint8]:
    """8-bit sRGB (3,) of a color, with as much of its chroma as can be shown at a lightness."""
    roots, a, b = (np.full(1, value, np.float32) for value in (light, ab[0], ab[1]))
    return np.array([cielab.linear_to_srgb(channel)[0] for channel in cielab.lab_to_linear(roots, a, b)], np.uint8)
