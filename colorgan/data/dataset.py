"""From the cache to batches, in an order and with augmentations that are functions of seed, epoch and photo alone.

A run that was interrupted must go on as if it had not been. Nothing here therefore keeps a random state: the order of
an epoch is a function of (seed, epoch), the augmentation of a photo one of (seed, epoch, index), whichever worker makes
it, and where to go on is asked of the trainer at the moment the first batch is needed.
"""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from colorgan.data.cache import CachedPhotos, usable_cores
from colorgan.errors import ColorganError
from colorgan.images import UnreadableImage, read_rgb

Key: TypeAlias = int | tuple[int, int]
"""A photo's index, or (epoch, index)."""


class EpochSampler(DistributedSampler[Any]):
    """Yields ``(epoch, index)`` pairs; every process of a distributed run takes its own share.

    For training the order is shuffled anew each epoch, and every process receives equally many (some photos come twice
    if the number does not divide). For validation the order is that of the files, and no photo comes twice.

    It is a :class:`~torch.utils.data.DistributedSampler` so that Lightning leaves it in place.

    Args:
        count: number of photos.
        seed: fixes the order of every epoch.
        shuffle: training order.
        batch_size: photos of one batch of one process; needed to go on in the middle of an epoch.
        rank: number of this process.
        world: number of processes.
        position: tells the epoch and how many of its batches were already used. Without it: the epoch that was set,
            from its beginning.

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
        world: int = 1,
        position: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(range(count), num_replicas=world, rank=rank, shuffle=shuffle, seed=seed)  # type: ignore[arg-type]
        self.count = count
        self.batch_size = batch_size
        self.position = position
        if not shuffle:
            self.num_samples = len(range(rank, count, world))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch, batches_used = self.position() if self.position is not None else (self.epoch, 0)
        order = np.arange(self.count)
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.count)
            order = np.resize(order, self.num_samples * self.num_replicas)
        mine = order[self.rank :: self.num_replicas]
        for index in mine[batches_used * self.batch_size :]:
            yield epoch, int(index)


class PhotoDataset(Dataset[dict[str, Any]]):
    """Photos of a cache as squares of the training size.

    Args:
        photos: decoded photos; their side may be larger than ``size``.
        indices: which of them; a photo's index in this data set is its position here.
        size: height and width of what comes out.
        transforms: albumentations to apply, in order; they see the photo at the cache's side.
        random_crop: cut a random square of ``size`` out of a larger photo; else its middle.
        seed: fixes augmentations and crops, together with epoch and index.
    """

    def __init__(
        self,
        photos: CachedPhotos,
        indices: npt.NDArray[np.int64],
        size: int,
        *,
        transforms: Sequence[Any] = (),
        random_crop: bool = False,
        seed: int = 0,
    ) -> None:
        self.photos = photos
        self.indices = indices
        self.size = size
        self.random_crop = random_crop
        self.seed = seed
        self.augment = _composed(transforms) if transforms else None

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, key: Key) -> dict[str, Tensor]:
        """The photo (3, size, size) uint8 as ``rgb`` and its ``index``, both without a batch dimension."""
        return {name: value[0] for name, value in to_batch(self.__getitems__([key])).items()}

    def __getitems__(self, keys: Sequence[Key]) -> dict[str, npt.NDArray[Any]]:
        """A whole batch at once, (B, size, size, 3): PyTorch's loader prefers this over single photos."""
        pairs = [key if isinstance(key, tuple) else (0, int(key)) for key in keys]
        index = np.array([one for _, one in pairs], dtype=np.int64)
        if self.augment is None and not self.random_crop:
            rgb = self._middle(self.photos.pixels[self.indices[index]])
        else:
            rgb = np.stack([self._augmented(epoch, one) for epoch, one in pairs])
        return {"rgb": rgb, "index": index}

    def _augmented(self, epoch: int, index: int) -> npt.NDArray[np.uint8]:
        rng = np.random.default_rng([self.seed, epoch, index])
        place = rng.random(2) if self.random_crop else np.full(2, 0.5)
        photo: npt.NDArray[np.uint8] = np.array(self.photos.pixels[self.indices[index]])
        if self.augment is not None:
            self.augment.set_random_state(rng, random.Random(int(rng.integers(1 << 62))))  # noqa: S311 (not a secret)
            photo = self.augment(image=photo)["image"]
            self._check(photo)
        height, width = photo.shape[:2]
        top, left = int(place[0] * (height - self.size + 1)), int(place[1] * (width - self.size + 1))
        return photo[top : top + self.size, left : left + self.size]

    def _middle(self, photos: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        top, left = (photos.shape[1] - self.size) // 2, (photos.shape[2] - self.size) // 2
        return photos[:, top : top + self.size, left : left + self.size]

    def _check(self, photo: Any) -> None:
        shape: tuple[int, ...] = tuple(getattr(photo, "shape", ()))
        fits = len(shape) == 3 and shape[2] == 3 and min(shape[:2]) >= self.size
        if not fits or photo.dtype != np.uint8:
            raise ColorganError(
                f"train_transforms turned a photo into {type(photo).__name__} {shape} of "
                f"{getattr(photo, 'dtype', '?')}; what comes out must be uint8, of 3 channels and of at least "
                f"{self.size} x {self.size} pixels (normalizing is not needed, the networks' ranges are the model's)"
            )


def _composed(transforms: Sequence[Any]) -> Any:
    import albumentations

    return albumentations.Compose(list(transforms))


def to_batch(data: Any) -> dict[str, Tensor]:
    """Arrays of :class:`PhotoDataset` as tensors: ``rgb`` (B, 3, H, W) uint8 and ``index`` (B,) int64."""
    rgb = np.ascontiguousarray(data["rgb"].transpose(0, 3, 1, 2))
    return {"rgb": torch.from_numpy(rgb), "index": torch.from_numpy(data["index"])}


class FileDataset(Dataset[dict[str, Any]]):
    """Photos at their own sizes, read when asked for.

    Args:
        paths: the files.

    Attributes:
        unreadable: what :class:`PhotoLoader` met and left out, as errors that name their files.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        self.unreadable: list[UnreadableImage] = []

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """``rgb`` (1, 3, H, W) uint8 and ``path`` ([str]); or ``unreadable``, the error."""
        path = self.paths[index]
        try:
            photo = read_rgb(path)
        except UnreadableImage as error:
            return {"unreadable": error}
        return {"rgb": torch.from_numpy(np.ascontiguousarray(photo.transpose(2, 0, 1)))[None], "path": [str(path)]}


def only_one(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Photos of different sizes cannot be stacked: the sample is the batch."""
    return samples[0]


class PhotoLoader(DataLoader[dict[str, Any]]):
    """A data loader that starts when its first batch is asked for, and leaves unreadable files out.

    Lightning creates iterators before it knows at which batch of which epoch a resumed run goes on, and PyTorch's
    workers begin to load at once. Here nothing happens before the first batch is needed; by then the trainer knows.
    """

    def __iter__(self) -> Iterator[dict[str, Any]]:  # type: ignore[override]  # a generator starts late; that is the point
        for batch in super().__iter__():
            if "unreadable" in batch:
                self.dataset.unreadable.append(batch["unreadable"])  # type: ignore[attr-defined]
            else:
                yield batch

    def state_dict(self) -> dict[str, Any]:
        """Nothing to save: having it tells Lightning that a run may go on in the middle of an epoch."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing to restore: the sampler asks the trainer where the run goes on."""


def init_worker(_: int) -> None:
    """Keeps OpenCV from starting threads of its own in every worker."""
    import cv2

    cv2.setNumThreads(0)


def default_num_workers(device: str, augmented: bool, devices: int = 1) -> int:
    """How many worker processes help.

    Reading the cache takes microseconds, so workers pay only for augmentation beside a GPU. On a CPU the networks need
    every core. Windows and macOS start workers slowly and anew, so few of them.

    Args:
        device: kind of device that trains, as in ``torch.device.type``.
        augmented: whether there are augmentations.
        devices: processes that share this machine.

    Example:
        >>> default_num_workers("cpu", augmented=True)
        0
    """
    if device == "cpu" or not augmented:
        return 0
    most = 8 if sys.platform.startswith("linux") else 2
    return max(0, min(most, (usable_cores() - 1) // max(1, devices)))
