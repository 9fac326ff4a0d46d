"""The one reader of photographs: training, evaluation, the shell and the page all see the same pixels.

Photographs come from strangers. Whatever the bytes are, reading ends in an upright 8-bit sRGB picture or in
:class:`UnreadableImage`, a sentence that names the file; it never blocks, never starts another program, and never
decodes more pixels than a bound.
"""

import contextlib
import functools
import io
import os
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError, features

from colorgan.errors import ColorganError

RGBArray: TypeAlias = npt.NDArray[np.uint8]
"""Photo of shape (H, W, 3), 8-bit sRGB."""

MAX_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 89_478_485)
"""Pictures with more pixels are refused before they are decoded; 179 megapixels, where Pillow itself stops."""

# Pillow warns from half of its own bound, and about metadata that it then leaves out; this module has a bound, and says
# in a sentence what matters
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")

# Only formats of photographs. EPS in particular would start Ghostscript.
_EXTENSIONS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "AVIF": (".avif",),
    "PPM": (".ppm", ".pgm"),
}
# TIFF tags that describe how the pixels were stored, not the photo; they would be wrong in any other file
_LAYOUT_TAGS = {
    254,
    255,
    *range(256, 260),
    262,
    266,
    273,
    277,
    278,
    279,
    284,
    317,
    320,
    *range(322, 326),
    330,
    338,
    339,
}
_LAYOUT_TAGS |= {*range(512, 522), *range(529, 533), 347, 700, 33723, 34377, 34675}


class UnreadableImage(ColorganError):  # noqa: N818 (named for what the caller has in hand)
    """A file that is not a photo we can read.

    Args:
        path: the file, as the caller named it.
        reason: what is wrong with it, in a few words.

    Example:
        >>> print(UnreadableImage("holiday.jpg", "the file is empty"))
        cannot read holiday.jpg: the file is empty
    """

    def __init__(self, path: "str | os.PathLike[str]", reason: str) -> None:
        super().__init__(path, reason)
        self.path = os.fspath(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot read {printable(self.path)}: {self.reason}"


@dataclass(frozen=True)
class Photo:
    """A photo as it should be looked at, with what is needed to write it back.

    Attributes:
        rgb: (H, W, 3) uint8, sRGB, upright, transparent parts on white.
        size: full (width, height), upright; larger than ``rgb`` where it was decoded smaller.
        gray16: (H, W) uint16 for a gray photo of 16 bits a pixel (0 is black, 65535 white), else None.
        exif: EXIF block for ``PIL.Image.save(exif=...)``, without the orientation, which is applied; empty if none.
        xmp: XMP block for ``PIL.Image.save(xmp=...)``; empty if none.
        dpi: dots per inch (horizontal, vertical), where the file says so.
    """

    rgb: RGBArray
    size: tuple[int, int]
    gray16: npt.NDArray[np.uint16] | None = None
    exif: bytes = b""
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None


def printable(path: "str | os.PathLike[str]") -> str:
    r"""A file's name as it can safely be printed: control characters and undecodable bytes are escaped.

    >>> printable("a\nb.jpg")
    "'a\\nb.jpg'"
    """
    name = os.fspath(path)
    return name if name.isprintable() else ascii(name)


@functools.cache
def extensions() -> frozenset[str]:
    """File name endings (lower case) of the formats that this machine's Pillow can read."""
    return frozenset(ending for name in _formats() for ending in _EXTENSIONS[name])


@functools.cache
def _formats() -> tuple[str, ...]:
    """Pillow's names of the readable formats; some builds come without WebP, AVIF or TIFF compression."""
    optional = {"WEBP": "webp", "AVIF": "avif"}
    return tuple(name for name in _EXTENSIONS if name not in optional or features.check(optional[name]))


def read_rgb(
    source: "str | os.PathLike[str] | bytes",
    *,
    name: str = "the picture",
    max_pixels: int = MAX_PIXELS,
    shrink_to: int | None = None,
) -> RGBArray:
    """Reads a photo as 8-bit sRGB, upright.

    Orientation (EXIF, XMP) is applied; color profiles are converted to sRGB; transparent parts are put on white;
    16-bit gray is scaled, not clipped; CMYK, Lab, palette and one-bit pictures are converted; of an animation the first
    frame is taken.

    Args:
        source: a file, or the bytes of one.
        name: what to call the picture in messages where ``source`` is bytes.
        max_pixels: refuse pictures with more pixels than this.
        shrink_to: allow a JPEG to be decoded at a half, quarter or eighth of its size, which is several times faster,
            as long as its shorter side keeps at least this many pixels.

    Returns:
        Array (H, W, 3) of uint8.

    Raises:
        UnreadableImage: for anything that is not a complete picture in a known format.

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
    name: str = "the picture",
    max_pixels: int = MAX_PIXELS,
    shrink_to: int | None = None,
) -> Photo:
    """Reads a photo with what is needed to write it back: the 16-bit gray plane of scans, and the metadata.

    Arguments and errors as for :func:`read_rgb`.
    """
    label = name if isinstance(source, bytes) else os.fspath(source)
    try:
        with _open(source) as file, Image.open(file, formats=_formats()) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise UnreadableImage(
                    label, f"{width} x {height} pixels are more than the {max_pixels:,} allowed; make it smaller first"
                )
            if shrink_to is not None:
                scale = shrink_to / max(1, min(width, height))
                image.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
            image.load()
            return _photo(image, (width, height))
    except UnreadableImage as error:
        raise UnreadableImage(label, error.reason) from None
    except Image.DecompressionBombError:
        raise UnreadableImage(label, f"it claims more than {MAX_PIXELS:,} pixels; make it smaller first") from None
    except UnidentifiedImageError:
        raise UnreadableImage(label, f"not a picture in a known format ({', '.join(_formats())})") from None
    except Exception as error:  # decoders meet foreign bytes and raise anything: struct, zlib, key, type, syntax errors
        raise UnreadableImage(label, _reason(error)) from error


def _open(source: "str | os.PathLike[str] | bytes") -> BinaryIO:
    """An open regular file; a pipe or a device is refused without waiting for it."""
    if isinstance(source, bytes):
        if not source:
            raise UnreadableImage("", "it is empty")
        return io.BytesIO(source)
    file = open(source, "rb", opener=_open_without_waiting)  # noqa: SIM115 (Path.open takes no opener)
    try:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImage(source, "not a regular file but a pipe, a socket or a device")
        if status.st_size == 0:
            raise UnreadableImage(source, "the file is empty")
    except BaseException:
        file.close()
        raise
    return file


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _reason(error: Exception) -> str:
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


def _turn_upright(image: Image.Image) -> None:
    # damaged metadata says nothing about the pixels
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def photo_from_image(image: Image.Image, name: str = "the picture") -> Photo:
    """A picture that Pillow has opened, read as :func:`read_photo` would.

    >>> photo_from_image(Image.new("1", (1, 1), 1)).rgb.tolist()
    [[[255, 255, 255]]]
    """
    try:
        return _photo(image, image.size)
    except UnreadableImage as error:
        raise UnreadableImage(name, error.reason) from None
    except Exception as error:  # as in read_photo: the bytes may not have been decoded yet
        raise UnreadableImage(name, _reason(error)) from error


def _photo(image: Image.Image, full_size: tuple[int, int]) -> Photo:
    stored_size = image.size
    _turn_upright(image)
    if image.size != stored_size:
        full_size = full_size[1], full_size[0]
    gray16 = _gray16(image)
    if gray16 is None:
        rgb = np.asarray(_srgb(image))
    else:
        gray8 = np.rint(gray16 / 257.0).astype(np.uint8)
        rgb = np.repeat(gray8[..., None], 3, axis=2)
    if rgb.size == 0:
        raise UnreadableImage("", "it has no pixels")
    xmp, dpi = image.info.get("xmp", b""), image.info.get("dpi")
    return Photo(
        rgb=np.array(rgb, dtype=np.uint8, order="C"),
        size=full_size,
        gray16=gray16,
        exif=_exif(image),
        xmp=xmp if isinstance(xmp, bytes) else str(xmp).encode(),
        dpi=_dpi(dpi),
    )


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        horizontal, vertical = (float(number) for number in value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return (horizontal, vertical) if 0 < horizontal < 1e6 and 0 < vertical < 1e6 else None


def _exif(image: Image.Image) -> bytes:
    try:
        exif = image.getexif()
        for tag in _LAYOUT_TAGS & exif.keys():
            del exif[tag]
        return exif.tobytes() if exif else b""
    except Exception:  # damaged metadata is not kept
        return b""


def _gray16(image: Image.Image) -> npt.NDArray[np.uint16] | None:
    """The gray plane of a picture with more than 8 bits a pixel, full range; None for all other pictures."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return None
    values = np.asarray(image)
    if image.mode == "F":
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise UnreadableImage("", "its floating-point values are not within 0 and 1; save it with 8 or 16 bits")
        return np.rint(values * 65535.0).astype(np.uint16)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImage("", "its 32-bit values do not fit into 16 bits; save it with 8 or 16 bits")
    gray: npt.NDArray[np.uint16] = values.astype(np.uint16)
    tags = getattr(image, "tag_v2", {})
    if tags.get(258) == (12,):  # Pillow hands over 12-bit values as they are
        gray = np.rint(gray.clip(0, 4095) * (65535.0 / 4095.0)).astype(np.uint16)
    if tags.get(262) == 0:  # "white is zero": Pillow inverts 8-bit pictures only
        gray = np.uint16(65535) - gray
    curve = _gray_curve(image.info.get("icc_profile"))
    if curve is not None:
        gray = curve[gray]
    return gray


def _gray_curve(icc: Any) -> npt.NDArray[np.uint16] | None:
    """A gray profile's tone curve as a table from 16-bit values to 16-bit sRGB values; None without such a profile."""
    profile = _profile(icc)
    if profile is None or profile.profile.xcolor_space.strip() != "GRAY":
        return None
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    converted = _through(profile, ramp)
    if converted is None:
        return None
    # Pillow's profiles answer in 8 bits only; between the 256 answers the curve is smooth
    levels = np.asarray(converted)[0, :, 1].astype(np.float64)
    table = np.interp(np.arange(65536.0), np.arange(256) * 257.0, levels * 257.0)
    rounded: npt.NDArray[np.uint16] = np.rint(table).astype(np.uint16)
    return rounded


def _srgb(image: Image.Image) -> Image.Image:
    """An 8-bit picture of any mode as sRGB on white."""
    alpha = None
    if image.has_transparency_data:
        if image.mode not in ("LA", "RGBA"):
            image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("L" if image.mode == "LA" else "RGB")
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("L" if image.mode == "1" else "RGB")

    profile = _profile(image.info.get("icc_profile"))
    if image.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    rgb = None
    if profile is not None:
        wanted = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}.get(profile.profile.xcolor_space.strip())
        if wanted == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if wanted == image.mode:
            rgb = _through(profile, image)
    if rgb is None:
        rgb = image.convert("RGB")
    if alpha is None:
        return rgb
    return Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def _profile(icc: Any) -> ImageCms.ImageCmsProfile | None:
    """The profile in a file, None where there is none, it is sRGB anyway, or it is damaged."""
    if not isinstance(icc, bytes) or not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "sRGB" in (profile.profile.profile_description or ""):
            return None
        return profile
    except Exception:  # browsers, too, show a photo with a damaged profile as sRGB
        return None


def _through(profile: ImageCms.ImageCmsProfile, image: Image.Image) -> Image.Image | None:
    try:
        return ImageCms.profileToProfile(
            image,
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:
        return None


def list_photos(folder: "str | os.PathLike[str]") -> list[Path]:
    """All photos in a folder and its sub-folders, in the order of their names.

    Photos are known by their endings (:func:`extensions`, in any case). Hidden files and folders are left out; links
    are followed, each real folder being visited once, so that a loop of links ends.

    Args:
        folder: where to look.

    Returns:
        Paths below ``folder``, sorted by their relative names with forward slashes, the same on every system.

    Raises:
        ColorganError: if there is no such folder, it is a file, cannot be entered, or holds no photo.
    """
    root = Path(folder)
    if not root.exists():
        raise ColorganError(f"there is no folder {printable(root)}")
    if not root.is_dir():
        raise ColorganError(f"{printable(root)} is a file; a folder of photos is needed")
    found: list[str] = []
    visited: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        below = waiting.pop()
        here = root / below
        try:
            status = here.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(here), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            raise ColorganError(f"cannot look into the folder {printable(here)}: {error.strerror}") from error
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir():
                waiting.append(name)
            elif PurePath(entry.name).suffix.lower() in extensions():
                found.append(name)
    if not found:
        endings = " ".join(sorted(extensions()))
        raise ColorganError(f"the folder {printable(root)} holds no photos ({endings})")
    return [root / name for name in sorted(found)]
