"""Detection of near-duplicate photos, which would make validation results too good if they were split up."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from colorgan.data.similarity import (
    Candidate,
    Thumbnails,
    aligned_correlation,
    find_candidates,
    low_frequencies,
    seen_as,
    thumbnail,
)
from colorgan.files import atomic_write
from colorgan.system.threads import available_cores

_VERSION = 1  # increment if other pairs are found than before
_FILE = "duplicates.json"
_MAX_STORED = 8  # searches per cache
_MIN_CORRELATION = 0.95  # of aligned details; photos of a series reach 0.9
_READ_SIZE, _CHUNK_SIZE = 256, 1024  # photos read, and candidates aligned, at a time
_KEPT_THUMBNAILS = 20_000  # 5 KB each


class ComparablePhotos(Protocol):
    """What the search needs to know of decoded photos; see :class:`colorgan.data.cache.CachedPhotos`."""

    folder: Path
    digests: list[str]

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Photos at the given positions, (B, side, side, 3) uint8."""

    def __len__(self) -> int: ...


def near_duplicate_groups(caches: Sequence[ComparablePhotos]) -> npt.NDArray[np.int64]:
    """Groups near-duplicate photos: identical or edited copies.

    Found are copies that were scaled, recompressed, made brighter, darker or gray, mirrored, turned by quarters or by
    up to about 3 degrees, cropped by up to 5 percent at each side, or framed by up to 10 percent, and most that were
    edited in several of these ways. Two photos are near-duplicates if they are identical, or if their low frequencies
    agree and the details of their aligned thumbnails have a correlation of at least 0.95; see
    ``colorgan.data.similarity``. Photos without contrast are only compared for identity. The relation is transitive.

    The result is stored next to the first cache for the next start.

    Args:
        caches: photos of one or more folders.

    Returns:
        For each photo, in the order of the caches, the position of the first photo of its group.
    """
    digests = [digest for cache in caches for digest in cache.digests]
    groups = _DisjointSets(len(digests))
    first_with_digest: dict[str, int] = {}
    for position, digest in enumerate(digests):
        groups.join(first_with_digest.setdefault(digest, position), position)
    distinct = np.array(list(first_with_digest.values()), dtype=np.int64)
    if len(distinct) > 1:
        key = hashlib.blake2b(json.dumps([_VERSION, digests]).encode(), digest_size=16).hexdigest()
        file = caches[0].folder / _FILE
        stored = _read_stored(file)
        pairs = _checked_pairs(stored.get(key), len(digests))
        if pairs is None:
            with _single_threaded_opencv():
                pairs = list(_search(_Photos(caches), distinct, groups))
            _store(file, stored, key, pairs)
        for one, other in pairs:
            groups.join(one, other)
    return np.array([groups.find(position) for position in range(len(digests))], dtype=np.int64)


class _Photos:
    """The photos of several caches at consecutive positions."""

    def __init__(self, caches: Sequence[ComparablePhotos]) -> None:
        self._located = [(cache, index) for cache in caches for index in range(len(cache))]
        self.thumbnail = lru_cache(_KEPT_THUMBNAILS)(self._thumbnail)

    def _thumbnail(self, position: int) -> Thumbnails:
        cache, index = self._located[position]
        return thumbnail(cache.read(np.array([index]))[0])


def _search(photos: _Photos, positions: npt.NDArray[np.int64], groups: "_DisjointSets") -> Iterator[tuple[int, int]]:
    """Finds pairs of near-duplicates, enough to connect each group, and joins them."""
    with ThreadPoolExecutor(available_cores(), thread_name_prefix="duplicates") as pool:
        candidates = _similar(photos, positions, pool)

        def are_duplicates(candidate: Candidate) -> bool:
            one, other = photos.thumbnail(candidate.one), photos.thumbnail(candidate.other)
            return aligned_correlation(one, seen_as(other, candidate.view)) >= _MIN_CORRELATION

        for start in range(0, len(candidates), _CHUNK_SIZE):
            chunk = [
                candidate
                for candidate in candidates[start : start + _CHUNK_SIZE]
                if groups.find(candidate.one) != groups.find(candidate.other)
            ]
            for candidate, found in zip(chunk, pool.map(are_duplicates, chunk), strict=True):
                if found:
                    groups.join(candidate.one, candidate.other)
                    yield candidate.one, candidate.other


def _similar(photos: _Photos, positions: npt.NDArray[np.int64], pool: ThreadPoolExecutor) -> list[Candidate]:
    """Candidates whose low frequencies agree, each pair once."""
    described = [
        low_frequencies(np.stack(list(pool.map(photos.thumbnail, positions[start : start + _READ_SIZE].tolist()))))
        for start in range(0, len(positions), _READ_SIZE)
    ]
    has_contrast = np.concatenate([contrast for _, contrast in described])
    positions = positions[has_contrast]
    best: dict[tuple[int, int], Candidate] = {}
    for found in find_candidates(np.concatenate([crops for crops, _ in described])[has_contrast]):
        one, other = int(positions[found.one]), int(positions[found.other])
        pair = (min(one, other), max(one, other))
        if pair not in best or found.correlation > best[pair].correlation:
            best[pair] = found._replace(one=one, other=other)
    return list(best.values())


@contextlib.contextmanager
def _single_threaded_opencv() -> Iterator[None]:
    """Keeps OpenCV from starting threads of its own, which forked workers would wait for."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(0)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _read_stored(file: Path) -> dict[str, Any]:
    """Pairs of earlier searches by key; empty if there are none, or the file is damaged."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        stored = json.loads(file.read_text(encoding="ascii"))
        if isinstance(stored, dict):
            return stored
    return {}


def _checked_pairs(entry: Any, count: int) -> list[tuple[int, int]] | None:
    """Stored pairs of positions; None if there are none, or their digest does not match."""
    if not isinstance(entry, dict) or entry.get("digest") != _digest(entry.get("pairs")):
        return None
    return [(one, other) for one, other in entry["pairs"] if 0 <= one < count and 0 <= other < count]


def _store(file: Path, stored: dict[str, Any], key: str, pairs: list[tuple[int, int]]) -> None:
    newest = dict(list(stored.items())[1 - _MAX_STORED :])
    entry = {"digest": _digest(pairs), "pairs": pairs}
    with contextlib.suppress(OSError), atomic_write(file) as temporary:  # a full disk: the next start searches again
        temporary.write_text(json.dumps({**newest, key: entry}), encoding="ascii")


def _digest(pairs: Any) -> str:
    return hashlib.blake2b(json.dumps(pairs).encode(), digest_size=16).hexdigest()


class _DisjointSets:
    """A union-find structure whose sets are represented by their smallest member."""

    def __init__(self, size: int) -> None:
        self._parents = np.arange(size)

    def find(self, member: int) -> int:
        while self._parents[member] != member:
            self._parents[member] = self._parents[self._parents[member]]
            member = int(self._parents[member])
        return member

    def join(self, one: int, other: int) -> None:
        one, other = self.find(one), self.find(other)
        self._parents[max(one, other)] = min(one, other)
