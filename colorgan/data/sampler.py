"""The order of the photos in an epoch, reproducible across interruptions and processes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import DistributedSampler


class EpochSampler(DistributedSampler[Any]):
    """Yields ``(epoch, index)`` pairs. Each process of a distributed run receives its own part.

    The order is a function of seed and epoch; there is no random state to save. For training, photos are shuffled; for
    validation, they keep the order of the files. The n-th batches of all processes together are the n-th batch that a
    single process would have with their total size.

    All processes receive the same number of photos, because they wait for each other in every batch. If the number is
    not divisible, the first photos of the order are repeated at its end, or the last ones are dropped.

    It is a :class:`~torch.utils.data.DistributedSampler`, so Lightning does not replace it.

    Args:
        count: number of photos.
        seed: seed of the order.
        shuffle: shuffle the photos in each epoch.
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
        batch_size: int = 1,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        position: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(
            range(count),  # type: ignore[arg-type]
            num_replicas=world_size,
            rank=rank,
            shuffle=shuffle,
            seed=seed,
        )
        self.count = count
        self.batch_size = batch_size
        self.position = position
        if drop_last:  # DistributedSampler would keep a photo more in some cases
            self.num_samples = count // world_size

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """The order of all photos in an epoch."""
        if not self.shuffle:
            return np.arange(self.count)
        return np.random.default_rng([self.seed, epoch]).permutation(self.count)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch, batches_used = self.position() if self.position is not None else (self.epoch, 0)
        order = np.resize(self.order(epoch), self.num_samples * self.num_replicas)
        own = order[self.rank :: self.num_replicas]
        for index in own[batches_used * self.batch_size :]:
            yield epoch, int(index)
