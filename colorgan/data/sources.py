"""Where photos come from before they are decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from colorgan.images import Photo, read_photo


@dataclass(frozen=True)
class PhotoSource:
    """A photo that has not been decoded yet.

    Attributes:
        name: name in messages and splits; unique within a list of sources.
        origin: full path or description. Two folders may contain files of the same name, size and time.
        stamp: numbers that change with the content, such as the size and modification time of a file.
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
        stamp = (status.st_size, status.st_mtime_ns)
    except OSError:
        stamp = (-1, -1)
    return PhotoSource(
        path.relative_to(folder).as_posix(), str(path.absolute()), stamp, partial(_load_file, path), True
    )


def _load_file(path: Path, min_side: int) -> Photo:
    return read_photo(path, shrink_to=min_side)
