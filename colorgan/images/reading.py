"""Reads photos from untrusted files.

Training, evaluation, the command line and the web page all read photos here, so they all see the same pixels. Whatever
the file contains, the result is either an upright 8-bit sRGB image or an :class:`UnreadableImage` error that names the
file. Reading never blocks, never launches another program, and never decodes an image above the pixel limit.
"""

import contextlib
import io
import logging
import os
import warnings
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from colorgan.files import open_regular
from colorgan.images.changes import changes_of
from colorgan.images.integrity import check_metadata, check_pixel_data
from colorgan.images.jpeg_scans import check_scans
from colorgan.images.listing import formats
from colorgan.images.metadata import read_dpi, read_exif, read_quality, read_xmp
from colorgan.images.other_files import is_heif, what_it_is
from colorgan.images.photo import Photo, RGBArray, UnreadableImage
from colorgan.images.srgb import own_profile, to_gray16, to_srgb

MAX_BYTES = 2 << 30
"""Larger files are rejected before they are read. Without compression, 179 megapixels take 1.1 GB in 16-bit RGB."""

_BAND_PIXELS = 4 << 20

MAX_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 89_478_485)
"""Images with more pixels are rejected before they are decoded: 179 megapixels, Pillow's own hard limit."""

# Pillow warns about images above half of its limit and about metadata that it skips. This module enforces its own limit
# and reports real problems as errors.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")
logging.getLogger("PIL").addHandler(logging.NullHandler())  # not to stderr, unless the program logs everything


def read_rgb(
    source: "str | os.PathLike[str] | bytes",
    *,
    name: str = "the image",
    max_pixels: int = MAX_PIXELS,
    shrink_to: int | None = None,
) -> RGBArray:
    """Reads a photo as an upright 8-bit sRGB array.

    Applies the orientation (EXIF or XMP), converts color profiles to sRGB and composites transparency on white. 16-bit
    grayscale is scaled, not clipped. CMYK, Lab, palette and 1-bit images are converted. Only the first frame of an
    animation is read.

    Args:
        source: path of the file, or its contents.
        name: name used in error messages if ``source`` is bytes.
        max_pixels: reject images with more pixels than this.
        shrink_to: let the JPEG decoder reduce the image to 1/2, 1/4 or 1/8, which is several times faster, as long as
            the shorter side keeps at least this many pixels.

    Returns:
        Array (H, W, 3) of uint8.

    Raises:
        UnreadableImage: if the source is not a complete image in a supported format.

    Example:
        >>> file = io.BytesIO()
        >>> Image.new("LA", (2, 1), (0, 0)).save(file, "PNG")
        >>> read_rgb(file.getvalue()).tolist()
        [[[255, 255, 255], [255, 255, 255]]]
    """
    return read_photo(source, name=name, max_pixels=max_pixels, shrink_to=shrink_to).rgb


def read_photo(
    source: "str | os.PathLike[str] | bytes",
    *,
    name: str = "the image",
    max_pixels: int = MAX_PIXELS,
    shrink_to: int | None = None,
) -> Photo:
    """Reads a photo together with its metadata and, for scans, the 16-bit gray plane.

    Arguments and errors are those of :func:`read_rgb`.
    """
    label = name if isinstance(source, bytes) else os.fspath(source)
    try:
        with _open(source) as file, _identify(file) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise UnreadableImage(
                    label, f"it has too many pixels ({width} x {height}; at most {max_pixels:,}); make it smaller first"
                )
            check_scans(file, image)
            check_pixel_data(file, image)
            if shrink_to is not None:
                scale = shrink_to / max(1, min(width, height))
                image.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
            image.load()
            return _convert(image, (width, height))
    except UnreadableImage as error:
        raise UnreadableImage(label, error.reason) from None
    except Image.DecompressionBombError:
        raise UnreadableImage(
            label, f"it has too many pixels (more than {MAX_PIXELS:,}); make it smaller first"
        ) from None
    except Exception as error:  # decoders raise anything for untrusted bytes: struct, zlib, key, type, syntax errors
        raise UnreadableImage(label, _reason(error)) from error


def read_size(source: "str | os.PathLike[str]") -> tuple[int, int]:
    """Reads the width and height of a photo from its header, before its orientation is applied.

    Args:
        source: path of the file.

    Raises:
        UnreadableImage: if the file is not an image in a supported format, or its header is damaged.
    """
    try:
        with _open(source) as file, _identify(file) as image:
            return image.size
    except UnreadableImage as error:
        raise UnreadableImage(source, error.reason) from None
    except Exception as error:  # as in read_photo
        raise UnreadableImage(source, _reason(error)) from error


def photo_from_image(image: Image.Image, name: str = "the image") -> Photo:
    """Converts an open Pillow image in the same way as :func:`read_photo`.

    Args:
        image: an image, which may not be decoded yet.
        name: name used in error messages.

    Raises:
        UnreadableImage: if the image cannot be decoded or converted.

    Example:
        >>> photo_from_image(Image.new("1", (1, 1), 1)).rgb.tolist()
        [[[255, 255, 255]]]
    """
    try:
        return _convert(image, image.size)
    except UnreadableImage as error:
        raise UnreadableImage(name, error.reason) from None
    except Exception as error:  # as in read_photo: this may be the first time that the bytes are decoded
        raise UnreadableImage(name, _reason(error)) from error


def _open(source: "str | os.PathLike[str] | bytes") -> BinaryIO:
    """Opens a regular file of plausible size. Pipes and devices are refused without blocking."""
    with contextlib.ExitStack() as closed_on_error:
        file = closed_on_error.enter_context(io.BytesIO(source) if isinstance(source, bytes) else open_regular(source))
        size = len(source) if isinstance(source, bytes) else os.fstat(file.fileno()).st_size
        if not size:
            raise UnreadableImage("", "it is empty" if isinstance(source, bytes) else "the file is empty")
        if size > MAX_BYTES:
            raise UnreadableImage("", f"the file is too large ({size:,} bytes; at most {MAX_BYTES:,} are read)")
        check_metadata(file, size)
        closed_on_error.pop_all()
    return file


def _identify(file: BinaryIO) -> Image.Image:
    """Opens an image of one of the supported formats, by its header."""
    names = formats()
    if "HEIF" in names:
        if is_heif(file):
            import pillow_heif  # slow to import, and needed for such photos only

            pillow_heif.register_heif_opener()
        else:
            names = tuple(name for name in names if name != "HEIF")
    try:
        return Image.open(file, formats=names)
    except UnidentifiedImageError:
        reason = what_it_is(file) or f"not an image in a supported format ({', '.join(formats())})"
        raise UnreadableImage("", reason) from None


def _reason(error: Exception) -> str:
    """A short description of an exception raised while reading."""
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return f"the file is cut short ({text})"
    return f"the file is damaged ({text})"


def _convert(image: Image.Image, full_size: tuple[int, int]) -> Photo:
    """Turns a decoded image upright and converts it to sRGB."""
    stored_size = image.size
    is_turned = False
    with contextlib.suppress(Exception):  # damaged metadata: keep the stored orientation
        is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
        ImageOps.exif_transpose(image, in_place=True)
    if image.size != stored_size:
        full_size = full_size[1], full_size[0]
    gray16 = to_gray16(image)
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    # in bands: intermediate copies of the largest photos would take gigabytes
    rows = max(1, _BAND_PIXELS // max(1, image.width))
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        if gray16 is None:
            band = image if bottom - top == image.height else image.crop((0, top, image.width, bottom))
            rgb[top:bottom] = np.asarray(to_srgb(band))
        else:
            rgb[top:bottom] = np.rint(gray16[top:bottom, :, None] / 257.0).astype(np.uint8)
    if rgb.size == 0:
        raise UnreadableImage("", "it has no pixels")
    return Photo(
        rgb=rgb,
        size=full_size,
        gray16=gray16,
        exif=read_exif(image),
        xmp=read_xmp(image),
        dpi=read_dpi(image),
        profile=own_profile(image),
        quality=read_quality(image),
        changes=changes_of(image, is_turned),
    )
