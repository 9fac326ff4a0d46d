"""The data loaders of the splits, from the cache or from the training device."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from colorgan.data.augmentation import Transform
from colorgan.data.cache import CachedPhotos
from colorgan.data.dataset import PhotoDataset, to_batch
from colorgan.data.device import DeviceDataset, DeviceLoader, OnDevice, keeps_on_device, to_tensors, upload
from colorgan.data.loader import PhotoLoader, default_num_workers, init_worker
from colorgan.data.process import TrainingProcess
from colorgan.data.sampler import EpochSampler
from colorgan.data.split import Split


@dataclass
class SplitLoaders:
    """Creates the loaders of splits. The arguments are those of :class:`~colorgan.data.datamodule.Photos`.

    Attributes:
        pixels: the photos that are kept on the device, by split.
    """

    size: int
    seed: int = 0
    random_crop: bool = False
    train_transforms: Sequence[Transform] = ()
    num_workers: int | None = None
    pin_memory: bool | None = None
    persistent_workers: bool | None = None
    drop_last: bool = True
    on_device: OnDevice = "auto"
    pixels: dict[str, torch.Tensor] = field(default_factory=dict)

    def dataset(self, photos: CachedPhotos, indices: npt.NDArray[np.int64]) -> PhotoDataset:
        """Returns some photos as they are seen in training."""
        return PhotoDataset(
            photos,
            indices,
            self.size,
            transforms=self.train_transforms,
            random_crop=self.random_crop,
            seed=self.seed,
        )

    def training(
        self,
        split: Split,
        process: TrainingProcess,
        batch_size: int,
        weights: npt.NDArray[np.float64] | None = None,
    ) -> PhotoLoader:
        """Creates the training loader. After an interruption, it continues with the next batch.

        Args:
            split: the training photos.
            process: the process that trains on its part of them.
            batch_size: photos in a batch of one process.
            weights: (N,) how often each photo is drawn in an epoch, on average; by default once.
        """
        dataset = self.dataset(split.photos, split.indices)
        sampler = self.sampler(split, process, batch_size, weights)
        num_workers = self.num_workers
        if num_workers is None:
            augmented = bool(self.train_transforms) or self.random_crop
            num_workers = default_num_workers(process.device_type, augmented, process.num_local)
        return self._loader("train", dataset, sampler, process, batch_size, num_workers, self.drop_last)

    def sampler(
        self,
        split: Split,
        process: TrainingProcess,
        batch_size: int,
        weights: npt.NDArray[np.float64] | None,
    ) -> EpochSampler:
        """Returns the order of the training photos; the arguments are those of :meth:`training`."""
        return EpochSampler(
            len(split),
            seed=self.seed,
            shuffle=True,
            weights=weights,
            batch_size=batch_size,
            rank=process.rank,
            world_size=process.world_size,
            drop_last=self.drop_last,
            position=process.position,
        )

    def evaluation(self, name: str, split: Split, process: TrainingProcess, batch_size: int) -> PhotoLoader:
        """Creates the loader of validation or test photos, in the order of the files."""
        dataset = PhotoDataset(split.photos, split.indices, self.size)
        sampler = EpochSampler(
            len(dataset), seed=self.seed, shuffle=False, rank=process.rank, world_size=process.world_size
        )
        return self._loader(name, dataset, sampler, process, batch_size, self.num_workers or 0, False)

    def _loader(
        self,
        split: str,
        dataset: PhotoDataset,
        sampler: EpochSampler,
        process: TrainingProcess,
        batch_size: int,
        num_workers: int,
        drop_last: bool,
    ) -> PhotoLoader:
        if self.num_workers is None:
            # Lightning recommends many workers, but for cached photos they only take cores from the networks
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        persistent = self.persistent_workers if self.persistent_workers is not None else True
        options: dict[str, Any] = {
            "batch_size": batch_size,
            "sampler": sampler,
            "num_workers": num_workers,
            "drop_last": drop_last,
            "worker_init_fn": init_worker if num_workers else None,
            "persistent_workers": persistent and num_workers > 0,
            "generator": torch.Generator().manual_seed(self.seed),  # leaves the global generator to the training
        }
        transforms = self.train_transforms if split == "train" else ()
        if split in self.pixels or keeps_on_device(self.on_device, dataset, transforms, process.device):
            if split not in self.pixels:
                self.pixels[split] = upload(dataset, process.device)
            on_device = DeviceDataset(dataset, self.pixels[split])
            return DeviceLoader(on_device, collate_fn=to_tensors, **options)
        pin = self.pin_memory if self.pin_memory is not None else process.device_type == "cuda"
        return PhotoLoader(dataset, collate_fn=to_batch, pin_memory=pin, **options)
