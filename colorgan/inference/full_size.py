"""Between a photo at full size and the small image that a network sees.

A network predicts chroma at its working size. The prediction is upsampled, guided by the lightness, and joined to the
photo's own lightness. This runs in strips, so that it needs little memory besides the photo, and in NumPy alone, so
that results are the same with torch and with ONNX.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.inference.look import AS_PREDICTED, Look
from colorgan.inference.small_image import downscale, resize_planes

_FY_OF_BLACK = np.float32(4 / 29)
_SIMILAR = np.float32(7 / 116)
"""Scale of the range kernel: 7 units of L*. On real photos, 5 to 10 give the smallest error."""
_STRIP_PIXELS = 1 << 15
"""Pixels per strip: enough that calls of NumPy cost little, and few enough that intermediates stay in the cache."""
_MAX_THREADS = 4


@dataclass(frozen=True)
class Paint:
    """Colors that cover a prediction where a user has chosen them, at a size of their own.

    Attributes:
        small: the photo at this size, (h, w, 3) uint8.
        weight: how much of the prediction they cover, from 0 to 1, float32 (h, w).
        ab: their CIE a* and b*, float32 (2, h, w); of any value where the weight is 0.
        lightness: how much lighter the photo becomes, in L*, float32 (h, w); negative where it becomes darker.
    """

    small: npt.NDArray[np.uint8]
    weight: FloatArray
    ab: FloatArray
    lightness: FloatArray


@dataclass(frozen=True)
class ChromaPrediction:
    """The chroma that a model predicts for a photo, at the working size.

    Attributes:
        small: the photo as the model saw it, (h, w, 3) uint8.
        ab: CIE a* and b*, float32 (2, h, w).
        paint: colors of hints, which cover the prediction.
    """

    small: npt.NDArray[np.uint8]
    ab: FloatArray
    paint: Paint | None = None

    def apply_to(
        self,
        photo: SRGBArray,
        look: Look = AS_PREDICTED,
        window: "Window | None" = None,
        num_threads: int | None = None,
    ) -> SRGBArray:
        """The photo with this chroma; see :func:`apply_chroma`."""
        return apply_chroma(photo, self, look, window, num_threads)


@dataclass(frozen=True)
class Window:
    """A rectangle of a photo, in fractions of its width and height.

    Attributes:
        left: the left edge, at least 0.
        top: the top edge.
        right: the right edge, at most 1.
        bottom: the bottom edge.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


def apply_chroma(
    photo: SRGBArray,
    prediction: ChromaPrediction,
    look: Look = AS_PREDICTED,
    window: Window | None = None,
    num_threads: int | None = None,
) -> SRGBArray:
    """Joins predicted chroma to the lightness of a photo at full size.

    Each pixel's chroma is a mean over the four nearest pixels of the small image, weighted by distance and by
    similarity in lightness (joint bilateral upsampling, Kopf et al. 2007), so that colors do not bleed over edges.
    Paint is upsampled in the same way and covers it. If a color is outside the sRGB gamut, its chroma is reduced and
    its lightness is kept.

    Args:
        photo: (H, W) gray or (H, W, 3) RGB, uint8 or uint16; of RGB only the lightness counts.
        prediction: the predicted chroma of the whole photo, and the paint on it.
        look: what to make of the prediction. Paint keeps its colors.
        window: the part of the photo that ``photo`` shows, at any scale. Default: all of it.
        num_threads: number of threads. Default: one per core, at most 4.

    Returns:
        (H, W, 3) of the photo's dtype.
    """
    height, width = photo.shape[:2]
    colorized = np.empty((height, width, 3), photo.dtype)
    window = window or Window()
    ab = look.apply(cielab.fy(prediction.small), prediction.ab)
    predicted = _Upsampler.of(prediction.small, ab, (height, width), window)
    paint = prediction.paint
    painted = None if paint is None else _Upsampler.of(paint.small, _layer(paint), (height, width), window)

    def fill_strip(rows: slice) -> None:
        fy = cielab.fy(photo[rows])
        a, b = predicted.upsample(rows, fy)
        if painted is not None:
            kept, paint_a, paint_b, lighter = painted.upsample(rows, fy)
            a, b = a * kept + paint_a, b * kept + paint_b
            fy = np.clip(fy + lighter, _FY_OF_BLACK, 1)
        for number, channel in enumerate(cielab.lab_to_linear(fy, a, b)):
            colorized[rows, :, number] = cielab.linear_to_srgb(channel, photo.dtype)

    num_rows = max(1, _STRIP_PIXELS // width)
    strips = [slice(first, min(first + num_rows, height)) for first in range(0, height, num_rows)]
    num_threads = min(_MAX_THREADS, os.cpu_count() or 1) if num_threads is None else num_threads
    if min(num_threads, len(strips)) == 1:
        for strip in strips:
            fill_strip(strip)
    else:
        with ThreadPoolExecutor(num_threads) as pool:
            for _ in pool.map(fill_strip, strips):
                pass
    return colorized


def _layer(paint: Paint) -> FloatArray:
    """What is kept of the prediction, a* and b* to add, and the change of f(Y / Yn), (4, h, w)."""
    return np.stack([1 - paint.weight, *(paint.ab * paint.weight), paint.lightness / np.float32(116)])


def chroma_at(prediction: ChromaPrediction, small: npt.NDArray[np.uint8]) -> FloatArray:
    """The chroma that a prediction has on another copy of the photo; upsampled as by :func:`apply_chroma`.

    Args:
        prediction: the prediction.
        small: the photo at another size, (h, w, 3).

    Returns:
        a* and b*, (2, h, w).
    """
    if small.shape == prediction.small.shape:
        return prediction.ab
    height, width = small.shape[:2]
    upsampler = _Upsampler.of(prediction.small, prediction.ab, (height, width), Window())
    return np.stack(upsampler.upsample(slice(0, height), cielab.fy(small)))


_Neighbors: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]
"""For each pixel of a row or column, the two nearest small pixels and the weight of the second."""


@dataclass(frozen=True)
class _Upsampler:
    """Upsamples planes of the small image, guided by the lightness of the photo.

    Attributes:
        guide: CIE f(Y / Yn) of the small image, (h, w).
        planes: (C, h, w).
        rows: the nearest small rows of each row of the photo.
        columns: the nearest small columns of each column of the photo.
    """

    guide: FloatArray
    planes: FloatArray
    rows: _Neighbors
    columns: _Neighbors

    @classmethod
    def of(cls, small: npt.NDArray[np.uint8], planes: FloatArray, shape: tuple[int, int], window: Window) -> Self:
        """Prepares planes of the size of ``small`` for a window of the photo that has this shape."""
        spans = (window.top, window.bottom), (window.left, window.right)
        whole = [round(length / (last - first)) for length, (first, last) in zip(shape, spans, strict=True)]
        limited = min(whole[0], small.shape[0]), min(whole[1], small.shape[1])  # a photo may be smaller
        if limited != small.shape[:2]:
            small, planes = downscale(small, limited), resize_planes(planes, limited)
        rows, columns = (_neighbors(*each) for each in zip(shape, limited, spans, strict=True))
        return cls(cielab.fy(small), planes, rows, columns)

    def upsample(self, rows: slice, fy: FloatArray) -> list[FloatArray]:
        """Computes the planes of some rows of the photo.

        Args:
            rows: the rows, with a start and a stop.
            fy: CIE f(Y / Yn) of these rows, (n, W).

        Returns:
            The planes, each (n, W).
        """
        upper, lower, down = (each[rows] for each in self.rows)
        left, right, along = self.columns
        first = upper[0]
        small = [plane[first : lower[-1] + 1] for plane in (self.guide, *self.planes)]
        total = np.zeros_like(fy)
        means = [np.zeros_like(fy) for _ in self.planes]
        weight, tap = np.empty_like(fy), np.empty_like(fy)
        wide = [[plane.take(columns, axis=1) for plane in small] for columns in (left, right)]  # whole rows copy faster
        for small_rows, near_row in ((upper - first, 1 - down), (lower - first, down)):
            for (guide, *taps), near in zip(wide, (1 - along, along), strict=True):
                np.subtract(fy, _take_rows(guide, small_rows, tap), out=weight)
                weight *= weight
                weight *= 1 / _SIMILAR**2
                weight += 1
                weight *= weight
                np.divide(near, weight, out=weight)
                weight *= near_row[:, None]
                total += weight
                for mean, values in zip(means, taps, strict=True):
                    taken = _take_rows(values, small_rows, tap)
                    taken *= weight
                    mean += taken
        for mean in means:
            mean /= total
        return means


def _take_rows(plane: FloatArray, rows: npt.NDArray[np.intp], out: FloatArray) -> FloatArray:
    """Copies rows of a plane into ``out``, which the mode ``clip`` does without a buffer; no row is out of range."""
    return plane.take(rows, axis=0, out=out, mode="clip")


def _neighbors(length: int, small_length: int, span: tuple[float, float]) -> _Neighbors:
    """For each of ``length`` pixels of a span, the two nearest small pixels and the weight of the second.

    The span is in fractions of the whole length, of which there are ``small_length`` pixels.
    """
    start, stop = span
    position = (start + (np.arange(length) + 0.5) * ((stop - start) / length)) * small_length - 0.5
    first = np.floor(position)
    nearness = (position - first).astype(np.float32)
    before = first.clip(0, small_length - 1).astype(np.intp)
    after = (first + 1).clip(0, small_length - 1).astype(np.intp)
    return before, after, nearness
