"""The supported file formats, and the photos in a folder."""

import functools
import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from PIL import features

from colorgan.errors import ColorganError
from colorgan.images.other_files import FILM_EXTENSIONS, IS_FILM, NEEDS_HEIF, has_heif
from colorgan.images.photo import UnreadableImage, printable

# Photo formats only. EPS, in particular, would launch Ghostscript.
_EXTENSIONS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "AVIF": (".avif",),
    "HEIF": (".heic", ".heif", ".hif"),
    "PPM": (".ppm", ".pgm"),
}

# Images that users take for photos, in formats that are not supported. They are named instead of passed over.
# fmt: off
_OTHER_EXTENSIONS = frozenset({
    ".jxl", ".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".tga", ".pcx", ".ico", ".icns", ".psd", ".xcf",
    ".dds", ".exr", ".hdr", ".qoi", ".pbm", ".pnm", ".pfm", ".sgi", ".dib", ".eps", ".svg", ".djvu", ".fits", ".dng",
    ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw", ".x3f",
    ".3fr", ".iiq", ".erf", ".mrw", ".mos", ".kdc", ".dcr",
})
# fmt: on


@functools.cache
def extensions() -> frozenset[str]:
    """Lowercase file extensions of the formats that can be read here."""
    return frozenset(extension for name in formats() for extension in _EXTENSIONS[name])


@functools.cache
def formats() -> tuple[str, ...]:
    """Pillow's names of the readable formats. Some builds of Pillow lack WebP or AVIF; HEIF needs another package."""
    missing = {name for name in ("WEBP", "AVIF") if not features.check(name.lower())}
    return tuple(name for name in _EXTENSIONS if name not in missing and (name != "HEIF" or has_heif()))


@dataclass(frozen=True)
class FolderListing:
    """What was found in a folder and its subfolders, each list sorted by name.

    Attributes:
        photos: files whose extension is that of a supported format.
        unsupported: images in other formats, and films.
        unopened: folders that cannot be opened; there may be photos in them.
    """

    photos: list[Path]
    unsupported: list[UnreadableImage]
    unopened: list[UnreadableImage]


def list_photos(folder: "str | os.PathLike[str]") -> list[Path]:
    """Lists all photos in a folder and its subfolders, sorted by name: :attr:`FolderListing.photos`.

    Arguments and errors are those of :func:`find_photos`.
    """
    return find_photos(folder).photos


def find_photos(folder: "str | os.PathLike[str]") -> FolderListing:
    """Finds the photos in a folder and its subfolders.

    Photos are recognized by their file extension (see :func:`extensions`), regardless of case. Hidden files and folders
    are skipped. Symbolic links are followed, but each folder is visited only once, so cyclic links are harmless.

    Args:
        folder: folder to search.

    Returns:
        Paths below ``folder``, sorted by their relative names with forward slashes. The order is the same on every
        platform.

    Raises:
        ColorganError: if the folder does not exist, is a file, cannot be opened, or contains no photos.
    """
    root = Path(folder)
    if not root.exists():
        raise ColorganError(f"there is no folder {printable(root)}")
    if not root.is_dir():
        raise ColorganError(f"{printable(root)} is a file; give a folder of photos")
    photos: list[str] = []
    unsupported: dict[str, str] = {}
    unopened: dict[str, str] = {}
    visited: set[tuple[int, int]] = set()
    pending = [""]
    while pending:
        relative = pending.pop()
        current = root / relative
        try:
            status = current.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(current), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            if not relative:
                raise ColorganError(f"cannot open the folder {printable(current)}: {error.strerror}") from error
            unopened[relative] = _cannot_open(error)
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{relative}/{entry.name}" if relative else entry.name
            extension = PurePath(entry.name).suffix.lower()
            try:
                is_folder = entry.is_dir()
            except OSError as error:  # a link that leads to itself, or into a folder that cannot be opened
                is_folder = False
                if extension not in extensions():
                    unopened[name] = _cannot_open(error)
            if is_folder:
                pending.append(name)
            elif extension in extensions():
                photos.append(name)
            elif extension in _EXTENSIONS["HEIF"]:
                unsupported[name] = NEEDS_HEIF
            elif extension in FILM_EXTENSIONS:
                unsupported[name] = IS_FILM
            elif extension in _OTHER_EXTENSIONS:
                unsupported[name] = f"the format {extension} is not supported; convert the file to JPEG, PNG or TIFF"
    if not photos:
        closed = f", and {printable(root / min(unopened))} cannot be opened" if unopened else ""
        raise ColorganError(
            f"the folder {printable(root)} contains no photos ({' '.join(sorted(extensions()))}){closed}"
        )
    return FolderListing(
        photos=[root / name for name in sorted(photos)],
        unsupported=[UnreadableImage(root / name, reason) for name, reason in sorted(unsupported.items())],
        unopened=[UnreadableImage(root / name, reason) for name, reason in sorted(unopened.items())],
    )


def _cannot_open(error: OSError) -> str:
    return f"the folder or link cannot be opened ({(error.strerror or str(error)).lower()})"
