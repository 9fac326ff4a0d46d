"""File names that strangers sent, made safe to write into archives and headers."""

import re
from collections.abc import Collection

from colorgan.images.writing import FORMATS

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_EDGES = re.compile(r"^[\s.]+|[\s.]+$")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_PART = 100
_DEEPEST = 8


def safe_path(name: str) -> str:
    r"""A relative path with forward slashes that stays where it is unpacked, on every system.

    Example:
        >>> safe_path("../../etc/passwd"), safe_path("C:\\Users\\me\\a?.jpg"), safe_path("album/\x00/../con.jpg")
        ('etc/passwd', 'C_/Users/me/a_.jpg', 'album/_/_con.jpg')
        >>> safe_path("/"), safe_path("a" * 300 + ".jpeg")[-8:]
        ('photo', 'aaa.jpeg')
    """
    parts = [_safe_part(part) for part in re.split(r"[/\\]", name)]
    return "/".join([part for part in parts if part][-_DEEPEST:]) or "photo"


def colored_name(name: str, kind: str) -> str:
    """What the colored copy of a photo is called.

    Args:
        name: of the photo; only its last part counts.
        kind: ``PNG`` or ``JPEG``.

    Example:
        >>> colored_name("album/Grandma.tiff", "PNG")
        'Grandma-colored.png'
    """
    return f"{_stem(safe_path(name).rpartition('/')[2])}-colored{ending(kind)}"


def place_in_archive(name: str, kind: str, taken: Collection[str]) -> str:
    """Where the colored copy of a photo goes in an archive: its own path, with a number if that is taken.

    Args:
        name: the photo's path in the folder that was sent.
        kind: ``PNG`` or ``JPEG``.
        taken: the places that are taken, in lower case.

    Example:
        >>> place_in_archive("summer/a.jpg", "PNG", {"summer/a.png"})
        'summer/a (2).png'
    """
    folder, slash, last = safe_path(name).rpartition("/")
    stem, number = f"{folder}{slash}{_stem(last)}", 1
    place = f"{stem}{ending(kind)}"
    while place.casefold() in taken:
        number += 1
        place = f"{stem} ({number}){ending(kind)}"
    return place


def ending(kind: str) -> str:
    """The ending of files of a kind.

    >>> ending("JPEG")
    '.jpg'
    """
    return next(suffix for suffix, name in FORMATS.items() if name == kind)


def _stem(last: str) -> str:
    stem, dot, _ = last.rpartition(".")
    return stem if dot and stem else last


def _safe_part(part: str) -> str:
    part = _EDGES.sub("", _UNSAFE.sub("_", part))
    if len(part) > _LONGEST_PART:
        stem, dot, suffix = part.rpartition(".")
        part = _EDGES.sub("", f"{stem[: _LONGEST_PART - 10]}{dot}{suffix[:9]}" if dot else part[:_LONGEST_PART])
    return f"_{part}" if _RESERVED.fullmatch(part) else part
