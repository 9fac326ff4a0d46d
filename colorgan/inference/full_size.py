"""Between a photo at full size and the small image that a network sees.

A network predicts chroma at its working size. The prediction is upsampled, guided by the lightness, and joined to the
photo's own lightness. This runs in strips of a few rows, so that it needs little memory besides the photo, and in NumPy
alone, so that results are the same with torch and with ONNX.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray

_MAX_ASPECT_RATIO = 4
"""Of the small image: 3000 x 20 pixels must not become 38400 x 256."""

_SIMILAR = np.float32(7 / 116)
"""Scale of the range kernel: 7 units of L*. On real photos, 5 to 10 give the smallest error."""
_STRIP_PIXELS = 1 << 16
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

    def apply_to(self, photo: SRGBArray, strength: float = 1.0) -> SRGBArray:
        """The photo with this chroma; see :func:`apply_chroma`."""
        return apply_chroma(photo, self, strength)


def working_shape(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """Height and width of the small image: the photo's shorter side becomes ``size``.

    Args:
        shape: height and width of the photo.
        size: in pixels.

    Example:
        >>> working_shape((4000, 6000), 256), working_shape((20, 3000), 256)
        ((256, 384), (7, 1024))
    """
    height, width = shape
    scale = min(size / min(height, width), _MAX_ASPECT_RATIO * size / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def downscale(photo: SRGBArray, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Resizes a photo with antialiasing.

    Args:
        photo: (H, W) or (H, W, 3), uint8 or uint16.
        shape: height and width of the result.

    Returns:
        (height, width, 3) uint8.
    """
    image = Image.fromarray(np.ascontiguousarray(cielab.to_8bit(photo)))
    small = np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    return np.repeat(small[..., None], 3, axis=2) if small.ndim == 2 else small


def apply_chroma(photo: SRGBArray, prediction: ChromaPrediction, strength: float = 1.0) -> SRGBArray:
    """Joins predicted chroma to the lightness of a photo at full size.

    Each pixel's chroma is a mean over the four nearest pixels of the small image, weighted by distance and by
    similarity in lightness (joint bilateral upsampling, Kopf et al. 2007), so that colors do not bleed over edges. If a
    color is outside the sRGB gamut, its chroma is reduced and its lightness is kept.

    Args:
        photo: (H, W) gray or (H, W, 3) RGB, uint8 or uint16; of RGB only the lightness counts.
        prediction: the predicted chroma.
        strength: factor on the chroma; 0 gives the gray photo, 1 the prediction.

    Returns:
        (H, W, 3) of the photo's dtype.
    """
    height, width = photo.shape[:2]
    colorized = np.empty((height, width, 3), photo.dtype)
    small, ab = _limit_to_photo(prediction, height, width)
    guide = cielab.fy(small)
    taps = [(guide[row], *ab[:, row] * np.float32(strength)) for row in range(len(guide))]
    left, right, along = _neighbors(width, guide.shape[1])

    def fill_strip(rows: slice, upper: int, lower: int, down: FloatArray) -> None:
        fy = cielab.fy(photo[rows])
        total, a, b = (np.zeros_like(fy) for _ in range(3))
        for row, near_row in ((upper, 1 - down), (lower, down)):
            for columns, near in ((left, 1 - along), (right, along)):
                there, tap_a, tap_b = (plane[columns] for plane in taps[row])
                weight = fy - there
                weight *= weight
                weight *= 1 / _SIMILAR**2
                weight += 1
                weight *= weight
                np.divide(near, weight, out=weight)
                weight *= near_row
                total += weight
                a += weight * tap_a
                b += weight * tap_b
        a /= total
        b /= total
        for number, channel in enumerate(cielab.lab_to_linear(fy, a, b)):
            colorized[rows, :, number] = cielab.linear_to_srgb(channel, photo.dtype)

    with ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as pool:
        for _ in pool.map(lambda strip: fill_strip(*strip), _strips(height, width, len(guide))):
            pass
    return colorized


def _strips(height: int, width: int, small_height: int) -> Iterator[tuple[slice, int, int, FloatArray]]:
    """Splits a photo into rows that lie between the same two rows of the small image, a few at a time.

    Yields:
        The rows; the small rows above and below them; the weight of the lower one for each row, (n, 1) in [0, 1].
    """
    upper, lower, down = _neighbors(height, small_height)
    starts = np.flatnonzero(np.diff(upper + lower, prepend=-1)).tolist()
    max_rows = max(1, _STRIP_PIXELS // width)
    for start, stop in zip(starts, [*starts[1:], height], strict=True):
        for first in range(start, stop, max_rows):
            rows = slice(first, min(first + max_rows, stop))
            yield rows, int(upper[first]), int(lower[first]), down[rows, None]


def _neighbors(length: int, small_length: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
    """For each of ``length`` pixels, the two nearest small pixels and the weight of the second."""
    position = (np.arange(length) + 0.5) * (small_length / length) - 0.5
    first = np.floor(position)
    nearness = (position - first).astype(np.float32)
    before = first.clip(0, small_length - 1).astype(np.intp)
    after = (first + 1).clip(0, small_length - 1).astype(np.intp)
    return before, after, nearness


def _limit_to_photo(prediction: ChromaPrediction, height: int, width: int) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """The prediction, downscaled to the photo's size if the photo is smaller than the working size."""
    small, ab = prediction.small, prediction.ab
    shape = min(height, small.shape[0]), min(width, small.shape[1])
    return (small, ab) if shape == small.shape[:2] else (downscale(small, shape), resize_planes(ab, shape))


def resize_planes(planes: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Resizes float planes (C, h, w) with antialiasing."""
    size = shape[1], shape[0]
    images = (Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR) for plane in planes)
    return np.stack([np.asarray(image) for image in images])
