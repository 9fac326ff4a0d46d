"""Finds the photos of a folder that are copies of others, before they are packed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.decoding import Fit
from colorgan.data.duplicates import near_duplicate_groups
from colorgan.data.sources import PhotoSource

DUPLICATE, NEAR_DUPLICATE = "duplicates", "near-duplicates"
"""Why photos are left out."""

_SIDE = 96
"""Height and width, in pixels, at which photos are compared."""


def find_copies(
    parts: Mapping[str, Sequence[PhotoSource]],
    fit: Fit,
    skip_gray: bool,
    *,
    cache_dir: Path | None = None,
    progress: bool = True,
) -> dict[str, dict[str, str]]:
    """Finds photos that are identical to, or edited copies of, others; see ``colorgan.data.duplicates``.

    Of each group, one photo stays: one of the earliest part, so that no training photo is a copy of a validation photo,
    and of these the largest. All photos are decoded, once, into a cache of 28 kB each.

    Args:
        parts: photos of each split; those of earlier ones stay.
        fit: how photos become squares.
        skip_gray: whether photos without color are left out anyway, and so cannot stand for others.
        cache_dir: parent folder of the caches; by default that of all photo caches.
        progress: show progress bars if standard error is a terminal.

    Returns:
        For each split, the names of the photos to leave out, with :data:`DUPLICATE` or :data:`NEAR_DUPLICATE`.

    Raises:
        ColorganError: if the cache cannot be written.
    """
    caches = {
        split: cached_photos(sources, side=_SIDE, fit=fit, cache_dir=cache_dir, progress=progress)
        for split, sources in parts.items()
    }
    photos = [(split, cache, index) for split, cache in caches.items() for index in range(len(cache))]
    ranks = {split: rank for rank, split in enumerate(caches)}

    def preference(position: int) -> tuple[int, int, int]:
        split, cache, index = photos[position]
        return ranks[split], -min(cache.sizes[index]), position

    copies: dict[str, dict[str, str]] = {split: {} for split in parts}
    for group in _groups(list(caches.values())):
        able = [position for position in group if not (skip_gray and photos[position][1].gray[photos[position][2]])]
        if len(able) < 2:
            continue
        kept = min(able, key=preference)
        digest = photos[kept][1].digests[photos[kept][2]]
        for position in able:
            split, cache, index = photos[position]
            if position != kept:
                is_same = cache.digests[index] == digest
                copies[split][cache.names[index]] = DUPLICATE if is_same else NEAR_DUPLICATE
    return copies


def _groups(caches: Sequence[CachedPhotos]) -> Iterator[list[int]]:
    """Positions of the photos of each group that has several."""
    groups = near_duplicate_groups(caches)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    for members in np.split(order, starts):
        if len(members) > 1:
            yield members.tolist()
