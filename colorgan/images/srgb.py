"""Conversion of decoded images to sRGB and back: color profiles, transparency, and grayscale of more than 8 bits."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from colorgan.images.photo import UnreadableImage

_BITS_PER_SAMPLE = 258
_PHOTOMETRIC_INTERPRETATION = 262  # TIFF tag; 0 means "white is zero"
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_MAX_PROFILE_BYTES = 1 << 20


def to_srgb(image: Image.Image) -> Image.Image:
    """Converts an 8-bit image of any mode to sRGB and composites transparent parts on white."""
    alpha = None
    if image.has_transparency_data:
        if image.mode not in ("LA", "RGBA"):
            image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("L" if image.mode == "LA" else "RGB")
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("L" if image.mode == "1" else "RGB")

    profile = _open_profile(image.info.get("icc_profile"))
    if image.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    rgb = None
    if profile is not None:
        mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}.get(profile.profile.xcolor_space.strip())
        if mode == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if mode == image.mode:
            rgb = _apply_profile(profile, image)
    if rgb is None:
        rgb = image.convert("RGB")
    if alpha is None:
        return rgb
    return Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def own_profile(image: Image.Image) -> bytes:
    """The color profile of an RGB image that is not in sRGB, if :func:`from_srgb` can convert to it; else empty."""
    icc = image.info.get("icc_profile")
    profile = _open_profile(icc) if image.mode in ("RGB", "RGBA") else None
    if not isinstance(icc, bytes) or profile is None or profile.profile.xcolor_space.strip() != "RGB":
        return b""
    is_output = ImageCms.isIntentSupported(profile, _INTENT, ImageCms.Direction.OUTPUT) == 1
    return icc if is_output and len(icc) <= _MAX_PROFILE_BYTES else b""


def from_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Converts an RGB image in sRGB to the color space of an RGB profile; see :func:`own_profile`."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("sRGB"), profile, renderingIntent=_INTENT, outputMode="RGB", flags=_FLAGS
    )
    assert converted is not None  # it is when converting in place
    return converted


def to_gray16(image: Image.Image) -> npt.NDArray[np.uint16] | None:
    """Converts a grayscale image of more than 8 bits to the full uint16 range.

    Args:
        image: a decoded image of any mode.

    Returns:
        Array (H, W) of sRGB codes, 0 for black and 65535 for white; None for images of 8 bits.

    Raises:
        UnreadableImage: if the values do not fit into 16 bits. The error has no path yet.
    """
    if not (image.mode.startswith("I") or image.mode == "F"):
        return None
    values = np.asarray(image)
    if image.mode == "F":
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise UnreadableImage("", "its floating-point values are not between 0 and 1; save it with 8 or 16 bits")
        return np.rint(values * 65535.0).astype(np.uint16)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImage("", "its 32-bit values do not fit into 16 bits; save it with 8 or 16 bits")
    gray: npt.NDArray[np.uint16] = values.astype(np.uint16)
    tags = getattr(image, "tag_v2", {})
    if tags.get(_BITS_PER_SAMPLE) == (12,):  # Pillow does not scale 12-bit values
        gray = np.rint(gray.clip(0, 4095) * (65535.0 / 4095.0)).astype(np.uint16)
    if tags.get(_PHOTOMETRIC_INTERPRETATION) == 0:  # Pillow inverts only 8-bit images
        gray = np.uint16(65535) - gray
    curve = _gray_curve(image.info.get("icc_profile"))
    if curve is not None:
        gray = curve[gray]
    return gray


def _gray_curve(icc: Any) -> npt.NDArray[np.uint16] | None:
    """The tone curve of a grayscale profile, as a table from 16-bit codes to 16-bit sRGB codes, or None."""
    profile = _open_profile(icc)
    if profile is None or profile.profile.xcolor_space.strip() != "GRAY":
        return None
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    converted = _apply_profile(profile, ramp)
    if converted is None:
        return None
    # Pillow applies profiles to 8-bit images only; the curve is smooth enough to interpolate between its 256 values
    levels = np.asarray(converted)[0, :, 1].astype(np.float64)
    table = np.interp(np.arange(65536.0), np.arange(256) * 257.0, levels * 257.0)
    rounded: npt.NDArray[np.uint16] = np.rint(table).astype(np.uint16)
    return rounded


def _open_profile(icc: Any) -> ImageCms.ImageCmsProfile | None:
    """The embedded color profile; None if there is none, if it is sRGB, or if it is damaged."""
    if not isinstance(icc, bytes) or not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "sRGB" in (profile.profile.profile_description or ""):
            return None
        return profile
    except Exception:  # like browsers, treat an image with a damaged profile as sRGB
        return None


def _apply_profile(profile: ImageCms.ImageCmsProfile, image: Image.Image) -> Image.Image | None:
    try:
        return ImageCms.profileToProfile(
            image,
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=_INTENT,
            outputMode="RGB",
            flags=_FLAGS,
        )
    except ImageCms.PyCMSError:
        return None
