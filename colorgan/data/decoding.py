"""Decoding of photos to squares of one size, in parallel."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image
from tqdm import tqdm

from colorgan.data.sources import PhotoSource
from colorgan.images import RGBArray, UnreadableImage

Fit: TypeAlias = Literal["crop", "resize"]
"""How a photo becomes a square: ``crop`` keeps the center, ``resize`` keeps everything and changes the aspect ratio."""


@dataclass(frozen=True)
class DecodedPhoto:
    """A decoded photo.

    Attributes:
        pixels: (side, side, 3) uint8.
        size: original (width, height).
    """

    pixels: RGBArray
    size: tuple[int, int]


def decode_all(
    sources: Sequence[PhotoSource], side: int, fit: Fit, progress: bool = True
) -> Iterator[tuple[PhotoSource, DecodedPhoto | UnreadableImage]]:
    """Decodes photos on all available CPU cores and yields them in order.

    Args:
        sources: photos to decode.
        side: height and width of the results in pixels.
        fit: see :data:`Fit`.
        progress: show a progress bar if standard error is a terminal.

    Yields:
        Each source with its decoded photo, or with the error if it cannot be read.
    """
    workers = available_cpus()
    chunk_size = 32 * workers  # limits the number of decoded photos that wait to be written
    with (
        ThreadPoolExecutor(workers) as pool,  # threads suffice: Pillow releases the GIL
        tqdm(total=len(sources), desc="Decoding photos", unit="photo", disable=None if progress else True) as bar,
    ):
        for start in range(0, len(sources), chunk_size):
            chunk = sources[start : start + chunk_size]
            for source, decoded in zip(chunk, pool.map(partial(_decode, side=side, fit=fit), chunk), strict=True):
                yield source, decoded
                bar.update()


def to_square(photo: RGBArray, side: int, fit: Fit = "crop") -> RGBArray:
    """Resizes a photo to a square, with bicubic interpolation and antialiasing.

    Args:
        photo: (H, W, 3) uint8.
        side: height and width of the result in pixels.
        fit: see :data:`Fit`.

    Returns:
        Array (side, side, 3) of uint8.

    Example:
        >>> to_square(np.zeros((30, 40, 3), np.uint8), 16).shape
        (16, 16, 3)
    """
    height, width = photo.shape[:2]
    if (height, width) == (side, side):
        return photo
    shorter = min(height, width)
    left, top = (width - shorter) / 2, (height - shorter) / 2
    box = (0.0, 0.0, width, height) if fit == "resize" else (left, top, left + shorter, top + shorter)
    resized = Image.fromarray(photo).resize((side, side), Image.Resampling.BICUBIC, box=box)
    return np.asarray(resized)


def available_cpus() -> int:
    """Number of CPU cores available to this process, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _decode(source: PhotoSource, side: int, fit: Fit) -> DecodedPhoto | UnreadableImage:
    try:
        photo = source.load(2 * side)  # twice the side hides the lower quality of shrinking in the JPEG decoder
    except UnreadableImage as error:
        return error
    return DecodedPhoto(np.ascontiguousarray(to_square(photo.rgb, side, fit)), photo.size)
