"""Writes photos as PNG or JPEG files, atomically and tagged as sRGB.

Pillow cannot write 16-bit RGB, so this module has its own PNG encoder for it.
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
from colorgan.images.photo import Photo

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Maps the file extensions that can be written to Pillow's format names."""

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}

_JPEG_QUALITY = 95
_MAX_JPEG_SIDE = 65535
_COMPRESSION = 3
"""Compression level of zlib: files are a few percent larger than at the default level and take half the time."""
_STRIP_BYTES = 1 << 22
_METERS_PER_INCH = 0.0254
_XMP_KEYWORD = "XML:com.adobe.xmp"


def write_photo(path: str | Path, pixels: SRGBArray, source: Photo | None = None) -> None:
    """Writes a photo atomically: a failure never leaves a partial file.

    Args:
        path: output path with the extension .png, .jpg or .jpeg. The folder is created if necessary.
        pixels: sRGB, (H, W, 3) uint8 or uint16. JPEG is always 8-bit.
        source: photo to copy metadata from (EXIF, XMP, resolution); None writes no metadata.

    Raises:
        ValueError: if the extension is not supported, or the photo is too large for JPEG.
        OSError: if the file cannot be written.
    """
    kind = FORMATS.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f"{path}: photos can only be written as .png or .jpg")
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        encode_photo(file, pixels, kind, source)


def encode_photo(file: BinaryIO, pixels: SRGBArray, kind: str = "PNG", source: Photo | None = None) -> None:
    """Writes a photo to an open file as PNG or JPEG; see :func:`write_photo`.

    Example:
        >>> from io import BytesIO
        >>> file = BytesIO()
        >>> encode_photo(file, np.full((2, 3, 3), 40_000, np.uint16))
        >>> file.getvalue()[24]  # bits per channel
        16
    """
    if kind == "JPEG":
        _write_jpeg(file, pixels, source)
    elif pixels.dtype == np.uint16:
        for chunk in _encode_png16(pixels, source):
            file.write(chunk)
    else:
        _write_png8(file, pixels, source)


def _write_jpeg(file: BinaryIO, pixels: SRGBArray, source: Photo | None) -> None:
    if max(pixels.shape[:2]) > _MAX_JPEG_SIDE:
        raise ValueError(f"JPEG allows at most {_MAX_JPEG_SIDE} pixels per side; write a PNG")
    options: dict[str, Any] = {"icc_profile": _srgb_profile()}
    if source is not None:
        options |= {name: value for name in ("exif", "xmp", "dpi") if (value := getattr(source, name))}
    image = Image.fromarray(to_8bit(pixels))
    try:
        image.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0, **options)
    except ValueError:  # the metadata exceeds a JPEG segment: write the photo without it
        file.seek(0)
        file.truncate()
        image.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0, icc_profile=_srgb_profile())


@functools.cache
def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # fixed creation date, so that output is reproducible
    return bytes(profile)


def _write_png8(file: BinaryIO, pixels: SRGBArray, source: Photo | None) -> None:
    info = PngInfo()
    info.add(b"sRGB", b"\x00")
    options: dict[str, Any] = {}
    if source is not None:
        if source.xmp:
            info.add_itxt(_XMP_KEYWORD, source.xmp.decode("utf-8", "replace"))
        options = {name: value for name in ("exif", "dpi") if (value := getattr(source, name))}
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info, compress_level=_COMPRESSION, **options)


def _encode_png16(pixels: SRGBArray, source: Photo | None) -> Iterator[bytes]:
    """Yields the bytes of a 16-bit PNG file (ISO/IEC 15948), a few rows at a time."""
    height, width, _ = pixels.shape
    yield b"\x89PNG\r\n\x1a\n"
    yield _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    yield _chunk(b"sRGB", b"\x00")
    if source is not None:
        if source.dpi:
            yield _chunk(b"pHYs", struct.pack(">IIB", *(round(dots / _METERS_PER_INCH) for dots in source.dpi), 1))
        if source.exif:
            yield _chunk(b"eXIf", source.exif.removeprefix(b"Exif\x00\x00"))
        if source.xmp:
            yield _chunk(b"iTXt", _XMP_KEYWORD.encode() + b"\x00\x00\x00\x00\x00" + source.xmp)
    deflate = zlib.compressobj(_COMPRESSION)
    rows = max(1, _STRIP_BYTES // (6 * width))
    above = np.zeros((1, 6 * width), np.uint8)
    for first in range(0, height, rows):
        strip = np.ascontiguousarray(pixels[first : first + rows], dtype=">u2").view(np.uint8).reshape(-1, 6 * width)
        packed = deflate.compress(_filter_rows(strip, np.vstack([above, strip[:-1]])))
        above = strip[-1:]
        if packed:
            yield _chunk(b"IDAT", packed)
    yield _chunk(b"IDAT", deflate.flush())
    yield _chunk(b"IEND", b"")


def _filter_rows(strip: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8]) -> bytes:
    """Applies the PNG filter Up or Sub to each row, whichever leaves smaller residuals."""
    up = strip - above
    sub = strip.copy()
    sub[:, 6:] -= strip[:, :-6]
    use_sub = _magnitude(sub) < _magnitude(up)
    lines = np.empty((len(strip), strip.shape[1] + 1), np.uint8)
    lines[:, 0] = np.where(use_sub, 1, 2)
    lines[:, 1:] = np.where(use_sub[:, None], sub, up)
    return lines.tobytes()


def _magnitude(residuals: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Sum of absolute residuals in each row. Only high bytes count: the low bytes of a scan are noise."""
    total: npt.NDArray[np.int64] = np.abs(residuals[:, ::2].view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64)
    return total


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
