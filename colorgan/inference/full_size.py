"""Between a photo at full size and the small image that a network sees.

A network predicts chroma at its working size. The prediction is upsampled, guided by the lightness, and joined to the
photo's own lightness. This runs in strips, so that it needs little memory besides the photo, and in NumPy alone, so
that results are the same with torch and with ONNX.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.inference.look import AS_PREDICTED, Look
from colorgan.inference.small_image import downscale, resize_planes

_SIMILAR = np.float32(7 / 116)
"""Scale of the range kernel: 7 units of L*. On real photos, 5 to 10 give the smallest error."""
_STRIP_PIXELS = 1 << 15
"""Pixels per strip: enough that calls of NumPy cost little, and few enough that intermediates stay in the cache."""
_MAX_THREADS = 4


@dataclass(frozen=True)
class ChromaPrediction:
    """The chroma that a model predicts for a photo, at the working size.

    Attributes:
        small: the photo as the model saw it, (h, w, 3) uint8.
        ab: CIE a* and b*, float32 (2, h, w).
    """

    small: npt.NDArray[np.uint8]
    ab: FloatArray

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
    similarity in lightness (joint bilateral upsampling, Kopf et al. 2007), so that colors do not bleed over edges. If a
    color is outside the sRGB gamut, its chroma is reduced and its lightness is kept.

    Args:
        photo: (H, W) gray or (H, W, 3) RGB, uint8 or uint16; of RGB only the lightness counts.
        prediction: the predicted chroma of the whole photo.
        look: what to make of the prediction.
        window: the part of the photo that ``photo`` shows, at any scale. Default: all of it.
        num_threads: number of threads. Default: one per core, at most 4.

    Returns:
        (H, W, 3) of the photo's dtype.
    """
    height, width = photo.shape[:2]
    colorized = np.empty((height, width, 3), photo.dtype)
    window = window or Window()
    ab = look.apply(cielab.fy(prediction.small), prediction.ab)
    spans = (window.top, window.bottom), (window.left, window.right)
    small, ab = _limit_to_photo(
        prediction.small, ab, *(round(n / (b - a)) for n, (a, b) in zip((height, width), spans, strict=True))
    )
    upsampler = _Upsampler(
        (cielab.fy(small), *ab),
        _neighbors(height, len(small), spans[0]),
        _neighbors(width, small.shape[1], spans[1]),
    )

    def fill_strip(rows: slice) -> None:
        fy = cielab.fy(photo[rows])
        for number, channel in enumerate(cielab.lab_to_linear(fy, *upsampler.chroma(rows, fy))):
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
    source, ab = _limit_to_photo(prediction.small, prediction.ab, height, width)
    rows, columns = _neighbors(height, len(source), (0, 1)), _neighbors(width, source.shape[1], (0, 1))
    return np.stack(_Upsampler((cielab.fy(source), *ab), rows, columns).chroma(slice(0, height), cielab.fy(small)))


_Neighbors: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]
"""For each pixel of a row or column, the two nearest small pixels and the weight of the second."""


@dataclass(frozen=True)
class _Upsampler:
    """Upsamples the chroma of the small image, guided by the lightness of the photo.

    Attributes:
        planes: CIE f(Y / Yn), a* and b* of the small image, each (h, w).
        rows: the nearest small rows of each row of the photo.
        columns: the nearest small columns of each column of the photo.
    """

    planes: tuple[FloatArray, ...]
    rows: _Neighbors
    columns: _Neighbors

    def chroma(self, rows: slice, fy: FloatArray) -> list[FloatArray]:
        """Computes a* and b* of some rows of the photo.

        Args:
            rows: the rows, with a start and a stop.
            fy: CIE f(Y / Yn) of these rows, (n, W).

        Returns:
            a* and b*, each (n, W).
        """
        upper, lower, down = (each[rows] for each in self.rows)
        left, right, along = self.columns
        first = upper[0]
        small = [plane[first : lower[-1] + 1] for plane in self.planes]
        total, a, b = (np.zeros_like(fy) for _ in range(3))
        weight, tap = np.empty_like(fy), np.empty_like(fy)
        wide = [[plane.take(columns, axis=1) for plane in small] for columns in (left, right)]  # whole rows copy faster
        for small_rows, near_row in ((upper - first, 1 - down), (lower - first, down)):
            for (guide, tap_a, tap_b), near in zip(wide, (1 - along, along), strict=True):
                np.subtract(fy, _take_rows(guide, small_rows, tap), out=weight)
                weight *= weight
                weight *= 1 / _SIMILAR**2
                weight += 1
                weight *= weight
                np.divide(near, weight, out=weight)
                weight *= near_row[:, None]
                total += weight
                for mean, values in ((a, tap_a), (b, tap_b)):
                    taken = _take_rows(values, small_rows, tap)
                    taken *= weight
                    mean += taken
        a /= total
        b /= total
        return [a, b]


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


def _limit_to_photo(
    small: npt.NDArray[np.uint8], ab: FloatArray, height: int, width: int
) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """The small image and its chroma, downscaled to the photo's size if that is smaller than the working size."""
    shape = min(height, small.shape[0]), min(width, small.shape[1])
    return (small, ab) if shape == small.shape[:2] else (downscale(small, shape), resize_planes(ab, shape))
