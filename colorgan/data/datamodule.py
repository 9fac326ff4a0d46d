"""The data module for folders of photos."""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import rank_zero_info
from torch.utils.data import SequentialSampler

from colorgan.data.augmentation import Transform
from colorgan.data.cache import CachedPhotos
from colorgan.data.checks import (
    check_batch_size,
    check_fractions,
    check_paths,
    check_ranges,
    check_transforms,
    warn_about_duplicates,
    warn_about_unreadable,
)
from colorgan.data.dataset import FileDataset, PhotoDataset, to_batch
from colorgan.data.device import DeviceDataset, DeviceLoader, OnDevice, keeps_on_device, to_tensors, upload
from colorgan.data.duplicates import near_duplicate_groups
from colorgan.data.folders import SplitFolders
from colorgan.data.loader import FileLoader, PhotoLoader, default_num_workers, first_sample, init_worker
from colorgan.data.manifest import ManifestEntry, write_manifest
from colorgan.data.sampler import EpochSampler
from colorgan.data.selection import SelectedPhotos, manifest_of, select_photos
from colorgan.data.sources import PhotoSource, file_source
from colorgan.data.split import Split, seeded_split
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS, UnreadableImage, find_photos, printable

MAX_SIZE = 8192
"""Height and width of a training photo, in pixels."""

MAX_BATCH_SIZE = 1 << 20

MAX_WORKERS = 256

_VAL_BATCH_SIZE = 32  # where the training batch size is auto and nothing is trained


class Photos(LightningDataModule):
    """Photos in folders, cached as decoded squares and split by seed, in an order that survives interruptions.

    Yields :class:`~colorgan.data.protocol.PhotoBatch` for training, validation and testing, and
    :class:`~colorgan.data.protocol.PredictionBatch` for prediction. Unreadable files are skipped with a warning. By
    default, photos without color are skipped as well.

    Args:
        root: folder of photos, with subfolders to any depth. If it has a subfolder ``train``, and possibly ``val`` and
            ``test``, they are the splits; otherwise all photos are split. ``sample`` selects the photos that come with
            colorgan.
        train: training folder, instead of the one in ``root``.
        val: validation folder, instead of the one in ``root`` or a fraction of the training photos.
        test: test folder, likewise. Without test photos, the validation photos are used for testing.
        predict: folder of photos, or a single photo, to colorize.
        val_fraction: fraction of the training photos for validation if there is no validation folder. Near-duplicates
            stay in the same split.
        test_fraction: fraction of the training photos for testing if there is no test folder.
        seed: seed of the split, the order of each epoch, and augmentation.
        size: height and width in pixels that the networks see.
        crop: how photos become squares. ``center`` crops the center. ``random`` crops a random square of ``size`` from
            the center at ``load_size`` for training. ``none`` resizes the whole photo, ignoring its aspect ratio.
        load_size: height and width of the cached squares, which ``train_transforms`` receive and crops are taken from.
            By default ``size``, or 9/8 of it for random crops.
        batch_size: training batch size of each process; ``auto`` lets ``fit`` find the largest that fits the memory of
            the GPU and leaves ten batches in an epoch.
        val_batch_size: batch size for validation and testing; by default ``batch_size``.
        train_transforms: transforms of albumentations and of ``torchvision.transforms.v2`` for training photos, such as
            ``[{class_path: albumentations.HorizontalFlip}]``. They receive and return uint8.
        skip_gray: skip photos without color.
        limit: maximum number of photos from each folder, evenly spaced by name, for quick experiments.
        cache_dir: folder for decoded photos; by default ``$COLORGAN_CACHE`` or the cache folder of the system.
        num_workers: number of worker processes that load training batches; chosen automatically by default.
        pin_memory: copy batches to page-locked memory; by default only for CUDA.
        persistent_workers: keep workers alive between epochs; by default yes.
        drop_last: drop the last training batch of an epoch if it is incomplete.
        on_device: keep all photos on the training device, and crop and flip them there. ``auto`` does so on CUDA if
            flips are the only ``train_transforms`` and the photos take at most a quarter of the free memory. The
            batches are the same.

    Attributes:
        image_size: same as ``size``.
        splits: the splits that have been set up, by name: ``train``, ``val`` and ``test``.
        unsupported: images in the folder for prediction whose format is not supported.
        manifest_file: where :meth:`setup` writes the :meth:`manifest`. By default, it is not written.

    Example:
        >>> data = Photos(size=32, batch_size=8)
        >>> data.setup("fit")
        >>> len(data.splits["train"]), len(data.splits["val"])
        (166, 42)
        >>> next(iter(data.train_dataloader()))["rgb"].shape
        torch.Size([8, 3, 32, 32])
    """

    def __init__(
        self,
        root: str | None = "sample",
        *,
        train: str | None = None,
        val: str | None = None,
        test: str | None = None,
        predict: str | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.0,
        seed: int = 0,
        size: int = 128,
        crop: Literal["center", "random", "none"] = "center",
        load_size: int | None = None,
        batch_size: int | Literal["auto"] = 32,
        val_batch_size: int | None = None,
        train_transforms: Sequence[Transform] = (),
        skip_gray: bool = True,
        limit: int | None = None,
        cache_dir: str | None = None,
        num_workers: int | None = None,
        pin_memory: bool | None = None,
        persistent_workers: bool | None = None,
        drop_last: bool = True,
        on_device: OnDevice = "auto",
    ) -> None:
        super().__init__()
        check_ranges(
            size=(size, 1, MAX_SIZE),
            load_size=(load_size, 1, MAX_SIZE),
            batch_size=(None if batch_size == "auto" else batch_size, 1, MAX_BATCH_SIZE),
            val_batch_size=(val_batch_size, 1, MAX_BATCH_SIZE),
            limit=(limit, 1, sys.maxsize),
            num_workers=(num_workers, 0, MAX_WORKERS),
            seed=(seed, 0, sys.maxsize),
        )
        check_paths(root=root, train=train, val=val, test=test, predict=predict, cache_dir=cache_dir)
        check_fractions(val_fraction, test_fraction)
        if load_size is not None and load_size < size:
            raise ColorganError(f"data.load_size must be at least data.size={size}; received {load_size}")
        self.root = SAMPLE_PHOTOS if root is None or root == "sample" else Path(root)
        given = {"train": train, "val": val, "test": test}
        self.folders = SplitFolders(
            self.root, {name: Path(path) if path is not None else None for name, path in given.items()}
        )
        self.predict = Path(predict) if predict is not None else None
        self.fractions = {"val": val_fraction, "test": test_fraction}
        self.seed = seed
        self.image_size = size
        self.crop = crop
        self.load_size = load_size or (size * 9 // 8 if crop == "random" else size)
        self._batch_size = None if batch_size == "auto" else batch_size
        self._val_batch_size = val_batch_size
        self.train_transforms = list(train_transforms)
        self.skip_gray = skip_gray
        self.limit = limit
        self.cache_dir = cache_dir
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.persistent_workers = persistent_workers
        self.drop_last = drop_last
        self.on_device: OnDevice = on_device
        self.splits: dict[str, Split] = {}
        self.manifest_file: Path | None = None
        self._left_out: dict[str, list[tuple[str, str]]] = {}
        self.unsupported: list[UnreadableImage] = []
        self._unopened: list[UnreadableImage] = []
        self._predict_dataset: FileDataset | None = None
        self._device_pixels: dict[str, torch.Tensor] = {}

    def check(self) -> None:
        """Checks before photos are read that the folders exist and that ``train_transforms`` can be applied.

        Raises:
            ColorganError: if a folder is missing, or the transforms fail or return what cannot be trained on.
        """
        for name, folder in self.folders.given.items():
            if folder is not None and not folder.is_dir():
                raise ColorganError(f"data.{name}: there is no folder {printable(folder)}")
        if self.train_transforms:
            noise = np.random.default_rng(self.seed).integers(0, 256, (1, *[self.load_size] * 2, 3), dtype=np.uint8)
            photos: Any = SimpleNamespace(read=noise.__getitem__)
            check_transforms(lambda: self._training_dataset(photos, np.zeros(1, dtype=np.int64))[0], self.load_size)

    @property
    def batch_size(self) -> int:
        """Training batch size of each process.

        Raises:
            ColorganError: if it is ``auto`` and has not been set yet.
        """
        if self._batch_size is None:
            raise ColorganError("data.batch_size=auto is found by `colorgan fit` alone: give a number")
        return self._batch_size

    @batch_size.setter
    def batch_size(self, value: int) -> None:
        self._batch_size = value

    @property
    def has_batch_size(self) -> bool:
        """Whether the batch size is known; ``auto`` is not until it has been found."""
        return self._batch_size is not None

    @property
    def val_batch_size(self) -> int:
        """Batch size for validation and testing."""
        return self._val_batch_size or self._batch_size or _VAL_BATCH_SIZE

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(path, reason) of each file and folder that prediction has skipped so far."""
        if self._predict_dataset is None:
            return []
        return [(error.path, error.reason) for error in (*self._unopened, *self._predict_dataset.unreadable)]

    # ---- Sources. Subclasses override these methods to load photos from somewhere else.

    def folder(self, split: str) -> Path | None:
        """Returns the folder of a split; None if it has none."""
        return self.folders.find(split)

    def has_own_photos(self, split: str) -> bool:
        """Returns whether a split has its own photos. Otherwise, it receives a fraction of the training photos."""
        return self.folder(split) is not None

    def sources(self, split: str) -> list[PhotoSource] | None:
        """Returns the photos of a split; None if it has no photos of its own."""
        folder = self.folder(split)
        if folder is None:
            return None
        listing = find_photos(folder)
        self._left_out[split] = [
            (Path(error.path).relative_to(folder).as_posix(), error.reason)
            for error in (*listing.unopened, *listing.unsupported)
        ]
        return [file_source(path, folder) for path in listing.photos]

    def location(self, split: str) -> str:
        """Returns a description of where a split's photos come from, for messages."""
        return printable(self.folder(split) or self.root)

    def check_overlap(self) -> None:
        """Raises an error if the folders of two splits overlap."""
        self.folders.check_overlap()

    # ---- Setup

    def prepare_data(self) -> None:
        """Decodes the photos of the current stage. Runs in one process of each machine."""
        self.setup(self.trainer.state.fn.value if self.trainer is not None and self.trainer.state.fn else "fit")

    def setup(self, stage: str | None = None) -> None:
        """Finds, decodes and splits the photos.

        Args:
            stage: ``fit``, ``validate``, ``test`` or ``predict``; None sets up everything except prediction.

        Raises:
            ColorganError: if a folder does not exist, has no usable photos or fewer than a batch, or folders overlap.
        """
        if stage == "predict":
            self._find_predict_files()
            return
        needed: tuple[str, ...] = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",)}.get(
            str(getattr(stage, "value", stage)), ("train", "val", "test")
        )
        if "train" in needed:
            self.check_overlap()
        try:
            self._set_up(needed, stage)
        except ColorganError:
            if any(self._left_out.values()):  # which may be the reason
                self._write_manifest()
            raise
        self._write_manifest()

    def _set_up(self, needed: Sequence[str], stage: str | None) -> None:
        for split in needed:
            self._load(split)
        if stage == "test" and not len(self.splits["test"]):
            self._load("val")
            rank_zero_info("No test photos: testing on the validation photos")
            self.splits["test"] = self.splits["val"]
        if "train" in needed:
            if self.drop_last and self.has_batch_size:
                check_batch_size(len(self.splits["train"]), self.batch_size, self._rank_and_world_size()[1])
            warn_about_duplicates(self.splits)
        for split in needed:
            if split != "train" and stage in ("validate", "test") and not len(self.splits[split]):
                raise ColorganError(
                    f"there are no photos to {stage} on: give a folder with --data.{split}, or set --data.val_fraction"
                )

    def manifest(self) -> list[ManifestEntry]:
        """Returns an entry for each file of the splits that have been set up, and of those that were left out."""
        return manifest_of(self.splits, self._left_out)

    def _write_manifest(self) -> None:
        if self.manifest_file is not None and (self.trainer is None or self.trainer.is_global_zero):
            write_manifest(self.manifest_file, self.manifest())

    def teardown(self, stage: str) -> None:
        """Frees the photos on the device, and warns about the files that prediction has skipped."""
        self._device_pixels.clear()
        if stage == "predict" and self.unreadable:
            warn_about_unreadable(self.unreadable, len(self._find_predict_files()), printable(self.predict or ""))

    def _load(self, split: str) -> None:
        if split in self.splits:
            return
        self._left_out[split] = []
        sources = self.sources(split)
        if sources is None:
            self._load("train")  # also creates the splits that take a fraction of the training photos
            return
        selected = select_photos(
            sources,
            self._left_out[split],
            self.location(split),
            side=self.load_size,
            fit="resize" if self.crop == "none" else "crop",
            limit=self.limit,
            skip_gray=self.skip_gray,
            cache_dir=self.cache_dir,
            progress=self.trainer is None or self.trainer.is_global_zero,
            manifest=self.manifest_file,
        )
        if split == "train":
            self._split_training_photos(selected)
        else:
            self.splits[split] = selected.split(selected.usable, self.folder(split))

    def _split_training_photos(self, selected: SelectedPhotos) -> None:
        """Assigns fractions of the training photos to the splits that have no photos of their own."""
        fractions = {name: fraction for name, fraction in self.fractions.items() if not self.has_own_photos(name)}
        photos, usable = selected.photos, selected.usable
        groups = near_duplicate_groups([photos])[usable] if any(fractions.values()) else np.arange(len(usable))
        parts = seeded_split([photos.names[i] for i in usable], groups, list(fractions.values()), self.seed)
        for name, part in zip((*fractions, "train"), parts, strict=True):
            self.splits[name] = selected.split(usable[part], self.folder("train"))

    # ---- Loaders

    def train_dataloader(self) -> PhotoLoader:
        """Creates the training loader. After an interruption, it continues with the next batch."""
        split = self.splits["train"]
        dataset = self._training_dataset(split.photos, split.indices)
        sampler = self._training_sampler(len(dataset), *self._rank_and_world_size())
        device, devices = self._device()
        num_workers = self.num_workers
        if num_workers is None:
            num_workers = default_num_workers(device, bool(self.train_transforms) or self.crop == "random", devices)
        return self._loader("train", dataset, sampler, self.batch_size, num_workers, self.drop_last)

    def val_dataloader(self) -> PhotoLoader | list[Any]:
        """Creates the validation loader, in the order of the files; an empty list if there are no photos."""
        return self._evaluation_loader("val")

    def test_dataloader(self) -> PhotoLoader | list[Any]:
        """Creates the test loader, in the order of the files."""
        return self._evaluation_loader("test")

    def predict_dataloader(self) -> FileLoader:
        """Creates the prediction loader: one photo per batch, at its original size."""
        files = self._find_predict_files()
        return FileLoader(
            files,
            batch_size=1,
            sampler=SequentialSampler(files),
            collate_fn=first_sample,
            num_workers=self.num_workers or 0,
            generator=torch.Generator().manual_seed(self.seed),
        )

    def _training_sampler(self, count: int, rank: int, world_size: int) -> EpochSampler:
        return EpochSampler(
            count,
            seed=self.seed,
            shuffle=True,
            batch_size=self.batch_size,
            rank=rank,
            world_size=world_size,
            drop_last=self.drop_last,
            position=self._position,
        )

    def _training_dataset(self, photos: CachedPhotos, indices: npt.NDArray[np.int64]) -> PhotoDataset:
        return PhotoDataset(
            photos,
            indices,
            self.image_size,
            transforms=self.train_transforms,
            random_crop=self.crop == "random",
            seed=self.seed,
        )

    def _evaluation_loader(self, name: str) -> PhotoLoader | list[Any]:
        split = self.splits[name]
        if not len(split):
            return []
        dataset = PhotoDataset(split.photos, split.indices, self.image_size)
        rank, world_size = self._rank_and_world_size()
        sampler = EpochSampler(len(dataset), seed=self.seed, shuffle=False, rank=rank, world_size=world_size)
        return self._loader(name, dataset, sampler, self.val_batch_size, self.num_workers or 0, drop_last=False)

    def _loader(
        self,
        split: str,
        dataset: PhotoDataset,
        sampler: EpochSampler,
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
        device = self.trainer.strategy.root_device if self.trainer is not None else torch.device("cpu")
        if split in self._device_pixels or keeps_on_device(self.on_device, dataset, transforms, device):
            if split not in self._device_pixels:
                self._device_pixels[split] = upload(dataset, device)
            on_device = DeviceDataset(dataset, self._device_pixels[split])
            return DeviceLoader(on_device, collate_fn=to_tensors, **options)
        pin = self.pin_memory if self.pin_memory is not None else self._device()[0] == "cuda"
        return PhotoLoader(dataset, collate_fn=to_batch, pin_memory=pin, **options)

    def _position(self) -> tuple[int, int]:
        """The current epoch and the number of its batches already used, according to the trainer."""
        if self.trainer is None or not self.trainer.training:
            return 0, 0
        loop = self.trainer.fit_loop
        epochs: Any = loop.epoch_progress.current
        return epochs.processed, loop.epoch_loop.batch_progress.current.ready

    def _rank_and_world_size(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer is not None else (0, 1)

    def _device(self) -> tuple[str, int]:
        """The type of the training device, and the number of training processes on this machine."""
        if self.trainer is None:
            return ("cuda" if torch.cuda.is_available() else "cpu"), 1
        return self.trainer.strategy.root_device.type, max(1, self.trainer.num_devices)

    def _find_predict_files(self) -> FileDataset:
        if self.predict is None:
            raise ColorganError("there is nothing to colorize: give a folder or a photo with --data.predict")
        if self._predict_dataset is None:
            paths = [self.predict]
            if not self.predict.is_file():
                listing = find_photos(self.predict)
                paths, self._unopened, self.unsupported = listing.photos, listing.unopened, listing.unsupported
            self._predict_dataset = FileDataset(paths)
        return self._predict_dataset
