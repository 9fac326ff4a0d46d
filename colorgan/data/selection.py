"""Which photos of a folder are used: those that can be read, have color, and are within the limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lightning.pytorch.utilities import rank_zero_info

from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.checks import warn_about_unreadable
from colorgan.data.decoding import Fit
from colorgan.data.duplicates import near_duplicate_groups
from colorgan.data.manifest import ACCEPTED, BEYOND_LIMIT, LEFT_OUT, NO_COLOR, REPAIRED, ManifestEntry
from colorgan.data.sources import PhotoSource
from colorgan.data.split import Split, seeded_split
from colorgan.errors import ColorganError, plural


@dataclass(frozen=True)
class SelectedPhotos:
    """The photos of a folder that are used.

    Attributes:
        photos: all decoded photos.
        usable: positions of those that are used.
        gray: names of those that are not used because they have no color.
        left_out: (name, reason) of each file that is not used.
    """

    photos: CachedPhotos
    usable: npt.NDArray[np.int64]
    gray: list[str]
    left_out: list[tuple[str, str]]

    def split(self, indices: npt.NDArray[np.int64], folder: Path | None) -> Split:
        """A split of some of the photos; ``folder`` is where they come from."""
        return Split(self.photos, indices, self.gray, folder, self.left_out)


@dataclass(frozen=True)
class Selection:
    """Which photos are used, and as what.

    Attributes:
        side: height and width of the decoded squares in pixels.
        fit: how photos become squares.
        limit: maximum number of photos of each folder, evenly spaced by name.
        skip_gray: leave out photos without color.
        cache_dir: folder of the caches; by default that of the system.
    """

    side: int
    fit: Fit = "crop"
    limit: int | None = None
    skip_gray: bool = True
    cache_dir: str | None = None


def select_photos(
    sources: Sequence[PhotoSource],
    left_out: list[tuple[str, str]],
    where: str,
    selection: Selection,
    *,
    progress: bool,
    manifest: Path | None,
) -> SelectedPhotos:
    """Decodes photos, or opens them in the cache, and reports those that are not used.

    Args:
        sources: the photos.
        left_out: (name, reason) of files that are no photos; those that are not used are added to it.
        where: where they come from, for messages.
        selection: which of them are used.
        progress: show a progress bar.
        manifest: the file that will name all files, for messages.

    Raises:
        ColorganError: if no photo is left.
    """
    num_files = len(sources) + len(left_out)
    used, limit, skip_gray = sources, selection.limit, selection.skip_gray
    if limit is not None and limit < len(sources):
        used = [sources[i] for i in np.linspace(0, len(sources) - 1, limit).round().astype(int)]
    photos = cached_photos(
        used, side=selection.side, fit=selection.fit, cache_dir=selection.cache_dir, progress=progress
    )
    left_out += photos.unreadable
    warn_about_unreadable(left_out, num_files, where, manifest)
    if len(used) < len(sources):
        names = {source.name for source in used}
        left_out += [(source.name, BEYOND_LIMIT) for source in sources if source.name not in names]
    gray = [name for name, gray in zip(photos.names, photos.gray, strict=True) if gray and skip_gray]
    left_out += [(name, NO_COLOR) for name in gray]
    if gray:
        rank_zero_info(f"Skipped {plural(len(gray), 'gray photo')} of {len(photos):,} in {where}")
    usable = np.flatnonzero(~np.array(photos.gray, dtype=bool) | (not skip_gray))
    if not len(usable):
        reason = "is readable" if not len(photos) else "has color (--data.skip_gray=false keeps gray photos)"
        raise ColorganError(f"none of {plural(len(sources), 'photo')} in {where} {reason}")
    return SelectedPhotos(photos, usable, gray, left_out)


def divide(
    selected: SelectedPhotos, fractions: Mapping[str, float], seed: int, folder: Path | None
) -> dict[str, Split]:
    """Divides training photos: a fraction for each split that has no photos of its own, and the rest for training.

    Args:
        selected: the photos.
        fractions: fraction of each such split. Near-duplicates stay together.
        seed: seed of the choice.
        folder: where the photos come from.
    """
    photos, usable = selected.photos, selected.usable
    groups = near_duplicate_groups([photos])[usable] if any(fractions.values()) else np.arange(len(usable))
    parts = seeded_split([photos.names[i] for i in usable], groups, list(fractions.values()), seed)
    return {name: selected.split(usable[part], folder) for name, part in zip((*fractions, "train"), parts, strict=True)}


def manifest_of(splits: Mapping[str, Split], left_out: Mapping[str, Sequence[tuple[str, str]]]) -> list[ManifestEntry]:
    """The entries of a manifest: the photos of each split, and the files that were left out, by split."""
    entries = [
        ManifestEntry(name, split.photos.names[i], REPAIRED if split.photos.changes[i] else ACCEPTED, changes)
        for name, split in splits.items()
        for i in split.indices
        for changes in [split.photos.changes[i]]
    ]
    entries += [
        ManifestEntry(split, name, LEFT_OUT, reason) for split, files in left_out.items() for name, reason in files
    ]
    return sorted(entries)
