"""Packed photos as a data set and its order."""

import functools
import hashlib
import json
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from colorgan.data.sampler import EpochSampler
from colorgan.data.streaming.shards import Shard, ShardIndex, checksum_of, map_pixels, parse
from colorgan.data.streaming.store import ShardStore, warn_of_damage
from colorgan.errors import ColorganError
from colorgan.images import printable

_OPEN_SHARDS = 16
"""Mapped files and their checksums that a process keeps."""


class ShardedPhotos:
    """The photos of a packed data set, read by position. Workers receive no pixels.

    It takes the place of :class:`~colorgan.data.cache.CachedPhotos`.

    Args:
        store: where the shards are.
        index: the index.

    Attributes:
        side: height and width of all photos in pixels.
    """

    def __init__(self, store: ShardStore, index: ShardIndex) -> None:
        self.store, self.index, self.side = store, index, index.side
        self.offsets = np.cumsum([0, *(shard.count for shard in index.shards)])
        self._open: OrderedDict[int, tuple[npt.NDArray[np.uint8], list[int]]] = OrderedDict()
        self._about = functools.lru_cache(maxsize=_OPEN_SHARDS)(self._read_about)

    def __len__(self) -> int:
        return len(self.index)

    def __getstate__(self) -> dict[str, Any]:
        return {"store": self.store, "index": self.index}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    @property
    def names(self) -> list[str]:
        """Names of all photos; reads what all shards say about theirs."""
        return [name for shard in self.index.shards for name in self._about(shard)["names"]]

    def digest_of(self, indices: npt.NDArray[np.int64]) -> str:
        """BLAKE2 digest of the checksums of all shards; training takes no fewer photos than all."""
        described = [[shard.count, shard.checksum] for shard in self.index.shards]
        return hashlib.blake2b(json.dumps(described).encode(), digest_size=16).hexdigest()

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Reads photos, and compares each with its checksum.

        Args:
            indices: (B,) positions of the photos.

        Returns:
            A copy of the photos, (B, side, side, 3) uint8.

        Raises:
            ColorganError: if a shard cannot be read, or a photo is damaged where it was packed.
        """
        photos = np.empty((len(indices), self.side, self.side, 3), np.uint8)
        numbers = np.searchsorted(self.offsets, indices, side="right") - 1
        for number in np.unique(numbers).tolist():
            rows = np.flatnonzero(numbers == number)
            inside = indices[rows] - self.offsets[number]
            photos[rows] = self._shard(number)[0][inside]
            if not self._are_intact(number, photos, rows, inside):
                self._read_again(number, photos, rows, inside)
        return photos

    def _are_intact(
        self, number: int, photos: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64], inside: npt.NDArray[np.int64]
    ) -> bool:
        checksums = self._shard(number)[1]
        return all(checksum_of(photos[row]) == checksums[i] for row, i in zip(rows, inside.tolist(), strict=True))

    def _read_again(
        self, number: int, photos: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64], inside: npt.NDArray[np.int64]
    ) -> None:
        shard = self.index.shards[number]
        name = self._about(shard)["names"][int(inside[0])]
        if self.store.forget(shard):
            warn_of_damage(shard, name)
            self._open.pop(number)
            photos[rows] = self._shard(number)[0][inside]
            if self._are_intact(number, photos, rows, inside):
                return
        raise ColorganError(
            f"{printable(self.store.root)}/{shard.pixels} is damaged (near the photo {printable(name)}); pack the "
            "photos again"
        )

    def _shard(self, number: int) -> tuple[npt.NDArray[np.uint8], list[int]]:
        """The mapped pixels of a shard, and the checksums of its photos."""
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        shard = self.index.shards[number]
        pixels = map_pixels(self.store.path(shard, self.side), shard.count, self.side)
        self._open[number] = pixels, self._about(shard)["checksums"]
        if len(self._open) > _OPEN_SHARDS:
            self._open.popitem(last=False)
        return self._open[number]

    def _read_about(self, shard: Shard) -> dict[str, Any]:
        where = f"{self.store.root}/{shard.about}"
        text = self.store.read_text(shard.about)
        if text is None:
            raise ColorganError(f"{printable(where)} is missing; pack the photos again")
        try:
            about = parse(text, where)
            names, checksums = about["names"], about["checksums"]
            if not len(names) == len(checksums) == shard.count or not all(type(each) is int for each in checksums):
                raise ValueError("it is about another number of photos")
        except (KeyError, TypeError, ValueError) as error:
            raise ColorganError(f"{printable(where)} is damaged ({error!s:.80}); pack the photos again") from error
        return {"names": [str(name) for name in names], "checksums": checksums}


class ShardSampler(EpochSampler):
    """Shuffles the shards in each epoch, and the photos of a few shards at a time.

    As in :class:`~colorgan.data.sampler.EpochSampler`, the order is a function of seed and epoch, and the n-th batches
    of all processes together are the n-th batch of a single one.

    Args:
        counts: number of photos of each shard.
        mix: number of shards whose photos are shuffled together.
        announce: called with the shards that are needed from now on, and with those that are needed after them, each
            time the order comes to other shards.
        options: arguments of :class:`~colorgan.data.sampler.EpochSampler`.
    """

    def __init__(
        self, counts: Sequence[int], *, mix: int, announce: Callable[[list[int], list[int]], None], **options: Any
    ) -> None:
        super().__init__(sum(counts), shuffle=True, **options)
        self.counts, self.mix, self.announce = list(counts), mix, announce

    def _order(self, epoch: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        offsets = np.cumsum([0, *self.counts])
        rng = np.random.default_rng([self.seed, epoch])
        groups = [
            np.concatenate([np.arange(offsets[number], offsets[number + 1]) for number in group])
            for group in self._groups(rng)
        ]
        photos = np.concatenate([rng.permutation(group) for group in groups])
        return photos, np.zeros_like(photos)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        ends = np.cumsum(self.counts).tolist()
        groups: list[list[int]] = []
        group_of: dict[int, int] = {}
        current = -1
        for key in super().__iter__():
            epoch, index = key[:2]
            if not groups:
                groups = self._groups(np.random.default_rng([self.seed, epoch]))
                group_of = {number: position for position, group in enumerate(groups) for number in group}
            group = group_of[bisect_right(ends, index)]
            if group > current:
                current = group
                self.announce(groups[group], groups[group + 1] if group + 1 < len(groups) else [])
            yield key

    def _groups(self, rng: np.random.Generator) -> list[list[int]]:
        shards = rng.permutation(len(self.counts)).tolist()
        return [shards[start : start + self.mix] for start in range(0, len(shards), self.mix)]
