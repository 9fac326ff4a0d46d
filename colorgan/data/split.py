"""Splits of photos into training, validation and test sets."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from colorgan.data.cache import CachedPhotos


@dataclass
class Split:
    """The photos of one split.

    Attributes:
        photos: cache of decoded photos, which may hold other splits as well.
        indices: positions of this split's photos in ``photos``. The ``index`` of a batch is a position in this array.
        gray: names of the photos that were skipped because they have no color.
        folder: folder of the files, or None.
        left_out: (name, reason) of each file of the folder that is in no split.
    """

    photos: CachedPhotos
    indices: npt.NDArray[np.int64]
    gray: list[str] = field(default_factory=list)
    folder: Path | None = None
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def names(self) -> list[str]:
        """File names relative to the folder, in the order of ``index``."""
        return [self.photos.names[i] for i in self.indices]

    @property
    def digest(self) -> str:
        """Identifies the photos of the split: a BLAKE2 digest of their names and pixels, or of packed shards."""
        return self.photos.digest_of(self.indices)

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(name, reason) of each file that cannot be read."""
        return self.photos.unreadable


def seeded_split(
    names: Sequence[str], groups: Sequence[int] | npt.NDArray[np.int64], fractions: Sequence[float], seed: int
) -> list[npt.NDArray[np.int64]]:
    """Splits photos by seed and name, so that the result does not depend on the machine or the order of the files.

    Args:
        names: name of each photo.
        groups: group number of each photo. Photos of one group stay together.
        fractions: fraction of the photos in each part except the last, which receives the rest.
        seed: seed of the split.

    Returns:
        One array of positions in ascending order for each fraction, and one for the rest. A part with a fraction above
        0 receives that fraction of the photos, rounded and at least one, or fewer where groups would be divided.

    Example:
        >>> [len(part) for part in seeded_split([f"{n}.jpg" for n in range(10)], range(10), [0.2], seed=0)]
        [2, 8]
    """
    members: dict[int, list[int]] = defaultdict(list)
    for position, group in enumerate(groups):
        members[int(group)].append(position)

    def sort_key(group: list[int]) -> bytes:
        name = min(names[position] for position in group)
        return hashlib.blake2b(f"{seed}\0{name}".encode(errors="surrogateescape")).digest()

    remaining = sorted(members.values(), key=sort_key)
    parts: list[npt.NDArray[np.int64]] = []
    for fraction in fractions:
        target = max(1, round(fraction * len(names))) if fraction > 0 else 0
        selected: list[int] = []
        skipped: list[list[int]] = []
        for group in remaining:
            if len(selected) + len(group) <= target:
                selected += group
            else:
                skipped.append(group)
        remaining = skipped
        parts.append(np.array(sorted(selected), dtype=np.int64))
    parts.append(np.array(sorted(position for group in remaining for position in group), dtype=np.int64))
    return parts
