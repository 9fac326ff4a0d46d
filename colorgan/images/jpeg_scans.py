"""Counts the scans of JPEG files before they are decoded."""

import re
from typing import BinaryIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from colorgan.images.photo import UnreadableImage

MAX_SCANS = 100
"""Maximum number of scans of a JPEG file, the same as libtiff's. Encoders of progressive files write about ten."""

_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD9)])  # TEM, restart markers, start of image
_SEQUENTIAL_FRAMES = frozenset([0xC0, 0xC1, 0xC3, 0xC9, 0xCB])
_FRAMES = _SEQUENTIAL_FRAMES | frozenset([0xC2, 0xC5, 0xC6, 0xC7, 0xCA, 0xCD, 0xCE, 0xCF])
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_BLOCK_SIZE = 1 << 16


def check_scans(file: BinaryIO, image: Image.Image) -> None:
    """Checks that a JPEG file does not take endless time to decode.

    A scan of a progressive file that changes nothing takes 100 bytes and, with 100 megapixels, 20 milliseconds: a file
    of 200 MB would be decoded for half a day.

    Args:
        file: the file; its position is kept.
        image: the image that Pillow has opened in it, not decoded yet.

    Raises:
        UnreadableImage: if there are too many scans.
    """
    if not isinstance(image, JpegImageFile):
        return
    position = file.tell()
    try:
        file.seek(0)
        if count_scans(file, MAX_SCANS + 1) > MAX_SCANS:
            raise UnreadableImage("", f"it has more than {MAX_SCANS} scans; save it again without progressive mode")
    finally:
        file.seek(position)


def count_scans(file: BinaryIO, enough: int) -> int:
    """Counts the scans of a JPEG file. Ordinary files have one, and only their headers are read.

    Args:
        file: the file, at its start.
        enough: where to stop counting.
    """
    scans, num_components, skipped, rest = 0, b"", 0, b""
    while scans < enough and (block := file.read(_BLOCK_SIZE)):
        data, rest, position = rest + block, b"", skipped
        while scans < enough:
            skipped = max(0, position - len(data))
            marker = _MARKER.search(data, position)
            if marker is None:
                rest = b"\xff" if data[position:].endswith(b"\xff") else b""
                break
            code, start = marker[1][0], marker.end()
            if code == _END_OF_IMAGE:
                return scans
            if code in _WITHOUT_LENGTH:
                position = start
                continue
            end = start + int.from_bytes(data[start : start + 2])
            is_read = code in _FRAMES or code == _START_OF_SCAN
            if len(data) < start + 2 or (is_read and len(data) < end):
                rest = data[marker.start() :]
                break
            if code in _SEQUENTIAL_FRAMES:
                num_components = data[start + 7 : start + 8]
            if code == _START_OF_SCAN:
                scans += 1
                if scans == 1 and data[start + 2 : start + 3] == num_components:
                    return 1
            position = end
    return scans
