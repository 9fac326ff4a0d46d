"""Metadata that survives from the original file to the colorized one: EXIF, XMP, resolution and quality."""

import functools
import io
import re
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np
from PIL import ExifTags, Image

from colorgan.images.photo import Photo

# TIFF tags that describe how the pixels are stored. They would be wrong in any other file.
_STORAGE_TAGS = {
    *(254, 255, *range(256, 260), 262, 266, 273, *range(277, 280), 284, 317, 320, *range(322, 326), 330, 338, 339, 347),
    *(*range(512, 522), *range(529, 533), 700, 33723, 34377, 34675),
}

_DESCRIPTION_TAGS = {
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.XResolution,
    ExifTags.Base.YResolution,
    ExifTags.Base.ResolutionUnit,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.Base.Rating,
    *range(ExifTags.Base.XPTitle, ExifTags.Base.XPSubject + 1),
}
_EXPOSURE_TAGS = {
    ExifTags.Base.ExposureTime,
    ExifTags.Base.FNumber,
    ExifTags.Base.ExposureProgram,
    ExifTags.Base.ISOSpeedRatings,
    ExifTags.Base.SensitivityType,
    ExifTags.Base.ExifVersion,
    ExifTags.Base.DateTimeOriginal,
    ExifTags.Base.DateTimeDigitized,
    *range(ExifTags.Base.OffsetTime, ExifTags.Base.OffsetTimeDigitized + 1),
    *range(ExifTags.Base.ShutterSpeedValue, ExifTags.Base.FocalLength + 1),
    ExifTags.Base.UserComment,
    *range(ExifTags.Base.SubsecTime, ExifTags.Base.SubsecTimeDigitized + 1),
    ExifTags.Base.FocalLengthIn35mmFilm,
    *range(ExifTags.Base.LensSpecification, ExifTags.Base.LensModel + 1),
}
Metadata: TypeAlias = Literal["basic", "all", "none"]
"""What a result keeps of the metadata of its photo: all but the place, everything, or nothing."""

_PLACE = re.compile(rb"gps|latitude|longitude|geo:", re.IGNORECASE)


def chosen_metadata(photo: Photo, which: Metadata) -> Photo:
    """The photo without its pixels, and with those of its metadata that a result keeps."""
    bare = replace(photo, rgb=np.empty((0, 0, 3), np.uint8), gray16=None)
    if which == "none":
        return replace(bare, exif=b"", xmp=b"", dpi=None, profile=b"")
    return bare if which == "all" else without_place(bare)


def without_place(photo: Photo) -> Photo:
    """The photo with metadata that say when and how it was taken, but not where.

    Of EXIF, dates, camera, exposure and descriptions are kept. The position, the serial numbers of camera and lens, the
    maker's own data, in which positions may be hidden, and the thumbnail of the gray photo are dropped. XMP is dropped
    if it mentions a position.
    """
    mentions_place = _PLACE.search(photo.xmp.replace(b"\0", b"")) is not None  # it may be UTF-16
    return replace(photo, exif=_without_place(photo.exif), xmp=b"" if mentions_place else photo.xmp)


def _without_place(block: bytes) -> bytes:
    try:
        exif, kept = Image.Exif(), Image.Exif()
        exif.load(block)
        kept.update({tag: exif[tag] for tag in _DESCRIPTION_TAGS & exif.keys()})
        details = exif.get_ifd(ExifTags.IFD.Exif)
        kept_details = {tag: details[tag] for tag in _EXPOSURE_TAGS & details.keys()}
        if kept_details:
            kept.get_ifd(ExifTags.IFD.Exif).update(kept_details)
        return kept.tobytes() if kept or kept_details else b""
    except Exception:  # Pillow raises all kinds of errors for damaged metadata
        return b""


def read_quality(image: Image.Image) -> int | None:
    """The quality of a JPEG file from 1 to 100, by its table of quantization; None for other formats.

    The tables of libjpeg are a standard table times a factor of the quality; other programs use similar ones.

    Example:
        >>> file = io.BytesIO()
        >>> Image.new("L", (8, 8)).save(file, "JPEG", quality=83)
        >>> read_quality(Image.open(file))
        83
    """
    tables: Any = getattr(image, "quantization", None)
    if not tables or 0 not in tables:
        return None
    percent = 100 * float(np.mean(np.divide(tables[0], _standard_table())))
    return round(min(max(100 - percent / 2 if percent <= 100 else 5000 / percent, 1), 100))


@functools.cache
def _standard_table() -> list[int]:
    """The table of libjpeg's quality 50 for lightness."""
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG", quality=50)
    tables: Any = getattr(Image.open(file), "quantization")  # noqa: B009 (an attribute of JPEG images only)
    return list(tables[0])


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
