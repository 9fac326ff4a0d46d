"""The folder of photo caches: which ones there are, which are in use, and how the least recently used ones are deleted.

Each photo cache is a subfolder with a name of 32 hexadecimal digits and an index. Everything else in the folder of
caches, such as downloaded weights and features, is left alone, and links are not followed. What a cache contains is the
subject of ``colorgan.data.cache``.
"""

import contextlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from colorgan.errors import ColorganError
from colorgan.files import atomic_write

try:
    import fcntl
except ImportError:  # Windows, which does not delete files that are mapped into memory
    fcntl = None  # type: ignore[assignment]

PIXELS = "pixels.bin"
"""File with the pixels of a cache. Processes that use it hold a shared lock on it."""

INDEX = "index.json"
"""File with everything else about the photos. A folder without it is not a photo cache, and is never deleted."""

SIZE_VARIABLE = "COLORGAN_CACHE_SIZE"
"""Environment variable with the maximum size of all photo caches together."""

_ABOUT = "about.json"  # its modification time is the last use
_DEFAULT_SIZE = "20 GB"
_NAME = re.compile(r"[0-9a-f]{32}")
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True)
class About:
    """What a cache was made from, for those who look at the folder.

    Attributes:
        source: folder or dataset of the photos.
        side: height and width of the cached squares in pixels.
        count: number of photos.
    """

    source: str = "unknown"
    side: int = 0
    count: int = 0


@dataclass(frozen=True)
class StoredCache:
    """A photo cache on disk.

    Attributes:
        folder: its folder.
        about: what it was made from.
        size: bytes on disk.
        last_used: time of the last use, in seconds since the epoch.
    """

    folder: Path
    about: About
    size: int
    last_used: float

    @property
    def name(self) -> str:
        """Name of the folder, 32 hexadecimal digits."""
        return self.folder.name

    def remove(self) -> bool:
        """Deletes the cache. Returns whether it was deleted: a cache in use is kept."""
        doomed = self.folder.with_name(f"{self.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
        with _lock_unless_used(self.folder / PIXELS) as is_unused:
            if not is_unused:
                return False
            try:
                self.folder.rename(doomed)  # at once, so that nobody opens half of a cache
            except FileNotFoundError:
                return True  # another process was first
            except OSError:
                return False
        shutil.rmtree(doomed, ignore_errors=True)
        return True


def parse_size(text: str, name: str) -> int:
    """Reads a size such as ``20GB``, ``500 MB`` or ``0``. A kilobyte has 1,000 bytes.

    Args:
        text: the size.
        name: name of the option or variable, for error messages.

    Returns:
        The number of bytes.

    Raises:
        ColorganError: if the text is not a size.

    Example:
        >>> parse_size("1.5 GB", "the limit")
        1500000000
    """
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d+)?)\s*([KMGT]?B)?\s*", text, re.ASCII | re.IGNORECASE)
    if match is None:
        raise ColorganError(f"{name} must be a size such as 20GB, 500MB or 0; received {text!r}")
    return round(float(match[1]) * _UNITS[(match[2] or "").upper()])


def size_limit() -> int:
    """The maximum size of all photo caches in bytes: ``$COLORGAN_CACHE_SIZE``, by default 20 GB.

    Raises:
        ColorganError: if the variable is not a size.
    """
    return parse_size(os.environ.get(SIZE_VARIABLE) or _DEFAULT_SIZE, SIZE_VARIABLE)


def format_size(size: int) -> str:
    """Formats a number of bytes for messages.

    >>> format_size(1_234_567_890), format_size(400_000)
    ('1,235 MB', '0.4 MB')
    """
    megabytes = size / 1e6
    return f"{megabytes:,.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"


def stored_caches(root: Path) -> list[StoredCache]:
    """Lists the photo caches of a folder, the most recently used first.

    Args:
        root: folder of caches, which may not exist.
    """
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for folder in root.iterdir():
            if _is_cache(folder):
                with contextlib.suppress(FileNotFoundError):  # deleted by another process just now
                    found.append(_stored_cache(folder))
    return sorted(found, key=lambda cache: (-cache.last_used, cache.name))


def shrink(root: Path, limit: int) -> list[StoredCache]:
    """Deletes the least recently used photo caches until the others take at most ``limit`` bytes.

    Caches in use are kept, even if they exceed the limit.

    Args:
        root: folder of caches.
        limit: maximum size of all caches in bytes.

    Returns:
        The deleted caches.
    """
    caches = stored_caches(root)
    excess = sum(cache.size for cache in caches) - limit
    removed = []
    for cache in reversed(caches):
        if excess <= 0:
            break
        if cache.remove():
            removed.append(cache)
            excess -= cache.size
    return removed


def record_use(folder: Path, about: About) -> None:
    """Records that a cache is used now. Does nothing if the folder is read-only.

    Args:
        folder: folder of the cache.
        about: what it was made from; written at its first use.
    """
    with contextlib.suppress(OSError):
        file = folder / _ABOUT
        if file.exists():
            os.utime(file)
        else:
            with atomic_write(file) as temporary:
                temporary.write_text(json.dumps(asdict(about)), encoding="ascii")


def open_for_use(file: Path) -> BinaryIO:
    """Opens a file of a cache for reading and protects it from being deleted.

    The protection lasts until the file is closed and memory maps of it are gone, or the process ends.

    Raises:
        OSError: if the file does not exist, or is being deleted.
    """
    stream = file.open("rb")
    try:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks: nothing is deleted there
                fcntl.flock(stream, fcntl.LOCK_SH)
        if not os.path.samestat(os.fstat(stream.fileno()), file.stat()):
            raise FileNotFoundError(f"{file} was deleted")
    except BaseException:
        stream.close()
        raise
    return stream


@contextlib.contextmanager
def _lock_unless_used(file: Path) -> Iterator[bool]:
    """Keeps others from using a file within the block; yields False if someone uses it, or nobody can tell."""
    with contextlib.ExitStack() as stack:
        is_unused = True
        if fcntl is not None:
            try:
                stream = stack.enter_context(file.open("rb+"))
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # a cache that was deleted and built again between the two calls has other users
                is_unused = os.path.samestat(os.fstat(stream.fileno()), file.stat())
            except FileNotFoundError:
                pass  # a damaged cache
            except OSError:
                is_unused = False
        yield is_unused


def _is_cache(folder: Path) -> bool:
    index = folder / INDEX
    has_links = folder.is_symlink() or index.is_symlink()
    return _NAME.fullmatch(folder.name) is not None and not has_links and index.is_file()


def _stored_cache(folder: Path) -> StoredCache:
    size = sum(file.lstat().st_size for file in folder.iterdir())
    last_used, about = (folder / INDEX).stat().st_mtime, About()
    with contextlib.suppress(OSError, ValueError, TypeError):  # of an older version, or damaged
        last_used = (folder / _ABOUT).stat().st_mtime
        read = About(**json.loads((folder / _ABOUT).read_text(encoding="ascii")))
        if (type(read.source), type(read.side), type(read.count)) == (str, int, int):
            about = read
    return StoredCache(folder, about, size, min(last_used, time.time()))
