"""From the small picture that a network colors to the photo at its own size, with its own lightness, and back.

A network looks at a photo at its working size. What it says about the colors is enlarged, guided by the lightness,
and joined to the photo's own lightness. All of it runs in strips of a few rows, so that little memory is needed beside
the photo, and in NumPy alone, so that it is one and the same with torch and with ONNX.
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

LONGEST_SIDE = 4
"""The working picture is at most this many times longer than wide: 3000 x 20 pixels must not become 38400 x 256."""

_SIMILAR = np.float32(7 / 116)
"""Color passes between places whose lightness differs by less than 7; on real photos, 5 to 10 give the least error."""
_STRIP_PIXELS = 1 << 16
_MOST_THREADS = 4


@dataclass(frozen=True)
class ChromaPrediction:
    """What a model says about the colors of a photo, at its working size.

    Attributes:
        small: the photo as the model saw it, (h, w, 3) uint8.
        ab: CIE a* and b*, float32 (2, h, w).
    """

    small: npt.NDArray[np.uint8]
    ab: FloatArray

    def apply_to(self, photo: SRGBArray, strength: float = 1.0) -> SRGBArray:
        """The photo in these colors; see :func:`apply_chroma`."""
        return apply_chroma(photo, self, strength)


def working_shape(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """Height and width at which a photo is looked at: its shorter side becomes ``size``.

    Args:
        shape: height and width of the photo.
        size: in pixels.

    Example:
        >>> working_shape((4000, 6000), 256), working_shape((20, 3000), 256)
        ((256, 384), (7, 1024))
    """
    height, width = shape
    scale = min(size / min(height, width), LONGEST_SIDE * size / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def downscale(photo: SRGBArray, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """A photo at another size, filtered so that nothing flickers.

    Args:
        photo: (H, W) or (H, W, 3), uint8 or uint16.
        shape: the height and width wanted.

    Returns:
        (height, width, 3) uint8.
    """
    image = Image.fromarray(np.ascontiguousarray(cielab.to_8bit(photo)))
    small = np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    return np.repeat(small[..., None], 3, axis=2) if small.ndim == 2 else small


def apply_chroma(photo: SRGBArray, coloring: ChromaPrediction, strength: float = 1.0) -> SRGBArray:
    """Joins predicted colors to the lightness of a photo at its full size.

    Each pixel takes its color from the four nearest places of the small picture, the more the nearer and the more
    alike in lightness (joint bilateral upsampling, Kopf et al. 2007): colors do not bleed over edges. A color that
    sRGB cannot show at the photo's lightness loses chroma; the lightness stays.

    Args:
        photo: (H, W) gray or (H, W, 3) RGB, uint8 or uint16; of RGB only the lightness counts.
        coloring: what the model said.
        strength: factor on the chroma; 0 gives the gray photo, 1 the predicted colors.

    Returns:
        (H, W, 3) of the photo's dtype.
    """
    height, width = photo.shape[:2]
    painted = np.empty((height, width, 3), photo.dtype)
    small, ab = _no_larger_than(coloring, height, width)
    guide = cielab.fy(small)
    taps = [(guide[row], *ab[:, row] * np.float32(strength)) for row in range(len(guide))]
    left, right, along = _neighbors(width, guide.shape[1])

    def paint_strip(rows: slice, upper: int, lower: int, down: FloatArray) -> None:
        root = cielab.fy(photo[rows])
        total, a, b = (np.zeros_like(root) for _ in range(3))
        for row, near_row in ((upper, 1 - down), (lower, down)):
            for columns, near in ((left, 1 - along), (right, along)):
                there, tap_a, tap_b = (plane[columns] for plane in taps[row])
                weight = root - there
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
        for number, channel in enumerate(cielab.lab_to_linear(root, a, b)):
            painted[rows, :, number] = cielab.linear_to_srgb(channel, photo.dtype)

    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        for _ in pool.map(lambda strip: paint_strip(*strip), _strips(height, width, len(guide))):
            pass
    return painted


def _strips(height: int, width: int, small_height: int) -> Iterator[tuple[slice, int, int, FloatArray]]:
    """Rows of a photo that lie between the same two rows of the small picture, a few at a time.

    Yields:
        The rows; the small row above and the one below them; how near each is to the lower one, (n, 1) in [0, 1].
    """
    upper, lower, down = _neighbors(height, small_height)
    starts = np.flatnonzero(np.diff(upper + lower, prepend=-1)).tolist()
    most = max(1, _STRIP_PIXELS // width)
    for start, stop in zip(starts, [*starts[1:], height], strict=True):
        for first in range(start, stop, most):
            rows = slice(first, min(first + most, stop))
            yield rows, int(upper[first]), int(lower[first]), down[rows, None]


def _neighbors(length: int, small_length: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
    """For each of ``length`` pixels the two small pixels around its middle, and how near it is to the second."""
    position = (np.arange(length) + 0.5) * (small_length / length) - 0.5
    first = np.floor(position)
    nearness = (position - first).astype(np.float32)
    before = first.clip(0, small_length - 1).astype(np.intp)
    after = (first + 1).clip(0, small_length - 1).astype(np.intp)
    return before, after, nearness


def _no_larger_than(coloring: ChromaPrediction, height: int, width: int) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """The coloring at no more than the photo's own size, for photos smaller than the working size."""
    small, ab = coloring.small, coloring.ab
    shape = min(height, small.shape[0]), min(width, small.shape[1])
    return (small, ab) if shape == small.shape[:2] else (downscale(small, shape), resize_planes(ab, shape))


def resize_planes(planes: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Float planes (C, h, w) at another height and width, filtered."""
    size = shape[1], shape[0]
    images = (Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR) for plane in planes)
    return np.stack([np.asarray(image) for image in images])
