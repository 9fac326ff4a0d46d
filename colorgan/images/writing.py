"""The one writer of photographs: whole files or none, sRGB that says so, 16 bits where they were given.

Pillow cannot write color of 16 bits a channel, so that such PNG files are written here.
"""

import functools
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from colorgan.color.cielab import SRGBArray, to_8bit
from colorgan.files import atomic_write
from colorgan.images.reading import Photo

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Endings of the files that can be written."""

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}

_QUALITY = 95
_COMPRESSION = 3
"""Of zlib; a few percent larger than its default, in half the time."""
_STRIP_BYTES = 1 << 22
_INCH = 0.0254
_LONGEST_JPEG = 65535
_XMP = "XML:com.adobe.xmp"


def write_photo(path: str | Path, pixels: SRGBArray, source: Photo | None = None) -> None:
    """Writes a photo; the file is complete or not there, whatever happens.

    Args:
        path: a file name ending in .png, .jpg or .jpeg; its folder is made if it is not there.
        pixels: sRGB, (H, W, 3) uint8 or uint16. JPEG holds 8 bits.
        source: the photo whose metadata (EXIF, XMP, resolution) the file shall carry; none by default.

    Raises:
        ValueError: for another ending, or a photo longer than JPEG can hold.
        OSError: if the file cannot be written.
    """
    kind = FORMATS.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f"{path}: photos are written as .png or .jpg")
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        encode_photo(file, pixels, kind, source)


def encode_photo(file: BinaryIO, pixels: SRGBArray, kind: str = "PNG", source: Photo | None = None) -> None:
    """Writes a photo as PNG or JPEG into an open file; see :func:`write_photo`.

    Example:
        >>> from io import BytesIO
        >>> file = BytesIO()
        >>> encode_photo(file, np.full((2, 3, 3), 40_000, np.uint16))
        >>> file.getvalue()[24]  # bits per channel
        16
    """
    if kind == "JPEG":
        _jpeg(file, pixels, source)
    elif pixels.dtype == np.uint16:
        for chunk in _png_of_16_bits(pixels, source):
            file.write(chunk)
    else:
        _png(file, pixels, source)


def _jpeg(file: BinaryIO, pixels: SRGBArray, source: Photo | None) -> None:
    if max(pixels.shape[:2]) > _LONGEST_JPEG:
        raise ValueError(f"JPEG holds at most {_LONGEST_JPEG} pixels a side; write a PNG")
    options: dict[str, Any] = {"icc_profile": _srgb_profile()}
    if source is not None:
        options |= {name: value for name in ("exif", "xmp", "dpi") if (value := getattr(source, name))}
    image = Image.fromarray(to_8bit(pixels))
    try:
        image.save(file, "JPEG", quality=_QUALITY, subsampling=0, **options)
    except ValueError:  # metadata larger than a JPEG segment
        file.seek(0)
        file.truncate()
        image.save(file, "JPEG", quality=_QUALITY, subsampling=0, icc_profile=_srgb_profile())


@functools.cache
def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(
        ">6H", 2000, 1, 1, 0, 0, 0
    )  # made at a fixed date, so that equal photos are equal files
    return bytes(profile)


def _png(file: BinaryIO, pixels: SRGBArray, source: Photo | None) -> None:
    info = PngInfo()
    info.add(b"sRGB", b"\x00")
    options: dict[str, Any] = {}
    if source is not None:
        if source.xmp:
            info.add_itxt(_XMP, source.xmp.decode("utf-8", "replace"))
        options = {name: value for name in ("exif", "dpi") if (value := getattr(source, name))}
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info, compress_level=_COMPRESSION, **options)


def _png_of_16_bits(pixels: SRGBArray, source: Photo | None) -> Iterator[bytes]:
    """The bytes of a PNG file (ISO/IEC 15948), a few rows at a time."""
    height, width, _ = pixels.shape
    yield b"\x89PNG\r\n\x1a\n"
    yield _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    yield _chunk(b"sRGB", b"\x00")
    if source is not None:
        if source.dpi:
            yield _chunk(b"pHYs", struct.pack(">IIB", *(round(dots / _INCH) for dots in source.dpi), 1))
        if source.exif:
            yield _chunk(b"eXIf", source.exif.removeprefix(b"Exif\x00\x00"))
        if source.xmp:
            yield _chunk(b"iTXt", _XMP.encode() + b"\x00\x00\x00\x00\x00" + source.xmp)
    deflate = zlib.compressobj(_COMPRESSION)
    rows = max(1, _STRIP_BYTES // (6 * width))
    above = np.zeros((1, 6 * width), np.uint8)
    for first in range(0, height, rows):
        strip = np.ascontiguousarray(pixels[first : first + rows], dtype=">u2").view(np.uint8).reshape(-1, 6 * width)
        packed = deflate.compress(_filtered(strip, np.vstack([above, strip[:-1]])))
        above = strip[-1:]
        if packed:
            yield _chunk(b"IDAT", packed)
    yield _chunk(b"IDAT", deflate.flush())
    yield _chunk(b"IEND", b"")


def _filtered(strip: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8]) -> bytes:
    """Rows of bytes as differences from their upper neighbors or from the pixel to the left, whichever are smaller."""
    up = strip - above
    sub = strip.copy()
    sub[:, 6:] -= strip[:, :-6]
    smaller = _size(sub) < _size(up)
    lines = np.empty((len(strip), strip.shape[1] + 1), np.uint8)
    lines[:, 0] = np.where(smaller, 1, 2)
    lines[:, 1:] = np.where(smaller[:, None], sub, up)
    return lines.tobytes()


def _size(differences: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """The sum of the high bytes' absolute differences in each row; the low bytes of a scan are noise."""
    size: npt.NDArray[np.int64] = np.abs(differences[:, ::2].view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64)
    return size


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
