"""The small image of a photo that a network sees."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray

_MAX_ASPECT_RATIO = 4
"""Of the small image: 3000 x 20 pixels must not become 38400 x 256."""


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


def resize_planes(planes: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Resizes float planes (C, h, w) with antialiasing."""
    size = shape[1], shape[0]
    images = (Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR) for plane in planes)
    return np.stack([np.asarray(image) for image in images])
