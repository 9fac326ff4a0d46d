"""A PNG encoder (ISO/IEC 15948) for RGB of 8 and 16 bits that compresses strips of rows on several cores.

Pillow writes no 16-bit RGB, takes twice the time for 8 bits at the same size of file, and uses one core.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from colorgan.color.cielab import SRGBArray
from colorgan.images.photo import Photo
from colorgan.system.threads import available_cores, map_ahead

_COMPRESSION = 2
"""Compression level of zlib; docs/performance.md compares the levels."""
_STRIP_BYTES = 1 << 20
"""Pixels that are compressed at once. Compression starts anew with each strip, which costs some 0.1 % of the size."""
_MAX_THREADS = 4
_METERS_PER_INCH = 0.0254
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_DEFLATE_HEADER = b"\x78\x5e"
"""Of a zlib stream (RFC 1950) with a window of 32 KiB at a fast level."""
_SUB, _UP, _AVERAGE = 1, 2, 3


def encode_png(pixels: SRGBArray, source: Photo | None = None) -> Iterator[bytes]:
    """Yields the bytes of a PNG file that is tagged with its color space, strip by strip.

    Args:
        pixels: RGB, (H, W, 3) uint8 or uint16, in the color space of the source's profile, or else in sRGB.
        source: photo to copy metadata from (EXIF, XMP, resolution, profile); None writes no metadata.
    """
    height, width, _ = pixels.shape
    bytes_per_row = 3 * pixels.itemsize * width
    yield b"\x89PNG\r\n\x1a\n"
    yield _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, 2, 0, 0, 0))
    if source is not None and source.profile:
        yield _chunk(b"iCCP", b"ICC profile\x00\x00" + zlib.compress(source.profile))
    else:
        yield _chunk(b"sRGB", b"\x00")
    if source is not None:
        yield from _metadata_chunks(source)
    num_rows = max(1, _STRIP_BYTES // bytes_per_row)
    strips = [slice(first, min(first + num_rows, height)) for first in range(0, height, num_rows)]

    def compress(rows: slice) -> tuple[bytes, int, int]:
        """The compressed rows, and the checksum and the length of what was compressed."""
        lines = _filter_rows(pixels, rows).data
        deflate = zlib.compressobj(_COMPRESSION, wbits=-zlib.MAX_WBITS)
        is_last = rows.stop == height
        packed = deflate.compress(lines) + deflate.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)
        return packed, zlib.adler32(lines), lines.nbytes

    header, checksum = _DEFLATE_HEADER, 1
    for packed, strip_checksum, length in map_ahead(
        compress, strips, min(len(strips), available_cores(), _MAX_THREADS)
    ):
        checksum = _combine_adler32(checksum, strip_checksum, length)
        yield _chunk(b"IDAT", header + packed)
        header = b""
    yield _chunk(b"IDAT", struct.pack(">I", checksum))
    yield _chunk(b"IEND", b"")


def _metadata_chunks(source: Photo) -> Iterator[bytes]:
    if source.dpi:
        yield _chunk(b"pHYs", struct.pack(">IIB", *(round(dots / _METERS_PER_INCH) for dots in source.dpi), 1))
    if source.exif:
        yield _chunk(b"eXIf", source.exif.removeprefix(b"Exif\x00\x00"))
    if source.xmp:
        yield _chunk(b"iTXt", _XMP_KEYWORD + b"\x00\x00\x00\x00\x00" + source.xmp)


def _filter_rows(pixels: SRGBArray, rows: slice) -> npt.NDArray[np.uint8]:
    """Applies the PNG filter Sub, Up or Average to each row, whichever leaves the smallest residuals.

    Returns:
        (n, 1 + bytes per row): the number of the filter and the residuals of each row.
    """
    step = 3 * pixels.itemsize
    first = max(0, rows.start - 1)
    strip = _big_endian_bytes(pixels[first : rows.stop])
    if rows.start == 0:  # above the first row, everything is 0
        strip = np.vstack([np.zeros_like(strip[:1]), strip])
    values, above = strip[1:], strip[:-1]
    left = np.zeros_like(values)
    left[:, step:] = values[:, :-step]
    average = left & above
    average += (left ^ above) >> 1  # half of the sum, without a ninth bit
    residuals = {_SUB: values - left, _UP: values - above, _AVERAGE: values - average}
    filters = np.array(list(residuals))
    chosen = filters[np.argmin([_magnitude(each, pixels.itemsize) for each in residuals.values()], axis=0)]
    lines = np.empty((len(values), 1 + values.shape[1]), np.uint8)
    lines[:, 0] = chosen
    for number, each in residuals.items():
        lines[chosen == number, 1:] = each[chosen == number]
    return lines


def _big_endian_bytes(pixels: SRGBArray) -> npt.NDArray[np.uint8]:
    """The bytes of each row of pixels, (n, bytes per row)."""
    ordered = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder(">"))
    return ordered.view(np.uint8).reshape(len(pixels), -1)


def _magnitude(residuals: npt.NDArray[np.uint8], step: int) -> npt.NDArray[np.uint64]:
    """Sum of absolute residuals in each row. Only high bytes count: the low bytes of a scan are noise."""
    high = residuals[:, ::step]
    total: npt.NDArray[np.uint64] = np.minimum(high, 0 - high).sum(axis=1, dtype=np.uint64)
    return total


def _combine_adler32(first: int, second: int, second_length: int) -> int:
    """The Adler-32 of two joined byte strings (RFC 1950) from those of the parts.

    >>> _combine_adler32(zlib.adler32(b"Wiki"), zlib.adler32(b"pedia"), 5) == zlib.adler32(b"Wikipedia")
    True
    """
    modulus = 65521
    low, high = first & 0xFFFF, first >> 16
    second_low, second_high = second & 0xFFFF, second >> 16
    return (low + second_low - 1) % modulus | (high + second_high + second_length * (low - 1)) % modulus << 16


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
