"""Photos decoded once: a memory-mapped file of uint8 squares at the training size, and what was learned on the way.

Decoding a JPEG costs milliseconds, reading its square from the cache microseconds; with one file and the system's page
cache, epochs and runs and processes all share one copy. What the first pass found out (which photos are gray, which
files cannot be read, which are the same picture) is stored beside the pixels.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from colorgan.errors import ColorganError
from colorgan.images import Photo, RGBArray, UnreadableImage, printable, read_photo

Fit: TypeAlias = Literal["crop", "squeeze"]
"""How a photo becomes a square: its middle (``crop``), or all of it, squeezed (``squeeze``)."""

_VERSION = 2  # of the files below and of everything that decides the cached pixels
_GRAY_SPREAD = 12
_GRAY_EXCEPTIONS = 0.01
_CHECKED_PHOTOS = 2048


@dataclass(frozen=True)
class Source:
    """A photo before it is decoded.

    Attributes:
        name: what it is called in messages; unique within a list.
        origin: where it comes from, in full: two folders may hold equal names, sizes and times.
        stamp: numbers that change when its content does (size and time of a file).
        load: gives the photo; may give it smaller as long as the shorter side keeps the number of pixels asked for.
            Raises :class:`UnreadableImage`.
    """

    name: str
    origin: str
    stamp: tuple[int, ...]
    load: Callable[[int], Photo]


def file_source(path: Path, folder: Path) -> Source:
    """The source for an image file, named relative to ``folder``; a file that cannot be looked at fails when loaded."""
    try:
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns)
    except OSError:
        stamp = (-1, -1)
    return Source(path.relative_to(folder).as_posix(), str(path.absolute()), stamp, partial(_load_file, path))


def _load_file(path: Path, at_least: int) -> Photo:
    return read_photo(path, shrink_to=at_least)


@dataclass
class CachedPhotos:
    """Decoded photos in a memory-mapped file, with what is known of them. Picklable: workers map the file themselves.

    Attributes:
        folder: the cache's own folder.
        side: height and width of every photo in pixels.
        names: names of the sources, in their order, without the unreadable ones.
        sizes: (width, height) of each photo before it was made a square.
        gray: whether each photo has no color (:func:`is_gray`).
        digests: checksum of each photo's cached pixels; equal for byte-identical files.
        looks: 64 bits of what each photo looks like (:func:`look`), close for near-identical photos.
        unreadable: (name, reason) of each file that could not be read.
    """

    folder: Path
    side: int
    names: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    gray: list[bool] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    checksums: list[int] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "pixels"}

    @cached_property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """All photos, (N, side, side, 3) uint8, read-only; mapped, not loaded."""
        shape = (len(self), self.side, self.side, 3)
        if not len(self):
            return np.zeros(shape, np.uint8)
        return np.memmap(self.folder / "pixels.bin", np.uint8, "r", shape=shape)


def cached_photos(
    sources: Sequence[Source],
    *,
    side: int,
    fit: Fit = "crop",
    cache_dir: "str | os.PathLike[str] | None" = None,
    progress: bool = True,
) -> CachedPhotos:
    """The decoded photos of ``sources``: from the cache where it holds them, else decoded now, by all cores, and kept.

    A cache belongs to the exact list of names and stamps, the size and the way of fitting. A damaged one is made anew.
    Several processes may ask at once: each sees either a complete cache or none, and the first to finish wins.

    Args:
        sources: the photos, of unique names.
        side: height and width in pixels.
        fit: how a photo becomes a square.
        cache_dir: where caches are kept; by default :func:`default_cache_dir`.
        progress: show a bar while decoding, where a person is watching.

    Raises:
        ColorganError: if the cache cannot be written; the message says what to do.
    """
    root = Path(cache_dir) if cache_dir is not None else default_cache_dir()
    folder = root / _key(sources, side, fit)
    found = _opened(folder, side)
    if found is not None:
        return found
    fresh = root / f"{folder.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part"
    try:
        try:
            fresh.mkdir(parents=True)
            _sweep(root)
            _check_space(root, len(sources) * side * side * 3)
            _build(sources, side, fit, fresh, progress)
            return _published(fresh, folder, side)
        except OSError as error:
            raise _explained(error, root) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def default_cache_dir() -> Path:
    """Where decoded photos are kept: ``$COLORGAN_CACHE``, or the place that the system has for caches.

    Everything in it can be deleted at any time; it is made anew when needed.
    """
    chosen = os.environ.get("COLORGAN_CACHE")
    if chosen:
        return Path(chosen)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "colorgan" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "colorgan"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "colorgan"


def to_square(photo: RGBArray, side: int, fit: Fit = "crop") -> RGBArray:
    """A photo as a square of ``side`` pixels, resampled bicubically with the antialiasing that shrinking needs.

    Args:
        photo: (H, W, 3) uint8.
        side: height and width of the result.
        fit: ``crop`` scales the shorter side to ``side`` and takes the middle; ``squeeze`` scales both sides.

    Returns:
        Array (side, side, 3) of uint8.

    Example:
        >>> to_square(np.zeros((30, 40, 3), np.uint8), 16).shape
        (16, 16, 3)
    """
    height, width = photo.shape[:2]
    if (height, width) == (side, side):
        return photo
    shorter = min(height, width)
    left, top = (width - shorter) / 2, (height - shorter) / 2
    box = (0.0, 0.0, width, height) if fit == "squeeze" else (left, top, left + shorter, top + shorter)
    resized = Image.fromarray(photo).resize((side, side), Image.Resampling.BICUBIC, box=box)
    return np.asarray(resized)


def is_gray(photo: RGBArray) -> bool:
    """Whether a photo has no color to learn from.

    It has none if its three channels differ by at most 12 of 255 in 99 % of the pixels: that covers the color noise of
    JPEG compression and a small colored logo, but not sepia, which cannot be told from sand.

    Args:
        photo: (H, W, 3) uint8.

    Example:
        >>> is_gray(np.full((8, 8, 3), (100, 104, 108), np.uint8))
        True
    """
    spread = photo.max(axis=2) - photo.min(axis=2)
    return bool(np.count_nonzero(spread > _GRAY_SPREAD) <= _GRAY_EXCEPTIONS * spread.size)


def look(photo: RGBArray) -> int:
    """64 bits of what a photo looks like: whether each of 8 x 8 fields is brighter than its right neighbor.

    Copies that were scaled, recompressed or slightly edited differ in a few bits at most ("dHash").
    """
    small = np.asarray(Image.fromarray(photo).convert("L").resize((9, 8), Image.Resampling.BOX)).astype(np.int16)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def _key(sources: Sequence[Source], side: int, fit: Fit) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([_VERSION, side, fit]).encode())
    for source in sources:
        digest.update(json.dumps([source.name, source.origin, source.stamp]).encode())
    return digest.hexdigest()


def _opened(folder: Path, side: int) -> CachedPhotos | None:
    """The cache in a folder, if it is there and whole."""
    try:
        known = json.loads((folder / "index.json").read_text(encoding="ascii"))
        photos = CachedPhotos(folder=folder, side=side, **known)
        photos.sizes = [(width, height) for width, height in photos.sizes]
        photos.unreadable = [(name, reason) for name, reason in photos.unreadable]
        lists = (photos.sizes, photos.gray, photos.digests, photos.looks, photos.checksums)
        if any(len(one) != len(photos) for one in lists):
            return None
        if (folder / "pixels.bin").stat().st_size != len(photos) * side * side * 3:
            return None
        step = max(1, len(photos) // _CHECKED_PHOTOS)
        if any(zlib.crc32(photos.pixels[at]) != photos.checksums[at] for at in range(0, len(photos), step)):
            return None
    except (OSError, ValueError, TypeError):
        return None
    return photos


@dataclass
class _Decoded:
    square: RGBArray
    size: tuple[int, int]


def _decode(source: Source, side: int, fit: Fit) -> _Decoded | UnreadableImage:
    try:
        photo = source.load(2 * side)  # twice the side: what shrinking inside the decoder takes away is not missed
    except UnreadableImage as error:
        return error
    return _Decoded(np.ascontiguousarray(to_square(photo.rgb, side, fit)), photo.size)


def _build(sources: Sequence[Source], side: int, fit: Fit, folder: Path, progress: bool) -> None:
    photos = CachedPhotos(folder=folder, side=side)
    with (folder / "pixels.bin").open("wb") as file:
        for source, decoded in _decode_all(sources, side, fit, progress):
            if isinstance(decoded, UnreadableImage):
                photos.unreadable.append((source.name, decoded.reason))
                continue
            data = decoded.square.tobytes()
            file.write(data)
            photos.names.append(source.name)
            photos.sizes.append(decoded.size)
            photos.gray.append(is_gray(decoded.square))
            photos.digests.append(hashlib.blake2b(data, digest_size=16).hexdigest())
            photos.looks.append(look(decoded.square))
            photos.checksums.append(zlib.crc32(data))
        file.flush()
        os.fsync(file.fileno())
    known = {name: value for name, value in asdict(photos).items() if name not in ("folder", "side")}
    with (folder / "index.json").open("w", encoding="ascii") as file_of_index:
        json.dump(known, file_of_index)
        file_of_index.flush()
        os.fsync(file_of_index.fileno())


def _decode_all(
    sources: Sequence[Source], side: int, fit: Fit, progress: bool
) -> Iterator[tuple[Source, _Decoded | UnreadableImage]]:
    workers = usable_cores()
    chunk = 32 * workers  # bounds what is decoded ahead of writing
    with (
        ThreadPoolExecutor(workers) as pool,  # threads do: Pillow decodes and resizes outside the interpreter's lock
        tqdm(total=len(sources), desc="Decoding photos, once", unit="photo", disable=None if progress else True) as bar,
    ):
        for start in range(0, len(sources), chunk):
            some = sources[start : start + chunk]
            for source, decoded in zip(some, pool.map(partial(_decode, side=side, fit=fit), some), strict=True):
                yield source, decoded
                bar.update()


def usable_cores() -> int:
    """Processor cores that this process may use, which on shared machines are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _published(fresh: Path, folder: Path, side: int) -> CachedPhotos:
    """Moves a complete cache to its place, unless another process was first; a damaged one there gives way."""
    for _ in range(3):
        try:
            fresh.rename(folder)
        except OSError:
            other = _opened(folder, side)
            if other is not None:
                return other
            with contextlib.suppress(OSError):
                damaged = folder.with_name(f"{fresh.name}.damaged")
                folder.rename(damaged)
                shutil.rmtree(damaged, ignore_errors=True)
        else:
            break
    photos = _opened(folder, side)
    if photos is None:
        raise OSError(errno.EBUSY, "a damaged cache is in use by another program", str(folder))
    return photos


def _sweep(root: Path) -> None:
    """Removes what processes left that were killed while they decoded, a day ago or longer."""
    for left in root.glob("*.part*"):
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < time.time() - 86400:
                shutil.rmtree(left, ignore_errors=True)


def _check_space(root: Path, needed: int) -> None:
    if shutil.disk_usage(root).free < needed:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:,.0f} MB are needed")


def _explained(error: OSError, root: Path) -> ColorganError:
    full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
    problem = f"the disk is full ({error.strerror})" if full else error.strerror or str(error)
    return ColorganError(
        f"cannot keep decoded photos in {printable(root)}: {problem}; "
        "choose another folder with --data.cache_dir or the variable COLORGAN_CACHE"
    )
