"""The order of the photos in an epoch, reproducible across interruptions and processes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from torch.utils.data import DistributedSampler


class EpochSampler(DistributedSampler[Any]):
    """Yields ``(epoch, index)`` pairs. Each process of a distributed run receives its own part.

    The order is a function of seed and epoch; there is no random state to save. For training, photos are shuffled, and
    all processes receive the same number (some photos are repeated if the number is not divisible). For validation,
    photos keep the order of the files, and none is repeated.

    It is a :class:`~torch.utils.data.DistributedSampler`, so Lightning does not replace it.

    Args:
        count: number of photos.
        seed: seed of the order.
        shuffle: shuffle the photos in each epoch.
        batch_size: batch size of one process; needed to resume within an epoch.
        rank: index of this process.
        world_size: number of processes.
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
        batch_size: int = 1,
        rank: int = 0,
        world_size: int = 1,
        position: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(range(count), num_replicas=world_size, rank=rank, shuffle=shuffle, seed=seed)  # type: ignore[arg-type]
        self.count = count
        self.batch_size = batch_size
        self.position = position
        if not shuffle:
            self.num_samples = len(range(rank, count, world_size))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch, batches_used = self.position() if self.position is not None else (self.epoch, 0)
        order = np.arange(self.count)
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.count)
            order = np.resize(order, self.num_samples * self.num_replicas)
        own = order[self.rank :: self.num_replicas]
        for index in own[batches_used * self.batch_size :]:
            yield epoch, int(index)
