"""The supported file formats, and the photos in a folder."""

import functools
import os
from pathlib import Path, PurePath

from PIL import features

from colorgan.errors import ColorganError
from colorgan.images.photo import printable

# Photo formats only. EPS, in particular, would launch Ghostscript.
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


@functools.cache
def extensions() -> frozenset[str]:
    """Lowercase file extensions of the formats that the installed Pillow can read."""
    return frozenset(extension for name in formats() for extension in _EXTENSIONS[name])


@functools.cache
def formats() -> tuple[str, ...]:
    """Pillow's names of the readable formats. Some builds of Pillow lack WebP or AVIF."""
    optional = {"WEBP": "webp", "AVIF": "avif"}
    return tuple(name for name in _EXTENSIONS if name not in optional or features.check(optional[name]))


def list_photos(folder: "str | os.PathLike[str]") -> list[Path]:
    """Lists all photos in a folder and its subfolders, sorted by name.

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
    found: list[str] = []
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
            raise ColorganError(f"cannot open the folder {printable(current)}: {error.strerror}") from error
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{relative}/{entry.name}" if relative else entry.name
            if entry.is_dir():
                pending.append(name)
            elif PurePath(entry.name).suffix.lower() in extensions():
                found.append(name)
    if not found:
        raise ColorganError(f"the folder {printable(root)} contains no photos ({' '.join(sorted(extensions()))})")
    return [root / name for name in sorted(found)]
