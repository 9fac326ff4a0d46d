"""Detection of near-duplicate photos, which would make validation results too good if they were split up."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.images import RGBArray

_NUM_BANDS, _BAND_BITS = 4, 16
_MAX_DIFFERENT_BITS = _NUM_BANDS - 1  # if at most 3 bits differ, one of 4 bands is equal: the search is fast
_MIN_INFORMATIVE_BITS = 4
_THUMBNAIL_SIDE = 16
_MAX_DIFFERENCE = 13.0  # mean absolute difference of two thumbnails, of 255


class HashedPhotos(Protocol):
    """What the search needs to know of decoded photos; see :class:`colorgan.data.cache.CachedPhotos`."""

    hashes: list[int]
    digests: list[str]

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Photos at the given positions, (B, side, side, 3) uint8."""

    def __len__(self) -> int: ...


def dhash(photo: RGBArray) -> int:
    """Computes the 64-bit difference hash: whether each cell of an 8 x 8 grid is darker than its right neighbor.

    Scaled, recompressed or slightly edited copies differ in a few bits at most.

    Args:
        photo: (H, W, 3) uint8.
    """
    small = np.asarray(Image.fromarray(photo).convert("L").resize((9, 8), Image.Resampling.BOX)).astype(np.int16)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def near_duplicate_groups(caches: Sequence[HashedPhotos]) -> npt.NDArray[np.int64]:
    """Groups near-duplicate photos: identical, scaled or recompressed copies.

    Two photos are near-duplicates if they are identical, or if their :func:`dhash` differs in at most 3 of 64 bits and
    their 16 x 16 thumbnails by at most 13 of 255 on average. Hashes with fewer than 4 bits set or unset come from flat
    surfaces and are not compared. The relation is transitive.

    Args:
        caches: photos of one or more folders.

    Returns:
        For each photo, in the order of the caches, the position of the first photo of its group.
    """
    hashes = np.array([value for cache in caches for value in cache.hashes], dtype=np.uint64)
    photos = [(cache, index) for cache in caches for index in range(len(cache))]
    thumbnails: dict[int, npt.NDArray[np.float32]] = {}

    def thumbnail(position: int) -> npt.NDArray[np.float32]:
        if position not in thumbnails:
            cache, index = photos[position]
            small = Image.fromarray(cache.read(np.array([index]))[0]).resize(
                (_THUMBNAIL_SIDE,) * 2, Image.Resampling.BOX
            )
            thumbnails[position] = np.asarray(small).astype(np.float32)
        return thumbnails[position]

    groups = _DisjointSets(len(photos))
    first_with_digest: dict[str, int] = {}
    for position, digest in enumerate(digest for cache in caches for digest in cache.digests):
        groups.join(first_with_digest.setdefault(digest, position), position)
    num_set = _count_bits(hashes)
    informative = np.flatnonzero((num_set >= _MIN_INFORMATIVE_BITS) & (num_set <= 64 - _MIN_INFORMATIVE_BITS))
    for band in range(_NUM_BANDS):
        keys = (hashes[informative] >> np.uint64(band * _BAND_BITS)) & np.uint64((1 << _BAND_BITS) - 1)
        order = np.argsort(keys, kind="stable")
        boundaries = np.flatnonzero(np.diff(keys[order])) + 1
        for candidates in np.split(informative[order], boundaries):
            for i, position in enumerate(candidates[:-1].tolist()):
                others = candidates[i + 1 :]
                for other in others[_count_bits(hashes[others] ^ hashes[position]) <= _MAX_DIFFERENT_BITS].tolist():
                    if np.abs(thumbnail(position) - thumbnail(other)).mean() <= _MAX_DIFFERENCE:
                        groups.join(position, other)
    return np.array([groups.find(position) for position in range(len(photos))], dtype=np.int64)


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


def _count_bits(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """The number of set bits in each word."""
    counts: npt.NDArray[np.int64] = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1).sum(
        axis=1, dtype=np.int64
    )
    return counts
