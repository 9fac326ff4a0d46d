"""Finds what decoders overlook: damage from which they return wrong pixels without an error, and absurd metadata.

PNG stores checksums that Pillow does not compare for pixels, and libtiff does not compare those of deflate once a strip
is full. Run-length encodings have no checksums, but their counts must add up. JPEG, WebP, AVIF, GIF, CCITT fax and
uncompressed files have nothing to compare: changed bits in them change the picture.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Literal

from PIL import Image

from colorgan.images.photo import UnreadableImage

_BLOCK_SIZE = 1 << 20
_MAX_METADATA = 64 << 20
"""Bytes of one block of metadata. Pillow reads each of them into memory, whatever its size."""
_MAX_IN_MEMORY = 512 << 20
"""Bytes of a file that Pillow may read as a whole."""
_MAX_TIFF_VALUES = 1 << 22
"""Values of one TIFF field. Each becomes a Python object."""

_PNG = b"\x89PNG\r\n\x1a\n"
_STREAMED = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM", b"P", _PNG)
_MAX_POSITION = 1 << 40
_TIFF_BYTE_TYPES = (1, 2, 6, 7)
_BMP_RLE8, _BMP_RLE4 = 1, 2
_TIFF_DEFLATE = (8, 32946)
_TIFF_PACKBITS = 32773


def check_metadata(file: BinaryIO, size: int) -> None:
    """Checks that no part of a file takes much time or memory before its pixels are decoded.

    Args:
        file: the open file, at its start. Its position is kept.
        size: its size in bytes.

    Raises:
        UnreadableImage: if a part is implausibly large. The error has no path yet.
    """
    start = file.read(16)
    try:
        if size > _MAX_IN_MEMORY and not start.startswith(_STREAMED):
            raise UnreadableImage("", f"the file is too large ({size:,} bytes; at most {_MAX_IN_MEMORY:,} are read)")
        if start.startswith(_PNG):
            _check_sizes(length for kind, length in _png_chunks(file) if kind != b"IDAT")
        elif start[:2] in (b"II", b"MM"):
            _check_sizes(_tiff_field_sizes(file, start))
    finally:
        file.seek(0)


def _check_sizes(sizes: Iterable[int]) -> None:
    if any(size > _MAX_METADATA for size in sizes):
        raise UnreadableImage("", "its metadata are too large")


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yields the type and length of each chunk, with the file at the start of its data."""
    position = len(_PNG)
    while True:
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header)
        yield kind, length
        position += length + 12


def _tiff_field_sizes(file: BinaryIO, start: bytes) -> Iterator[int]:
    """Yields the size of each field of the first image, in bytes; a field of too many values counts as too large."""
    order: Literal["little", "big"] = "little" if start[:1] == b"I" else "big"
    is_big = 43 in start[2:4]
    number_size, count_size, entry_size = (8, 8, 20) if is_big else (2, 4, 12)
    offset = start[8:16] if is_big else start[4:8]
    file.seek(min(int.from_bytes(offset, order), _MAX_POSITION))  # beyond the end there is nothing to read
    for _ in range(min(int.from_bytes(file.read(number_size), order), 65535)):
        entry = file.read(entry_size)
        if len(entry) < entry_size:
            return
        kind, count = int.from_bytes(entry[2:4], order), int.from_bytes(entry[4 : 4 + count_size], order)
        yield count if kind in _TIFF_BYTE_TYPES or count <= _MAX_TIFF_VALUES else _MAX_METADATA + 1


def check_pixel_data(file: BinaryIO, image: Image.Image) -> None:
    """Checks the stored pixels of an image that is open but not decoded yet.

    Args:
        file: the file that the image was opened from. Its position is kept.
        image: the image.

    Raises:
        UnreadableImage: if the pixels are damaged. The error has no path yet.
    """
    position = file.tell()
    try:
        if image.format == "PNG":
            _check_png(file)
        elif image.format == "BMP" and image.info.get("compression") in (_BMP_RLE8, _BMP_RLE4):
            _check_bitmap(file, image)
        elif image.format == "TIFF":
            _check_tiff(file, image)
    finally:
        file.seek(position)


def _check_png(file: BinaryIO) -> None:
    """Compares the CRC-32 of all chunks with pixels."""
    for kind, length in _png_chunks(file):
        if kind != b"IDAT":
            continue
        crc, remaining = zlib.crc32(kind), length
        while remaining:
            block = file.read(min(remaining, _BLOCK_SIZE))
            if not block:
                raise UnreadableImage("", f"the file is cut short ({remaining:,} bytes are missing)")
            crc = zlib.crc32(block, crc)
            remaining -= len(block)
        stored = file.read(4)
        if len(stored) == 4 and crc != int.from_bytes(stored, "big"):
            raise UnreadableImage("", "the file is damaged (a checksum of its pixels differs)")


def _check_tiff(file: BinaryIO, image: Image.Image) -> None:
    tags: Any = getattr(image, "tag_v2", {})
    compression = tags.get(259, 1)
    if compression not in (*_TIFF_DEFLATE, _TIFF_PACKBITS):
        return
    is_tiled = 324 in tags
    offsets, lengths = (tags.get(number, ()) for number in ((324, 325) if is_tiled else (273, 279)))
    for number, (offset, length) in enumerate(zip(offsets, lengths, strict=False)):
        file.seek(min(offset, _MAX_POSITION))
        if compression in _TIFF_DEFLATE:
            _check_deflate(file, length)
        elif not is_tiled:
            _check_packbits(file.read(length), _strip_size(tags, image, number))


def _check_deflate(file: BinaryIO, length: int) -> None:
    """Decompresses one strip, whose checksum comes after its last pixel."""
    decompressor = zlib.decompressobj()
    pending = b""
    try:
        while not decompressor.eof and (pending or length > 0):
            if not pending:
                pending = file.read(min(length, _BLOCK_SIZE))
                length -= len(pending)
                if not pending:
                    return  # cut short, which the decoder notices
            decompressor.decompress(pending, _BLOCK_SIZE)  # in pieces, because a small strip can become very large
            pending = decompressor.unconsumed_tail
    except zlib.error as error:
        raise UnreadableImage("", "the file is damaged (a checksum of its pixels differs)") from error


def _strip_size(tags: Any, image: Image.Image, number: int) -> int | None:
    """Bytes of an unpacked strip; None if it cannot be told."""
    bits, samples = tags.get(258, (1,)), tags.get(277, 1)
    rows_per_strip = min(int(tags.get(278, image.height)), image.height)
    if rows_per_strip < 1 or not bits:
        return None
    strips = -(-image.height // rows_per_strip)
    if tags.get(284, 1) == 2:  # each channel has strips of its own
        samples, number = 1, number % strips
    rows = min(rows_per_strip, image.height - number * rows_per_strip)
    return rows * -(-image.width * samples * int(bits[0]) // 8) if rows > 0 else None


def _check_packbits(packed: bytes, expected: int | None) -> None:
    if expected is None:
        return
    position = unpacked = 0
    while position < len(packed) and unpacked < expected:
        count = packed[position]
        if count < 128:
            position += count + 2
            unpacked += count + 1
        else:
            position += 2 if count > 128 else 1
            unpacked += 257 - count if count > 128 else 0
    if unpacked != expected or position > len(packed):
        raise UnreadableImage("", "the file is damaged (its run lengths do not add up)")


def _check_bitmap(file: BinaryIO, image: Image.Image) -> None:
    """Checks that the runs of a bitmap fill each of its rows, and nothing else.

    The format allows to leave pixels out. Photos have no reason to, and the decoder fills them one by one in Python,
    which takes minutes for a small file that claims millions.
    """
    is_rle4 = image.info["compression"] == _BMP_RLE4
    file.seek(10)
    file.seek(int.from_bytes(file.read(4), "little"))
    column = row = 0
    for column_count in _bitmap_runs(file.read(), is_rle4):
        if column_count is None:  # the end of a row
            if column != image.width:
                break
            column, row = 0, row + 1
        else:
            column += column_count
            if column > image.width:
                break
    else:
        if (row, column) in ((image.height, 0), (image.height - 1, image.width)):
            return
    raise UnreadableImage("", "the file is damaged (its run lengths do not fill the picture)")


def _bitmap_runs(data: bytes, is_rle4: bool) -> Iterator[int | None]:
    """Yields the length of each run, and None at the end of each row."""
    position = 0
    while position + 1 < len(data):
        count, value = data[position], data[position + 1]
        position += 2
        if count:
            yield count
        elif value == 0:
            yield None
        elif value == 1:  # the end of the bitmap
            return
        elif value == 2:  # a jump
            break
        else:
            num_bytes = (value + 1) // 2 if is_rle4 else value
            position += num_bytes + num_bytes % 2
            yield value
    raise UnreadableImage("", "the file is damaged (its run lengths do not fill the picture)")
