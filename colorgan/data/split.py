"""Which photos are kept apart: twins stay together, and the rest falls by seed and name alone."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.data.cache import CachedPhotos

_BANDS, _BAND_BITS = 4, 16
_ALIKE_BITS = _BANDS - 1  # up to three differing bits leave one of four bands untouched, which makes the search cheap
_TELLING_BITS = 4
_ALIKE_DIFFERENCE = 13.0  # mean difference of 16 x 16 thumbnails, of 255


def near_duplicate_groups(caches: Sequence[CachedPhotos]) -> npt.NDArray[np.int64]:
    """Numbers near-identical photos alike: copies, also scaled or recompressed ones.

    Two photos are twins if they are equal, or if their :func:`~colorgan.data.cache.look` differs in at most 3 of 64
    bits and their thumbnails by at most 13 of 255 on average. Looks of plain surfaces, with hardly a bit set or unset,
    say nothing and are not compared. Twins of twins are twins.

    Args:
        caches: photos, of one or of several folders.

    Returns:
        For each photo, in the order of the caches, the position of the first photo of its group, itself included.
    """
    looks = np.array([look for cache in caches for look in cache.looks], dtype=np.uint64)
    places = [(cache, index) for cache in caches for index in range(len(cache))]
    thumbnails: dict[int, npt.NDArray[np.float32]] = {}

    def thumbnail(at: int) -> npt.NDArray[np.float32]:
        if at not in thumbnails:
            cache, index = places[at]
            small = Image.fromarray(cache.pixels[index]).resize((16, 16), Image.Resampling.BOX)
            thumbnails[at] = np.asarray(small).astype(np.float32)
        return thumbnails[at]

    parent = np.arange(len(places))

    def first(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = int(parent[at])
        return at

    def join(one: int, other: int) -> None:
        one, other = first(one), first(other)
        parent[max(one, other)] = min(one, other)

    known: dict[str, int] = {}
    for at, digest in enumerate(digest for cache in caches for digest in cache.digests):
        join(known.setdefault(digest, at), at)
    set_bits = _bits(looks)
    telling = np.flatnonzero((set_bits >= _TELLING_BITS) & (set_bits <= 64 - _TELLING_BITS))
    for band in range(_BANDS):
        key = (looks[telling] >> np.uint64(band * _BAND_BITS)) & np.uint64((1 << _BAND_BITS) - 1)
        order = np.argsort(key, kind="stable")
        borders = np.flatnonzero(np.diff(key[order])) + 1
        for same_band in np.split(telling[order], borders):
            for number, at in enumerate(same_band[:-1].tolist()):
                rest = same_band[number + 1 :]
                for other in rest[_bits(looks[rest] ^ looks[at]) <= _ALIKE_BITS].tolist():
                    if np.abs(thumbnail(at) - thumbnail(other)).mean() <= _ALIKE_DIFFERENCE:
                        join(at, other)
    return np.array([first(at) for at in range(len(places))], dtype=np.int64)


def _bits(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """How many bits are set in each of them."""
    counts: npt.NDArray[np.int64] = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1).sum(
        axis=1, dtype=np.int64
    )
    return counts


def seeded_split(
    names: Sequence[str], groups: Sequence[int] | npt.NDArray[np.int64], fractions: Sequence[float], seed: int
) -> list[npt.NDArray[np.int64]]:
    """Divides photos by seed and name: the same photos fall the same way on every machine and in every order.

    Args:
        names: a name for each photo.
        groups: a number for each photo; photos of one number stay together.
        fractions: share of the photos for each part but the last, which takes the rest.
        seed: another number, another division.

    Returns:
        One more array of positions than there are fractions, each in ascending order. A part with a fraction above 0
        receives at least one photo, and as many as asked for, as far as groups can be kept together.

    Example:
        >>> [len(part) for part in seeded_split([f"{n}.jpg" for n in range(10)], range(10), [0.2], seed=0)]
        [2, 8]
    """
    members: dict[int, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        members[int(group)].append(at)

    def fate(group: list[int]) -> bytes:
        return hashlib.blake2b(f"{seed}\0{min(names[at] for at in group)}".encode(errors="surrogateescape")).digest()

    waiting = sorted(members.values(), key=fate)
    parts: list[npt.NDArray[np.int64]] = []
    for fraction in fractions:
        wanted = max(1, round(fraction * len(names))) if fraction > 0 else 0
        taken: list[int] = []
        left: list[list[int]] = []
        for group in waiting:
            if len(taken) + len(group) <= wanted:
                taken += group
            else:
                left.append(group)
        waiting = left
        parts.append(np.array(sorted(taken), dtype=np.int64))
    parts.append(np.array(sorted(at for group in waiting for at in group), dtype=np.int64))
    return parts
