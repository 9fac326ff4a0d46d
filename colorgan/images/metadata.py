"""Metadata that survives from the original file to the colorized one: EXIF, XMP and resolution."""

from typing import Any

from PIL import Image

# TIFF tags that describe how the pixels are stored. They would be wrong in any other file.
_STORAGE_TAGS = {
    *(254, 255, *range(256, 260), 262, 266, 273, *range(277, 280), 284, 317, 320, *range(322, 326), 330, 338, 339, 347),
    *(*range(512, 522), *range(529, 533), 700, 33723, 34377, 34675),
}


def read_exif(image: Image.Image) -> bytes:
    """The EXIF block without tags about pixel storage; empty if there is none or it is damaged."""
    try:
        exif = image.getexif()
        for tag in _STORAGE_TAGS & exif.keys():
            del exif[tag]
        return exif.tobytes() if exif else b""
    except Exception:  # Pillow raises all kinds of errors for damaged metadata
        return b""


def read_xmp(image: Image.Image) -> bytes:
    """The XMP block; empty if there is none."""
    xmp = image.info.get("xmp", b"")
    return xmp if isinstance(xmp, bytes) else str(xmp).encode()


def read_dpi(image: Image.Image) -> tuple[float, float] | None:
    """Horizontal and vertical resolution in dots per inch; None if it is missing or implausible."""
    value: Any = image.info.get("dpi")
    try:
        horizontal, vertical = (float(number) for number in value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return (horizontal, vertical) if 0 < horizontal < 1e6 and 0 < vertical < 1e6 else None
