"""The order of the photos in an epoch, reproducible across interruptions and processes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import DistributedSampler

from colorgan.data.weights import draw, num_draws


class EpochSampler(DistributedSampler[Any]):
    """Yields ``(epoch, index)`` pairs. Each process of a distributed run receives its own part.

    The order is a function of seed and epoch; there is no random state to save. For training, photos are shuffled; for
    validation, they keep the order of the files. The n-th batches of all processes together are the n-th batch that a
    single process would have with their total size.

    With weights, an epoch may have some photos several times, and others not at all. Copies after the first are
    ``(epoch, index, copy)``, so that they can be augmented differently.

    All processes receive the same number of photos, because they wait for each other in every batch. If the number is
    not divisible, the first photos of the order are repeated at its end, or the last ones are dropped.

    It is a :class:`~torch.utils.data.DistributedSampler`, so Lightning does not replace it.

    Args:
        count: number of photos.
        seed: seed of the order.
        shuffle: shuffle the photos in each epoch.
        weights: (count,) how often each photo is drawn in an epoch, on average; by default once. They need ``shuffle``.
        batch_size: batch size of one process; needed to resume within an epoch.
        rank: index of this process.
        world_size: number of processes.
        drop_last: drop photos at the end, rather than repeat some, if processes would differ in number.
        position: returns the current epoch and the number of its batches already used, called when iteration starts. By
            default, iteration starts at the beginning of the epoch given to ``set_epoch``.

    Example:
        >>> list(EpochSampler(3, seed=0, shuffle=False))
        [(0, 0), (0, 1), (0, 2)]
    """

    def __init__(
        self,
        count: int,
        *,
        seed: int,
        shuffle: bool,
        weights: npt.NDArray[np.float64] | None = None,
        batch_size: int = 1,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        position: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        draws = count if weights is None else num_draws(weights)
        super().__init__(
            range(draws),  # type: ignore[arg-type]
            num_replicas=world_size,
            rank=rank,
            shuffle=shuffle,
            seed=seed,
        )
        self.count = count
        self.weights = weights
        self.batch_size = batch_size
        self.position = position
        if drop_last:  # DistributedSampler would keep a photo more in some cases
            self.num_samples = draws // world_size

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        epoch, batches_used = self.position() if self.position is not None else (self.epoch, 0)
        photos, copies = self._order(epoch)
        total = self.num_samples * self.num_replicas
        own = slice(self.rank + batches_used * self.batch_size * self.num_replicas, None, self.num_replicas)
        for index, copy in zip(np.resize(photos, total)[own], np.resize(copies, total)[own], strict=True):
            yield (epoch, int(index), int(copy)) if copy else (epoch, int(index))

    def _order(self, epoch: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The photos of all processes in an epoch, and which copy of a photo each is."""
        rng = np.random.default_rng([self.seed, epoch])
        if self.weights is not None:
            return draw(self.weights, rng)
        photos = rng.permutation(self.count) if self.shuffle else np.arange(self.count)
        return photos, np.zeros_like(photos)
