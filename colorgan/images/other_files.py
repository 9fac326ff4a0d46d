"""Says what a file is that cannot be read as a photo, so that a user knows what to do with it."""

import importlib.util
from typing import BinaryIO

_HEADER_BYTES = 64
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands of HEIF files whose pictures are those of HEVC; AVIF files have others."""

_STARTS = (
    (b"%PDF-", "it is a PDF; save its pages as PNG or JPEG files"),
    (b"PK\x03\x04", "it is an archive or an office document; take the pictures out of it first"),
    (b"\x1a\x45\xdf\xa3", "it is a film; to colorize it, give it a name that ends in .mkv"),
    (b"<!doctype html", "it is a web page; save the picture itself"),
    (b"<html", "it is a web page; save the picture itself"),
    (b"<svg", "it is a drawing in SVG; save it as PNG"),
    (b"8bps", "it is a Photoshop file; save it as PNG or TIFF"),
)

FILM_EXTENSIONS = frozenset((".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".mpg", ".mpeg", ".wmv", ".3gp", ".mts"))
"""Lowercase file extensions of films."""

IS_FILM = "it is a film, which `colorgan colorize` colorizes if you name the file itself"

NEEDS_HEIF = "it is a HEIC photo, which pillow-heif reads, and that is not installed; run: pip install pillow-heif"


def has_heif() -> bool:
    """Whether the optional library is installed that reads HEIC photos."""
    return importlib.util.find_spec("pillow_heif") is not None


def is_heif(file: BinaryIO) -> bool:
    """Whether a file is a HEIC or HEIF photo. Its position is kept."""
    header = _header(file)
    return header[4:8] == b"ftyp" and header[8:12] in _HEIF_BRANDS


def what_it_is(file: BinaryIO) -> str:
    """What to do with a file that is not a photo; empty if it is none of those that users take for photos.

    >>> import io
    >>> what_it_is(io.BytesIO(b"%PDF-1.7 ..."))
    'it is a PDF; save its pages as PNG or JPEG files'
    """
    if is_heif(file):
        return NEEDS_HEIF
    header = _header(file)
    if header[4:8] == b"ftyp":
        return "it is a film; to colorize it, give it a name that ends in .mp4 or .mov"
    start = header.lstrip().lower()
    return next((text for beginning, text in _STARTS if start.startswith(beginning.lower())), "")


def _header(file: BinaryIO) -> bytes:
    position = file.tell()
    file.seek(0)
    header = file.read(_HEADER_BYTES)
    file.seek(position)
    return header
