"""Where photos come from before they are decoded."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import xxhash

from colorgan.images import Photo, read_photo

_SAMPLED = 1024  # bytes at each of three places of a file


@dataclass(frozen=True)
class PhotoSource:
    """A photo that has not been decoded yet.

    Attributes:
        name: name in messages and splits; unique within a list of sources.
        origin: full path or description. Two folders may contain files of the same name, size and time.
        stamp: numbers that change with the content: size, modification time and a sample of a file.
        load: returns the photo, given the minimum length of its shorter side. The photo may be reduced to that size.
            Raises :class:`~colorgan.images.UnreadableImage`.
        forkable: whether ``load`` may run in forked processes, because it shares no open file with others.
    """

    name: str
    origin: str
    stamp: tuple[int, ...]
    load: Callable[[int], Photo]
    forkable: bool = False


def file_source(path: Path, folder: Path) -> PhotoSource:
    """Creates the source of an image file, named relative to ``folder``. Missing files raise an error only on load."""
    try:
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns, _sample(path, status))
    except OSError:
        stamp = (-1, -1, -1)
    return PhotoSource(
        path.relative_to(folder).as_posix(), str(path.absolute()), stamp, partial(_load_file, path), True
    )


def _sample(path: Path, status: os.stat_result) -> int:
    """A checksum of the start, middle and end of a file: tools that copy or edit files may keep its size and time."""
    if not stat.S_ISREG(status.st_mode):
        return -1  # reading a pipe could wait forever
    checksum = xxhash.xxh3_64()
    with path.open("rb", buffering=0) as file:
        for start in sorted({0, max(0, status.st_size // 2 - _SAMPLED // 2), max(0, status.st_size - _SAMPLED)}):
            file.seek(start)
            checksum.update(file.read(_SAMPLED))
    return checksum.intdigest()


def _load_file(path: Path, min_side: int) -> Photo:
    return read_photo(path, shrink_to=min_side)
