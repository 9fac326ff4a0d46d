"""A cache of decoded photos: a memory-mapped file of uint8 squares at the training size.

Decoding a JPEG takes milliseconds; reading a square from the cache takes microseconds. All epochs, runs and processes
share one file through the page cache of the operating system. The index next to the pixels records which photos are
gray, which files cannot be read, and digests and checksums of the pixels. ``colorgan.files.photo_caches`` limits the
size of all caches.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import numpy.typing as npt
import xxhash
from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn

from colorgan.data.decoding import Fit, decode_all
from colorgan.data.sources import PhotoSource
from colorgan.errors import ColorganError, plural
from colorgan.files import default_cache_dir
from colorgan.files.photo_caches import (
    INDEX,
    PIXELS,
    SIZE_VARIABLE,
    About,
    format_size,
    open_for_use,
    record_use,
    shrink,
    size_limit,
)
from colorgan.images import UnreadableImage, printable

_VERSION = 6  # increment if the file format or anything that determines the cached pixels changes
_COLUMNS = ("names", "sizes", "gray", "digests", "checksums", "changes", "unreadable")
_ABANDONED_AFTER = 86400  # seconds


@dataclass
class CachedPhotos:
    """Decoded photos in a memory-mapped file. Pickling is cheap: workers map the file themselves.

    Attributes:
        folder: folder of this cache.
        side: height and width of all photos in pixels.
        names: names of the readable sources, in order.
        sizes: original (width, height) of each photo.
        gray: whether each photo has no color; see :func:`~colorgan.data.gray.is_gray`.
        digests: BLAKE2 digest of each photo's pixels; equal for identical photos.
        checksums: 64-bit XXH3 of each photo's pixels, which :meth:`read` compares.
        changes: what had to be changed to read each photo, separated by semicolons.
        unreadable: (name, reason) of each file that cannot be read.
        sources: what the photos were decoded from, readable or not, to decode a damaged photo again.
        fit: how they became squares.
    """

    folder: Path
    side: int
    names: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    gray: list[bool] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    checksums: list[int] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    sources: Sequence[PhotoSource] = field(default=(), compare=False, repr=False)
    fit: Fit = field(default="crop", compare=False)

    def __len__(self) -> int:
        return len(self.names)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "pixels"}

    @cached_property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """All photos, (N, side, side, 3) uint8, as a read-only memory map. :meth:`read` checks what it returns."""
        shape = (len(self), self.side, self.side, 3)
        if not len(self):
            return np.zeros(shape, np.uint8)
        with open_for_use(self.folder / PIXELS) as file:
            return np.memmap(file, np.uint8, "r", shape=shape)

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Reads photos and compares each with its checksum. A damaged photo is decoded again, with a warning.

        Args:
            indices: (B,) positions of the photos.

        Returns:
            A copy of the photos, (B, side, side, 3) uint8.

        Raises:
            ColorganError: if a damaged photo cannot be decoded again as it was. The next start builds the cache anew.
        """
        photos: npt.NDArray[np.uint8] = np.asarray(self.pixels[indices])
        for row, index in enumerate(indices.tolist()):
            if xxhash.xxh3_64_intdigest(photos[row].data) != self.checksums[index]:
                photos[row] = self._decode_again(index)
        return photos

    def digest_of(self, indices: npt.NDArray[np.int64]) -> str:
        """BLAKE2 digest of the names and pixels of some photos; equal wherever they are cached."""
        described = [[self.names[index], self.digests[index]] for index in indices.tolist()]
        return hashlib.blake2b(json.dumps(described).encode(), digest_size=16).hexdigest()

    def _decode_again(self, index: int) -> npt.NDArray[np.uint8]:
        name = self.names[index]
        rank_zero_warn(
            f"The cached photo {printable(name)} in {printable(self.folder)} is damaged and is decoded again"
        )
        sources = [source for source in self.sources if source.name == name]
        for _, decoded in decode_all(sources, self.side, self.fit, progress=False):
            if isinstance(decoded, UnreadableImage) or decoded.checksum != self.checksums[index]:
                continue
            with contextlib.suppress(OSError), (self.folder / PIXELS).open("r+b") as file:
                file.seek(index * decoded.pixels.nbytes)
                file.write(decoded.pixels.data)
            return decoded.pixels
        with contextlib.suppress(OSError):
            (self.folder / INDEX).write_bytes(b"")  # is not opened again, but may be deleted like every cache
        raise ColorganError(
            f"the cached photo {printable(name)} in {printable(self.folder)} is damaged, and its file has changed; "
            "start again to decode all photos anew"
        )


def cached_photos(
    sources: Sequence[PhotoSource],
    *,
    side: int,
    fit: Fit = "crop",
    cache_dir: "str | os.PathLike[str] | None" = None,
    progress: bool = True,
) -> CachedPhotos:
    """Opens the cache of ``sources``, or creates it by decoding them on all CPU cores.

    A cache is identified by the names, origins and stamps of its sources, the side and the fit. A damaged cache is
    rebuilt. If several processes need the same cache, one builds it and the others wait. Before a cache is built, the
    least recently used ones are deleted if all of them would exceed
    :func:`~colorgan.files.photo_caches.size_limit`; those in use are kept.

    Args:
        sources: photos with unique names.
        side: height and width in pixels.
        fit: how photos become squares.
        cache_dir: parent folder of all caches; by default :func:`~colorgan.files.default_cache_dir`.
        progress: show a progress bar while decoding if standard error is a terminal.

    Raises:
        ColorganError: if the cache cannot be written.
    """
    root = Path(cache_dir) if cache_dir is not None else default_cache_dir()
    folder = root / _key(sources, side, fit)
    photos = _open(folder, side)
    if photos is None:
        try:
            with _only_builder(root, folder.name):
                photos = _open(folder, side)
                if photos is None:
                    photos = _create(sources, side, fit, folder, progress)
        except OSError as error:
            raise _write_error(error, root) from error
    photos.sources, photos.fit = list(sources), fit
    record_use(folder, About(_description(sources), side, len(photos)))
    return photos


@contextlib.contextmanager
def _only_builder(root: Path, key: str) -> Iterator[None]:
    """Waits until no other process builds the same cache. The lock ends with its process, even if that is killed."""
    (root / "locks").mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        lock = filelock.FileLock(root / "locks" / f"{key}.lock")
        with contextlib.suppress(NotImplementedError):  # a file system without locks: the first to finish wins
            try:
                stack.enter_context(lock.acquire(timeout=0))
            except filelock.Timeout:
                rank_zero_info("Another process is decoding the same photos: waiting until it has finished")
                stack.enter_context(lock.acquire())
        yield


def _create(sources: Sequence[PhotoSource], side: int, fit: Fit, folder: Path, progress: bool) -> CachedPhotos:
    """Decodes photos into a temporary folder that is renamed when it is complete, and deleted on any error."""
    root, size = folder.parent, len(sources) * side * side * 3
    temporary = root / f"{folder.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part"
    try:
        temporary.mkdir()
        _remove_abandoned(root)
        _make_room(root, size)
        _check_space(root, size)
        _build(sources, side, fit, temporary, progress)
        return _publish(temporary, folder, side)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _make_room(root: Path, size: int) -> None:
    limit = size_limit()
    removed = shrink(root, max(0, limit - size))
    if removed:
        rank_zero_info(
            f"Deleted {plural(len(removed), 'photo cache')} ({format_size(sum(cache.size for cache in removed))}), the "
            f"least recently used, to stay within {SIZE_VARIABLE} ({format_size(limit)}): "
            + ", ".join(printable(cache.about.source) for cache in removed)
        )


def _description(sources: Sequence[PhotoSource]) -> str:
    """The folder of the first source, or its origin if it is no file."""
    if not sources:
        return About.source
    origin = sources[0].origin.replace(os.sep, "/")
    return origin.removesuffix(sources[0].name).rstrip("/") or "/"


def _key(sources: Sequence[PhotoSource], side: int, fit: Fit) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([_VERSION, side, fit]).encode())
    for source in sources:
        digest.update(json.dumps([source.name, source.origin, source.stamp]).encode())
    return digest.hexdigest()


def _open(folder: Path, side: int) -> CachedPhotos | None:
    """Opens a cache; None if it does not exist or is damaged."""
    try:
        stored = json.loads((folder / INDEX).read_text(encoding="ascii"))
        index = stored["photos"]
        if stored["digest"] != _digest(json.dumps(index)):
            return None
        photos = CachedPhotos(folder=folder, side=side, **index)
        photos.sizes = [(width, height) for width, height in photos.sizes]
        photos.unreadable = [(name, reason) for name, reason in photos.unreadable]
        columns = (photos.sizes, photos.gray, photos.digests, photos.checksums, photos.changes)
        if any(len(column) != len(photos) for column in columns):
            return None
        if (folder / PIXELS).stat().st_size != len(photos) * side * side * 3:
            return None
        _ = photos.pixels  # mapped now, so that nobody deletes the cache before the first photo is read
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return photos


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def _build(sources: Sequence[PhotoSource], side: int, fit: Fit, folder: Path, progress: bool) -> None:
    """Decodes all photos and writes pixels and index."""
    photos = CachedPhotos(folder=folder, side=side)
    with (folder / PIXELS).open("wb") as pixel_file:
        for source, decoded in decode_all(sources, side, fit, progress):
            if isinstance(decoded, UnreadableImage):
                photos.unreadable.append((source.name, decoded.reason))
                continue
            pixel_file.write(decoded.pixels.data)
            photos.names.append(source.name)
            photos.sizes.append(decoded.size)
            photos.gray.append(decoded.gray)
            photos.digests.append(decoded.digest)
            photos.checksums.append(decoded.checksum)
            photos.changes.append("; ".join(decoded.changes))
        pixel_file.flush()
        os.fsync(pixel_file.fileno())
    index = {name: getattr(photos, name) for name in _COLUMNS}
    with (folder / INDEX).open("w", encoding="ascii") as index_file:
        json.dump({"digest": _digest(json.dumps(index)), "photos": index}, index_file)
        index_file.flush()
        os.fsync(index_file.fileno())


def _publish(temporary: Path, folder: Path, side: int) -> CachedPhotos:
    """Renames a complete cache to its final name, unless another process was first. A damaged cache is replaced."""
    for _ in range(3):
        try:
            temporary.rename(folder)
        except OSError:
            existing = _open(folder, side)
            if existing is not None:
                return existing
            with contextlib.suppress(OSError):
                damaged = folder.with_name(f"{temporary.name}.damaged")
                folder.rename(damaged)
                shutil.rmtree(damaged, ignore_errors=True)
        else:
            break
    photos = _open(folder, side)
    if photos is None:
        raise OSError(errno.EBUSY, "a damaged cache is in use by another program", str(folder))
    return photos


def _remove_abandoned(root: Path) -> None:
    """Deletes partial caches of killed processes that are older than a day."""
    for path in root.glob("[0-9a-f]" * 32 + ".*-*.part*"):  # of our own names only: the folder may hold other things
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _ABANDONED_AFTER:
                shutil.rmtree(path, ignore_errors=True)


def _check_space(root: Path, required: int) -> None:
    if shutil.disk_usage(root).free < required:
        raise OSError(errno.ENOSPC, f"{required / 1e6:,.0f} MB are needed")


def _write_error(error: OSError, root: Path) -> ColorganError:
    disk_full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
    problem = f"the disk is full ({error.strerror})" if disk_full else error.strerror or str(error)
    return ColorganError(
        f"cannot write the photo cache in {printable(root)}: {problem}; "
        "choose another folder with --data.cache_dir or the environment variable COLORGAN_CACHE"
        + (", or delete caches with `colorgan cache`" if disk_full else "")
    )
