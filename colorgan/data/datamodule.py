"""The data module over folders of photos: it yields RGB and nothing else; color work is the model's."""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn
from torch.utils.data import SequentialSampler

from colorgan.data.cache import CachedPhotos, Source, cached_photos, file_source
from colorgan.data.dataset import (
    EpochSampler,
    FileDataset,
    PhotoDataset,
    PhotoLoader,
    default_num_workers,
    init_worker,
    only_one,
    to_batch,
)
from colorgan.data.split import near_duplicate_groups, seeded_split
from colorgan.errors import ColorganError
from colorgan.images import list_photos, printable
from colorgan.images import SAMPLE_PHOTOS

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # importing it would otherwise ask the network for news
from albumentations.core.serialization import Serializable

_FOLDERS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
_SHOWN = 5


@dataclass
class Split:
    """The photos of one part of the data.

    Attributes:
        photos: decoded photos, among them those of this part.
        indices: positions of this part's photos in ``photos``; a batch's ``index`` is a position in this array.
        gray: names of photos that were left out because they have no color.
        folder: where the files are; None if they are not in one folder.
    """

    photos: CachedPhotos
    indices: npt.NDArray[np.int64]
    gray: list[str] = field(default_factory=list)
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def names(self) -> list[str]:
        """File names relative to the folder, in the order of the batches' ``index``."""
        return [self.photos.names[at] for at in self.indices]

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(name, reason) of the files that could not be read."""
        return self.photos.unreadable


class Photos(LightningDataModule):
    """Photos in folders, decoded once into a cache of squares, divided by seed, in an order that survives interruption.

    Batches are ``{"rgb": uint8 (B, 3, size, size), "index": int64 (B,)}``; those of prediction hold one photo at its
    own size and its ``path``. Files that cannot be read and, by default, photos without color are left out, with a
    warning that names them or a count.

    Args:
        root: folder of photos, with sub-folders to any depth. If it has sub-folders called ``train`` and possibly
            ``val`` and ``test``, these are the parts; else all its photos are divided. ``sample`` stands for the photos
            that come with colorgan.
        train: folder of training photos, instead of the one in ``root``.
        val: folder of validation photos, instead of the one in ``root`` or of a share of the training photos.
        test: folder of test photos, likewise. Without test photos, the validation photos are used for testing.
        predict: folder of photos to colorize, or one photo.
        val_fraction: share of the training photos to validate on where there is no folder for it. Near-identical photos
            are kept on one side.
        test_fraction: share of the training photos to test on where there is no folder for it.
        seed: fixes the division, the order of every epoch and all augmentation.
        size: height and width in pixels that the networks see.
        crop: how a photo becomes a square. ``center``: its middle. ``random``: in training, a random square out of the
            middle at ``load_size``. ``none``: all of it, squeezed.
        load_size: height and width of the decoded squares, which ``train_transforms`` see; crops are taken from them.
            By default ``size``, and 9/8 of it for random crops.
        batch_size: training photos per batch and process.
        val_batch_size: photos per batch in validation and testing; by default ``batch_size``.
        train_transforms: albumentations for training photos, in order, such as
            ``[{class_path: albumentations.HorizontalFlip}]``. They see and return uint8.
        skip_gray: leave out photos without color.
        limit: use this many photos at most of each part's folder, spread evenly over its names, for a quick try.
        cache_dir: where decoded photos are kept; by default ``$COLORGAN_CACHE`` or the system's place for caches.
        num_workers: processes that prepare training batches; by default what helps on this machine.
        pin_memory: copy batches to page-locked memory; by default where a CUDA device trains.
        persistent_workers: keep workers between epochs; by default yes, where there are any.
        drop_last: leave out the last training batch of an epoch if it is smaller.

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
        batch_size: int = 32,
        val_batch_size: int | None = None,
        train_transforms: Sequence[Serializable] = (),
        skip_gray: bool = True,
        limit: int | None = None,
        cache_dir: str | None = None,
        num_workers: int | None = None,
        pin_memory: bool | None = None,
        persistent_workers: bool | None = None,
        drop_last: bool = True,
    ) -> None:
        super().__init__()
        wholes = {
            "size": size,
            "load_size": load_size,
            "batch_size": batch_size,
            "val_batch_size": val_batch_size,
            "limit": limit,
        }
        for name, value in wholes.items():
            if value is not None and value < 1:
                raise ColorganError(f"data.{name} must be at least 1; received {value}")
        if not (0 <= val_fraction < 1 and 0 <= test_fraction < 1 and val_fraction + test_fraction < 1):
            raise ColorganError(
                "data.val_fraction and data.test_fraction are shares from 0 to below 1 that leave something to "
                f"train on; received {val_fraction} and {test_fraction}"
            )
        if load_size is not None and load_size < size:
            raise ColorganError(
                f"data.load_size={load_size} is smaller than data.size={size}; crops need at least the size"
            )
        if num_workers is not None and num_workers < 0:
            raise ColorganError(f"data.num_workers must be 0 or more; received {num_workers}")
        if seed < 0:
            raise ColorganError(f"data.seed must be 0 or more; received {seed}")
        self.root = SAMPLE_PHOTOS if root is None or root == "sample" else Path(root)
        self.given: dict[str, Path | None] = {
            "train": Path(train) if train is not None else None,
            "val": Path(val) if val is not None else None,
            "test": Path(test) if test is not None else None,
        }
        self.predict = Path(predict) if predict is not None else None
        self.fractions = {"val": val_fraction, "test": test_fraction}
        self.seed = seed
        self.image_size = size
        self.crop = crop
        self.load_size = load_size or (size * 9 // 8 if crop == "random" else size)
        self.batch_size = batch_size
        self.val_batch_size = val_batch_size or batch_size
        self.train_transforms = list(train_transforms)
        self.skip_gray = skip_gray
        self.limit = limit
        self.cache_dir = cache_dir
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.persistent_workers = persistent_workers
        self.drop_last = drop_last
        self.splits: dict[str, Split] = {}
        """The parts that were set up."""
        self._files: FileDataset | None = None

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(path, reason) of the photos that prediction met and left out so far."""
        return [(error.path, error.reason) for error in self._files.unreadable] if self._files is not None else []

    # ---- what there is

    def folder(self, split: str) -> Path | None:
        """The folder of a part: the one that was given, or the one found in the root; None if there is none of its own.

        The training photos of a root without a ``train`` folder are the root's.
        """
        if self.given[split] is not None:
            return self.given[split]
        if self.given["train"] is not None and split != "train":
            return None  # a root that was not mentioned has nothing to do with the folder that was
        found = next((self.root / name for name in _FOLDERS[split] if (self.root / name).is_dir()), None)
        if split == "train":
            return found if found is not None else self.root
        return found if self.folder("train") != self.root else None

    def has_own(self, split: str) -> bool:
        """Whether a part has photos of its own, not a share of the training photos."""
        return self.folder(split) is not None

    def sources(self, split: str) -> list[Source] | None:
        """The photos that belong to a part from the start; None if it receives a share of the training photos."""
        folder = self.folder(split)
        if folder is None:
            return None
        return [file_source(path, folder) for path in list_photos(folder)]

    def place(self, split: str) -> str:
        """What to call the origin of a part's photos in messages."""
        return printable(self.folder(split) or self.root)

    def prepare_data(self) -> None:
        """Decodes what the coming stage needs; called by one process of each machine."""
        self.setup(self.trainer.state.fn.value if self.trainer is not None and self.trainer.state.fn else "fit")

    def setup(self, stage: str | None = None) -> None:
        """Finds, decodes and divides the photos.

        Args:
            stage: ``fit``, ``validate``, ``test`` or ``predict``; None for all but prediction.

        Raises:
            ColorganError: if a folder does not exist, holds no usable photos or fewer than a batch, or parts overlap.
        """
        if stage == "predict":
            self._find_files()
            return
        needed: tuple[str, ...] = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",)}.get(
            str(getattr(stage, "value", stage)), ("train", "val", "test")
        )
        if "train" in needed:
            self._refuse_nesting()
        for split in needed:
            self._load(split)
        if stage == "test" and not len(self.splits["test"]):
            self._load("val")
            rank_zero_info("There are no test photos: testing on the validation photos")
            self.splits["test"] = self.splits["val"]
        if "train" in needed:
            self._refuse_less_than_a_batch()
            self._warn_of_twins()
        for split in needed:
            if split != "train" and stage in ("validate", "test") and not len(self.splits[split]):
                raise ColorganError(
                    f"there are no photos to {stage} on: give a folder with --data.{split}, or set --data.val_fraction"
                )

    def teardown(self, stage: str) -> None:
        """Names what prediction could not read."""
        if stage == "predict" and self.unreadable:
            few = f"Left out as unreadable: {len(self.unreadable)} of {_count(len(self._find_files()), 'photo')}"
            rank_zero_warn(_listed(few, self.unreadable))

    def _load(self, split: str) -> None:
        if split in self.splits:
            return
        sources = self.sources(split)
        if sources is None:
            self._load("train")  # which gives this part its share
            return
        photos = cached_photos(
            self._limited(sources),
            side=self.load_size,
            fit="squeeze" if self.crop == "none" else "crop",
            cache_dir=self.cache_dir,
            progress=self.trainer is None or self.trainer.is_global_zero,
        )
        where = self.place(split)
        if photos.unreadable:
            few = f"Left out as unreadable: {len(photos.unreadable)} of {_count(len(sources), 'file')} in {where}"
            rank_zero_warn(_listed(few, photos.unreadable))
        gray = [name for name, gray in zip(photos.names, photos.gray, strict=True) if gray and self.skip_gray]
        if gray:
            rank_zero_info(f"Left out as gray: {len(gray)} of {_count(len(photos), 'photo')} in {where}")
        usable = np.flatnonzero(~np.array(photos.gray, dtype=bool) | (not self.skip_gray))
        if not len(usable):
            why = "none can be read" if not len(photos) else "none has color (--data.skip_gray=false keeps gray photos)"
            raise ColorganError(f"of {_count(len(sources), 'photo')} in {where}, {why}")
        if split == "train":
            self._divide(photos, usable, gray)
        else:
            self.splits[split] = Split(photos, usable, gray, self.folder(split))

    def _divide(self, photos: CachedPhotos, usable: npt.NDArray[np.int64], gray: list[str]) -> None:
        """Gives shares of the training photos to the parts that have no photos of their own."""
        shares = {name: share for name, share in self.fractions.items() if not self.has_own(name)}
        groups = near_duplicate_groups([photos])[usable] if any(shares.values()) else np.arange(len(usable))
        parts = seeded_split([photos.names[at] for at in usable], groups, list(shares.values()), self.seed)
        for name, part in zip((*shares, "train"), parts, strict=True):
            self.splits[name] = Split(photos, usable[part], gray, self.folder("train"))

    def _limited(self, sources: list[Source]) -> list[Source]:
        if self.limit is None or self.limit >= len(sources):
            return sources
        return [sources[at] for at in np.linspace(0, len(sources) - 1, self.limit).round().astype(int)]

    # ---- what cannot be right

    def _refuse_nesting(self) -> None:
        train = self.folder("train")
        for split, word in (("val", "validation"), ("test", "test")):
            other = self.folder(split)
            if train is None or other is None or not train.exists() or not other.exists():
                continue
            one, two = train.resolve(), other.resolve()
            if one == two or one in two.parents or two in one.parents:
                raise ColorganError(
                    f"the {word} folder {printable(other)} and the training folder {printable(train)} share photos; "
                    "give folders beside each other"
                )

    def _refuse_less_than_a_batch(self) -> None:
        count, world = len(self.splits["train"]), self._world()[1]
        if count < self.batch_size * world and self.drop_last:
            devices = f" on each of {world} devices" if world > 1 else ""
            raise ColorganError(
                f"{count} training photos are fewer than a batch of {self.batch_size}{devices}; "
                f"give more photos or set --data.batch_size={max(1, count // world)} or less"
            )

    def _warn_of_twins(self) -> None:
        """Folders that were given are the user's decision; photos that stand on both sides are worth knowing."""
        train = self.splits["train"]
        for name, word in (("val", "validation"), ("test", "test")):
            other = self.splits.get(name)
            if other is None or other.photos is train.photos or not len(other):
                continue
            groups = near_duplicate_groups([train.photos, other.photos])
            train_groups = {int(groups[at]): int(at) for at in train.indices}
            offset = len(train.photos)
            pairs = [
                (other.photos.names[at], train.photos.names[train_groups[int(groups[offset + at])]])
                for at in other.indices
                if int(groups[offset + at]) in train_groups
            ]
            if pairs:
                rank_zero_warn(
                    f"Nearly identical to training photos, which flatters all figures: {len(pairs)} of {len(other)} "
                    f"{word} photos, for example {printable(pairs[0][0])} and {printable(pairs[0][1])}"
                )

    # ---- loaders

    def train_dataloader(self) -> PhotoLoader:
        """Training batches; a run that was interrupted goes on with the batch that it would have seen next."""
        split = self.splits["train"]
        dataset = PhotoDataset(
            split.photos,
            split.indices,
            self.image_size,
            transforms=self.train_transforms,
            random_crop=self.crop == "random",
            seed=self.seed,
        )
        rank, world = self._world()
        sampler = EpochSampler(
            len(dataset),
            seed=self.seed,
            shuffle=True,
            batch_size=self.batch_size,
            rank=rank,
            world=world,
            position=self._position,
        )
        device, devices = self._device()
        workers = self.num_workers
        if workers is None:
            workers = default_num_workers(device, bool(self.train_transforms) or self.crop == "random", devices)
        return self._loader(dataset, sampler, self.batch_size, workers, self.drop_last)

    def val_dataloader(self) -> PhotoLoader | list[Any]:
        """Validation batches in the order of the files; no loader if there are no validation photos."""
        return self._evaluation_loader("val")

    def test_dataloader(self) -> PhotoLoader | list[Any]:
        """Test batches in the order of the files."""
        return self._evaluation_loader("test")

    def predict_dataloader(self) -> PhotoLoader:
        """One photo a batch, at its own size: ``rgb`` (1, 3, H, W) uint8 and ``path`` ([str])."""
        files = self._find_files()
        return PhotoLoader(
            files,
            batch_size=1,
            sampler=SequentialSampler(files),
            collate_fn=only_one,
            num_workers=self.num_workers or 0,
            generator=torch.Generator().manual_seed(self.seed),
        )

    def _evaluation_loader(self, name: str) -> PhotoLoader | list[Any]:
        split = self.splits[name]
        if not len(split):
            return []
        dataset = PhotoDataset(split.photos, split.indices, self.image_size)
        rank, world = self._world()
        sampler = EpochSampler(len(dataset), seed=self.seed, shuffle=False, rank=rank, world=world)
        return self._loader(dataset, sampler, self.val_batch_size, self.num_workers or 0, drop_last=False)

    def _loader(
        self, dataset: PhotoDataset, sampler: EpochSampler, batch_size: int, workers: int, drop_last: bool
    ) -> PhotoLoader:
        if self.num_workers is None:
            # Lightning asks for many workers; with decoded photos they would only take cores from the networks
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        pin = self.pin_memory if self.pin_memory is not None else self._device()[0] == "cuda"
        persistent = self.persistent_workers if self.persistent_workers is not None else True
        return PhotoLoader(
            dataset,
            batch_size=batch_size,
            sampler=sampler,
            num_workers=workers,
            collate_fn=to_batch,
            pin_memory=pin,
            drop_last=drop_last,
            worker_init_fn=init_worker if workers else None,
            persistent_workers=persistent and workers > 0,
            generator=torch.Generator().manual_seed(self.seed),  # its own: the global one belongs to the training
        )

    def _position(self) -> tuple[int, int]:
        """The epoch, and how many of its batches were trained on, as the trainer counts at this moment."""
        if self.trainer is None or not self.trainer.training:
            return 0, 0
        loop = self.trainer.fit_loop
        epochs: Any = loop.epoch_progress.current
        return epochs.processed, loop.epoch_loop.batch_progress.current.ready

    def _world(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer is not None else (0, 1)

    def _device(self) -> tuple[str, int]:
        if self.trainer is None:
            return ("cuda" if torch.cuda.is_available() else "cpu"), 1
        return self.trainer.strategy.root_device.type, max(1, self.trainer.num_devices)

    def _find_files(self) -> FileDataset:
        if self.predict is None:
            raise ColorganError("there is nothing to colorize: give a folder or a photo with --data.predict")
        if self._files is None:
            self._files = FileDataset([self.predict] if self.predict.is_file() else list_photos(self.predict))
        return self._files


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(sentence: str, unreadable: Sequence[tuple[str, str]]) -> str:
    def shown() -> Iterator[str]:
        for name, reason in unreadable[:_SHOWN]:
            yield f"{printable(name)} ({reason})"
        if len(unreadable) > _SHOWN:
            yield f"and {len(unreadable) - _SHOWN} more"

    return f"{sentence}: {', '.join(shown())}"
