"""What had to be changed or ignored to read a photo, for the manifest of a training run."""

import contextlib
import io
from collections.abc import Iterator

from PIL import Image, ImageCms

_MODES = {"1": "1 bit per pixel", "CMYK": "CMYK", "LAB": "CIE Lab", "YCbCr": "YCbCr", "HSV": "HSV"}


def changes_of(image: Image.Image, is_turned: bool) -> tuple[str, ...]:
    """Describes the changes of a decoded image on its way to upright 8-bit sRGB.

    Args:
        image: the image as decoded.
        is_turned: whether its orientation has been applied.

    Example:
        >>> changes_of(Image.new("CMYK", (1, 1)), is_turned=True)
        ('turned upright', 'converted from CMYK')
    """
    return ("turned upright",) * is_turned + tuple(_changes(image))


def _changes(image: Image.Image) -> Iterator[str]:
    if image.mode in _MODES:
        yield f"converted from {_MODES[image.mode]}"
    elif image.mode.startswith("I") or image.mode == "F":
        yield "reduced to 8 bits for training"
    if image.has_transparency_data:
        yield "transparency replaced by white"
    icc = image.info.get("icc_profile")
    if isinstance(icc, bytes) and icc:
        try:
            if "sRGB" not in (ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.profile_description or ""):
                yield "converted from its color profile"
        except Exception:  # profiles come from the file, and the library raises all kinds of errors for them
            yield "damaged color profile ignored"
    try:
        image.getexif()
    except Exception:  # as for profiles
        yield "damaged EXIF ignored"
    with contextlib.suppress(Exception):  # counting frames reads further into the file
        if getattr(image, "is_animated", False):
            yield "first of several frames"
