"""Makes uploaded file names safe for archives and HTTP headers, on every operating system."""

import re
from collections.abc import Collection

from colorgan.images import FORMATS

_UNSAFE_CHARACTERS = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_EDGES = re.compile(r"^[\s.]+|[\s.]+$")
_WINDOWS_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{device}{number}" for device in ("COM", "LPT") for number in "0123456789¹²³"
}
_MAX_PART_LENGTH = 100
_MAX_DEPTH = 8


def safe_path(name: str) -> str:
    r"""Makes a relative path, with forward slashes, that cannot escape the folder in which it is unpacked.

    Example:
        >>> safe_path("../../etc/passwd"), safe_path("C:\\Users\\me\\a?.jpg"), safe_path("album/\x00/../con.jpg")
        ('etc/passwd', 'C_/Users/me/a_.jpg', 'album/_/_con.jpg')
        >>> safe_path("/"), safe_path("a" * 300 + ".jpeg")[-8:]
        ('photo', 'aaa.jpeg')
    """
    parts = [_safe_part(part) for part in re.split(r"[/\\]", name)]
    return "/".join([part for part in parts if part][-_MAX_DEPTH:]) or "photo"


def colorized_name(name: str, image_format: str) -> str:
    """Names the colorized copy of a photo.

    Args:
        name: name or path of the photo; only the last part is used.
        image_format: ``PNG`` or ``JPEG``.

    Example:
        >>> colorized_name("album/Grandma.tiff", "PNG")
        'Grandma-colorized.png'
    """
    return f"{_stem(safe_path(name).rpartition('/')[2])}-colorized{_suffix(image_format)}"


def archive_path(name: str, image_format: str, taken: Collection[str]) -> str:
    """Chooses the path of a colorized photo in an archive: the photo's own path, numbered if it is already taken.

    Args:
        name: path of the photo in the uploaded folder.
        image_format: ``PNG`` or ``JPEG``.
        taken: paths already in the archive, case-folded.

    Example:
        >>> archive_path("summer/a.jpg", "PNG", {"summer/a.png"})
        'summer/a (2).png'
    """
    folder, slash, last = safe_path(name).rpartition("/")
    stem, number = f"{folder}{slash}{_stem(last)}", 1
    path = f"{stem}{_suffix(image_format)}"
    while path.casefold() in taken:
        number += 1
        path = f"{stem} ({number}){_suffix(image_format)}"
    return path


def _suffix(image_format: str) -> str:
    return next(suffix for suffix, name in FORMATS.items() if name == image_format)


def _stem(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def _safe_part(part: str) -> str:
    part = _EDGES.sub("", _UNSAFE_CHARACTERS.sub("_", part))
    if len(part) > _MAX_PART_LENGTH:
        stem, dot, suffix = part.rpartition(".")
        part = f"{stem[: _MAX_PART_LENGTH - 10]}{dot}{suffix[:9]}" if dot else part[:_MAX_PART_LENGTH]
        part = _EDGES.sub("", part)
    # Windows ignores the extension of a device name, and spaces before it: "CON .txt" is the console.
    return f"_{part}" if part.partition(".")[0].rstrip().upper() in _WINDOWS_DEVICES else part
