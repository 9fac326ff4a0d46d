"""The data module for folders of photos."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from lightning.pytorch import LightningDataModule

from colorgan.data.augmentation import Transform
from colorgan.data.checks import (
    check_batch_size,
    check_fractions,
    check_paths,
    check_ranges,
    check_transforms,
    warn_about_duplicates,
)
from colorgan.data.decoding import Fit
from colorgan.data.device import OnDevice
from colorgan.data.folders import SplitFolders
from colorgan.data.loader import FileLoader, PhotoLoader
from colorgan.data.loading import SplitLoaders
from colorgan.data.manifest import ManifestEntry
from colorgan.data.prediction import PredictionPhotos
from colorgan.data.process import TrainingProcess
from colorgan.data.selection import Selection
from colorgan.data.sources import PhotoSource, file_source
from colorgan.data.split import Split
from colorgan.data.split_builder import SplitBuilder
from colorgan.data.weights import FolderWeights, num_draws
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS, UnreadableImage, find_photos

MAX_SIZE = 8192
"""Height and width of a training photo, in pixels."""

MAX_BATCH_SIZE, MAX_WORKERS = 1 << 20, 256

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
        train: training folder, or several, instead of the one in ``root``.
        val: validation folder, instead of the one in ``root`` or a fraction of the training photos.
        test: test folder, likewise. Without test photos, the validation photos are used for testing.
        predict: folder of photos, or a single photo, to colorize.
        val_fraction: fraction of the training photos for validation if there is no validation folder. Near-duplicates
            stay in the same split.
        test_fraction: fraction of the training photos for testing if there is no test folder.
        weights: how often each photo of a folder is seen in an epoch, on average, such as ``{sky: 2, faces: 0.3}``; see
            :class:`~colorgan.data.weights.FolderWeights`. By default once.
        seed: seed of the split, the order of each epoch, and augmentation.
        size: height and width in pixels that the networks see.
        resize: how photos become squares: ``crop`` keeps the center, ``squeeze`` all of it in another aspect ratio.
        crop: which part of these squares is trained on: ``center``, or ``random``. ``none`` is ``resize: squeeze``.
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
        loaders: how batches are loaded.
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
        train: list[str] | str | None = None,
        val: list[str] | str | None = None,
        test: list[str] | str | None = None,
        predict: str | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.0,
        weights: dict[str, float] | None = None,
        seed: int = 0,
        size: int = 128,
        resize: Literal["crop", "squeeze"] = "crop",
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
        given = {"train": train, "val": val, "test": test}
        lists = {name: [paths] if isinstance(paths, str) else paths for name, paths in given.items()}
        check_paths(root=[root], **lists, predict=[predict], cache_dir=[cache_dir])
        check_fractions(val_fraction, test_fraction)
        if load_size is not None and load_size < size:
            raise ColorganError(f"data.load_size must be at least data.size={size}; received {load_size}")
        self.root = SAMPLE_PHOTOS if root is None or root == "sample" else Path(root)
        self.folders = SplitFolders(self.root, {name: list(map(Path, paths or ())) for name, paths in lists.items()})
        self.predict = Path(predict) if predict is not None else None
        self.weights = FolderWeights(weights or {})
        self.fractions = {"val": val_fraction, "test": test_fraction}
        self.seed = seed
        self.image_size = size
        self.crop = crop
        self.resize = "squeeze" if crop == "none" else resize
        self.load_size = load_size or (size * 9 // 8 if crop == "random" else size)
        self._batch_size = None if batch_size == "auto" else batch_size
        self._val_batch_size = val_batch_size
        self.manifest_file: Path | None = None
        fit: Fit = "resize" if self.resize == "squeeze" else "crop"
        selection = Selection(self.load_size, fit, limit=limit, skip_gray=skip_gray, cache_dir=cache_dir)
        self._builder = SplitBuilder(self, selection, self.fractions, self.weights, seed)
        self._prediction = PredictionPhotos(self.predict)
        self.loaders = SplitLoaders(
            size,
            seed=seed,
            random_crop=crop == "random",
            train_transforms=list(train_transforms),
            num_workers=num_workers,
            pin_memory=pin_memory,
            persistent_workers=persistent_workers,
            drop_last=drop_last,
            on_device=on_device,
        )

    @property
    def splits(self) -> dict[str, Split]:
        """The splits that have been set up, by name: ``train``, ``val`` and ``test``."""
        return self._builder.splits

    def check(self) -> None:
        """Checks before photos are read that the folders exist and that ``train_transforms`` can be applied.

        Raises:
            ColorganError: if a folder is missing, or the transforms fail or return what cannot be trained on.
        """
        self.folders.check_existence()
        if self.loaders.train_transforms:
            noise = np.random.default_rng(self.seed).integers(0, 256, (1, *[self.load_size] * 2, 3), dtype=np.uint8)
            photos: Any = SimpleNamespace(read=noise.__getitem__)
            check_transforms(lambda: self.loaders.dataset(photos, np.zeros(1, dtype=np.int64))[0], self.load_size)

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
        return self._prediction.unreadable

    @property
    def unsupported(self) -> list[UnreadableImage]:
        """Images in the folder for prediction whose format is not supported."""
        return self._prediction.unsupported

    # ---- Sources. Subclasses override these methods to load photos from somewhere else.

    def folder(self, split: str) -> Path | None:
        """Returns the folder of a split, which the names of its photos are relative to; None if it has none."""
        return self.folders.find(split)

    def has_own_photos(self, split: str) -> bool:
        """Returns whether a split has its own photos. Otherwise, it receives a fraction of the training photos."""
        return self.folder(split) is not None

    def sources(self, split: str) -> list[PhotoSource] | None:
        """Returns the photos of a split; None if it has no photos of its own."""
        parent = self.folder(split)
        if parent is None:
            return None
        listings = [find_photos(folder) for folder in self.folders.find_all(split)]
        self._builder.left_out[split] = [
            (Path(error.path).relative_to(parent).as_posix(), error.reason)
            for listing in listings
            for error in (*listing.unopened, *listing.unsupported)
        ]
        return [file_source(path, parent) for listing in listings for path in listing.photos]

    def location(self, split: str) -> str:
        """Returns a description of where a split's photos come from, for messages."""
        return self.folders.describe(split)

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
            self._prediction.find()
            return
        needed = splits_for(stage)
        if "train" in needed:
            self.check_overlap()
        check = self._check_batch_size if "train" in needed else None
        self._builder.set_up(needed, stage, self._process, self.manifest_file, check)
        if "train" in needed:
            warn_about_duplicates(self.splits)

    def _check_batch_size(self) -> None:
        if self.loaders.drop_last and self.has_batch_size:
            weights = self._train_weights()
            count = len(self.splits["train"]) if weights is None else num_draws(weights)
            check_batch_size(count, self.batch_size, self._process.world_size)

    def manifest(self) -> list[ManifestEntry]:
        """Returns an entry for each file of the splits that have been set up, and of those that were left out."""
        return self._builder.manifest()

    def photo_name(self, split: str, index: int) -> str:
        """Returns the name of a photo, relative to the folder of its split.

        Args:
            split: ``train``, ``val`` or ``test``.
            index: as in a batch.
        """
        return self.splits[split].names[index]

    def teardown(self, stage: str) -> None:
        """Frees the photos on the device, and warns about the files that prediction has skipped."""
        self.loaders.pixels.clear()
        if stage == "predict":
            self._prediction.warn_about_skipped()

    # ---- Loaders

    def train_dataloader(self) -> PhotoLoader:
        """Creates the training loader. After an interruption, it continues with the next batch."""
        return self.loaders.training(self.splits["train"], self._process, self.batch_size, self._train_weights())

    def val_dataloader(self) -> PhotoLoader | list[Any]:
        """Creates the validation loader, in the order of the files; an empty list if there are no photos."""
        return self._evaluation_loader("val")

    def test_dataloader(self) -> PhotoLoader | list[Any]:
        """Creates the test loader, in the order of the files."""
        return self._evaluation_loader("test")

    def predict_dataloader(self) -> FileLoader:
        """Creates the prediction loader: one photo per batch, at its original size."""
        return self._prediction.loader(self.loaders.num_workers or 0, self.seed)

    def _evaluation_loader(self, name: str) -> PhotoLoader | list[Any]:
        split = self.splits[name]
        return self.loaders.evaluation(name, split, self._process, self.val_batch_size) if len(split) else []

    def _train_weights(self) -> npt.NDArray[np.float64] | None:
        return self.weights.of(self.splits["train"].names) if self.weights else None

    @property
    def _process(self) -> TrainingProcess:
        return TrainingProcess(self.trainer)


def splits_for(stage: str | None) -> tuple[str, ...]:
    """The splits that a stage of the trainer needs; all of them if it is None."""
    stages = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",)}
    return stages.get(str(getattr(stage, "value", stage)), ("train", "val", "test"))
