"""Writes photos as PNG, JPEG or WebP files, atomically and tagged with their color space."""

import functools
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageCms

from colorgan.color.cielab import SRGBArray, to_8bit
from colorgan.files import atomic_write
from colorgan.images.photo import Photo
from colorgan.images.png import encode_png
from colorgan.images.srgb import from_srgb

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Maps the file extensions that can be written to Pillow's format names."""

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}

_MAX_SIDES = {"JPEG": 65535, "WEBP": 16383}
_JPEG_QUALITIES = (75, 95)
"""Lowest and highest quality of JPEG files. The highest is that of photos from files in other formats."""
_FULL_CHROMA_QUALITY = 90
"""From this quality on, chroma is stored at full resolution."""
_WEBP_OPTIONS = {"lossless": True, "quality": 0, "method": 0}
"""Lossless, with the least effort: files are 30 % smaller than PNG, and more effort gains little."""


def write_photo(path: str | Path, pixels: SRGBArray, source: Photo | None = None) -> None:
    """Writes a photo atomically: a failure never leaves a partial file.

    Args:
        path: output path with the extension .png, .jpg, .jpeg or .webp. The folder is created if necessary.
        pixels: sRGB, (H, W, 3) uint8 or uint16. JPEG and WebP are always 8-bit; PNG and WebP are lossless.
        source: photo to copy metadata from (EXIF, XMP, resolution, color space, quality); None writes no metadata.

    Raises:
        ValueError: if the extension is not supported, or the photo is too large for JPEG or WebP.
        OSError: if the file cannot be written.
    """
    kind = FORMATS.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f"{path}: photos can only be written as .png, .jpg or .webp")
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        encode_photo(file, pixels, kind, source)


def encode_photo(file: BinaryIO, pixels: SRGBArray, kind: str = "PNG", source: Photo | None = None) -> None:
    """Writes a photo to an open file as PNG, JPEG or WebP; see :func:`write_photo`.

    Example:
        >>> from io import BytesIO
        >>> import numpy as np
        >>> file = BytesIO()
        >>> encode_photo(file, np.full((2, 3, 3), 40_000, np.uint16))
        >>> file.getvalue()[24]  # bits per channel
        16
    """
    if source is not None and source.profile:
        pixels = np.asarray(from_srgb(Image.fromarray(to_8bit(pixels)), source.profile))
    if kind == "PNG":
        for chunk in encode_png(pixels, source):
            file.write(chunk)
    else:
        _write_8bit(file, pixels, kind, source)


def _write_8bit(file: BinaryIO, pixels: SRGBArray, kind: str, source: Photo | None) -> None:
    """Writes JPEG or WebP with Pillow."""
    if max(pixels.shape[:2]) > _MAX_SIDES[kind]:
        name = {"WEBP": "WebP"}.get(kind, kind)
        raise ValueError(f"{name} allows at most {_MAX_SIDES[kind]} pixels per side; write a PNG")
    options: dict[str, Any] = _jpeg_options(source) if kind == "JPEG" else _WEBP_OPTIONS
    options = {**options, "icc_profile": (source and source.profile) or _srgb_profile()}
    metadata = {name: value for name in ("exif", "xmp", "dpi") if source and (value := getattr(source, name))}
    image = Image.fromarray(to_8bit(pixels))
    try:
        image.save(file, kind, **options, **metadata)
    except ValueError:  # the metadata exceeds a JPEG segment: write the photo without it
        file.seek(0)
        file.truncate()
        image.save(file, kind, **options)


def _jpeg_options(source: Photo | None) -> dict[str, int]:
    """The quality of the source, within limits, because a lower one would add its damage to that of the source."""
    lowest, highest = _JPEG_QUALITIES
    quality = highest if source is None or source.quality is None else min(max(source.quality, lowest), highest)
    return {"quality": quality, "subsampling": 0 if quality >= _FULL_CHROMA_QUALITY else 2}


@functools.cache
def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # fixed creation date, so that output is reproducible
    return bytes(profile)
