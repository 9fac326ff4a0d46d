"""Chooses the file to write for each photo of a batch, so that no two photos share one."""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePath

from colorgan.images import FORMATS

_MAX_NAME_BYTES = 255  # of a file, on all common file systems
_LOSSY = {".jpe", ".jfif", ".avif", ".heic", ".heif", ".hif"}
"""Formats with losses that are read and not written."""


def choose_targets(photos: Sequence[PurePath], suffix: str | None = ".png") -> list[PurePath]:
    """Chooses the path of each result, below the output folder.

    ``a.tif`` becomes ``a.png``. If another photo has that name, or would get it, the suffix is kept, as in
    ``a.tif.png``. Where that is not enough, because names differ only in case, a folder has the same name, or the name
    would be too long, part of a hash of the photo's path is added. A path never depends on the order of the photos.

    Args:
        photos: paths of the photos, below their input folder.
        suffix: suffix of the results. ``None`` is that of the photo, if such files can be written; else .jpg for
            formats with losses, and .png.

    Returns:
        One path per photo. They differ even if case is ignored, unless photos have the same path.

    Example:
        >>> [path.as_posix() for path in choose_targets([PurePath("a.jpg"), PurePath("b.jpg"), PurePath("b.tif")])]
        ['a.png', 'b.jpg.png', 'b.tif.png']
        >>> [path.name for path in choose_targets([PurePath("a.JPG"), PurePath("b.png"), PurePath("b.tif")], None)]
        ['a.JPG', 'b.png', 'b.tif.png']
        >>> [path.name for path in choose_targets([PurePath("a.jpg"), PurePath("A.jpg")])]
        ['a.jpg.509b0d46.png', 'A.jpg.c88c8fca.png']
    """

    def short(photo: PurePath) -> PurePath:
        return photo.with_suffix(_suffix_for(photo, suffix))

    def long(photo: PurePath) -> PurePath:
        return photo.with_name(photo.name + _suffix_for(photo, suffix))

    def hashed(photo: PurePath) -> PurePath:
        digest = hashlib.sha256(os.fsencode(photo.as_posix())).hexdigest()[:8]
        end = f".{digest}{_suffix_for(photo, suffix)}"
        stem = os.fsencode(photo.name)[: _MAX_NAME_BYTES - len(end)]
        return photo.with_name(os.fsdecode(_whole_characters(stem)) + end)

    uses = Counter(_key(short(photo)) for photo in photos)
    own_names = Counter(_key(photo) for photo in photos if short(photo) == photo)
    ways: list[Callable[[PurePath], PurePath]] = [
        short if uses[key := _key(short(photo))] == 1 or (short(photo) == photo and own_names[key] == 1) else long
        for photo in photos
    ]
    while True:
        targets = [way(photo) for way, photo in zip(ways, photos, strict=True)]
        uses = Counter(map(_key, targets))
        folders = {_key(folder) for target in targets for folder in target.parents}
        unusable = [
            position
            for position, target in enumerate(targets)
            if ways[position] is not hashed
            and (uses[_key(target)] > 1 or _key(target) in folders or len(os.fsencode(target.name)) > _MAX_NAME_BYTES)
        ]
        if not unusable:
            return targets
        for position in unusable:
            ways[position] = hashed


def _suffix_for(photo: PurePath, suffix: str | None) -> str:
    if suffix is not None:
        return suffix
    own = photo.suffix.lower()
    return photo.suffix if own in FORMATS else ".jpg" if own in _LOSSY else ".png"


def _key(path: PurePath) -> str:
    """Equal for paths that are the same file on any common file system, some of which ignore case or accents' form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path.as_posix()).casefold())


def _whole_characters(name: bytes) -> bytes:
    """A cut name without the beginning of a character at its end."""
    for length in range(len(name), max(len(name) - 4, 0), -1):
        try:
            name[:length].decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                return name  # it is not UTF-8
        else:
            return name[:length]
    return name
