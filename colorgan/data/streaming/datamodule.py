"""The data module for packed photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from lightning.pytorch.utilities import rank_zero_info

from colorgan.data.augmentation import Transform
from colorgan.data.checks import check_batch_size, check_ranges
from colorgan.data.datamodule import Photos, splits_for
from colorgan.data.loading import SplitLoaders
from colorgan.data.manifest import ManifestEntry
from colorgan.data.process import TrainingProcess
from colorgan.data.sampler import EpochSampler
from colorgan.data.split import Split
from colorgan.data.streaming.photos import ShardedPhotos, ShardSampler
from colorgan.data.streaming.store import ShardStore, is_remote
from colorgan.errors import ColorganError
from colorgan.files import default_cache_dir
from colorgan.files.photo_caches import parse_size
from colorgan.images import printable


class StreamingPhotos(Photos):
    """Photos that ``colorgan pack`` has packed into shards, in a folder or in remote storage.

    Neither the photos nor the shards need to fit on the disk of this machine: shards are downloaded ahead, and the
    least recently used ones are deleted. Each epoch has every photo once. Its order, and what augmentation does to each
    photo, depend only on the seed and the epoch, so a run that is resumed within an epoch sees exactly the photos that
    the uninterrupted one would have seen, with any number of workers.

    Args:
        root: folder or address of the folder that ``colorgan pack`` has written, with ``train`` and possibly ``val``
            and ``test``: a path, ``s3://``, ``gs://``, ``az://``, ``https://`` or ``hf://``.
        size: height and width in pixels that the networks see; at most the side of the packed photos.
        crop: ``center`` crops the center of the packed photos, ``random`` a random square for training.
        seed: seed of the order of each epoch, and of augmentation.
        batch_size: see :class:`~colorgan.data.datamodule.Photos`.
        val_batch_size: see :class:`~colorgan.data.datamodule.Photos`.
        train_transforms: see :class:`~colorgan.data.datamodule.Photos`.
        mix: number of shards whose photos are shuffled together. Each shard is a random sample of all photos.
        cache_dir: folder for downloaded shards; by default that of photo caches.
        cache_size: largest size of the downloaded shards, such as 100GB; at least two times ``mix`` shards.
        num_workers: see :class:`~colorgan.data.datamodule.Photos`.
        pin_memory: see :class:`~colorgan.data.datamodule.Photos`.
        persistent_workers: see :class:`~colorgan.data.datamodule.Photos`.
        drop_last: see :class:`~colorgan.data.datamodule.Photos`.

    Raises:
        ColorganError: for arguments out of range.
    """

    def __init__(
        self,
        root: str,
        *,
        size: int = 128,
        crop: Literal["center", "random"] = "center",
        seed: int = 0,
        batch_size: int | Literal["auto"] = 32,
        val_batch_size: int | None = None,
        train_transforms: Sequence[Transform] = (),
        mix: int = 4,
        cache_dir: str | None = None,
        cache_size: str = "100GB",
        num_workers: int | None = None,
        pin_memory: bool | None = None,
        persistent_workers: bool | None = None,
        drop_last: bool = True,
    ) -> None:
        super().__init__(
            None,
            size=size,
            crop=crop,
            load_size=size,
            seed=seed,
            batch_size=batch_size,
            val_batch_size=val_batch_size,
            train_transforms=train_transforms,
            cache_dir=cache_dir,
            num_workers=num_workers,
            pin_memory=pin_memory,
            persistent_workers=persistent_workers,
            drop_last=drop_last,
            on_device=False,
        )
        check_ranges(mix=(mix, 1, 1 << 16))
        if not root:
            raise ColorganError("data.root is empty; give the folder or the address that `colorgan pack` has written")
        self.place = root.rstrip("/")
        self.mix = mix
        self.cache_dir = cache_dir
        self.loaders = StreamingLoaders(**{**vars(self.loaders), "mix": mix})
        self.cache_limit = parse_size(cache_size, "data.cache_size")
        self._opened: dict[str, ShardedPhotos | None] = {}

    def location(self, split: str) -> str:
        """The folder or address of the shards of a split."""
        return printable(f"{self.place}/{split}")

    def check(self) -> None:
        """Checks before training that there are shards, and that ``train_transforms`` can be applied.

        Raises:
            ColorganError: if there are none, or their photos are smaller than ``size``.
        """
        train = self._open("train")
        assert train is not None
        self.load_size = train.side
        super().check()

    def setup(self, stage: str | None = None) -> None:
        """Opens the shards.

        Args:
            stage: ``fit``, ``validate`` or ``test``; None opens all splits.

        Raises:
            ColorganError: if there are none, or fewer photos than a batch.
        """
        if stage == "predict":
            super().setup(stage)
            return
        needed = splits_for(stage)
        for name in needed:
            self._set_up(name, stage)
        if "train" in needed and self.loaders.drop_last and self.has_batch_size:
            check_batch_size(len(self.splits["train"]), self.batch_size, self._process.world_size)

    def manifest(self) -> list[ManifestEntry]:
        """Nothing: what was packed is listed with the shards."""
        return []

    def teardown(self, stage: str) -> None:
        """Ends the downloads."""
        super().teardown(stage)
        for photos in self._opened.values():
            if photos is not None:
                photos.store.close()

    def _set_up(self, name: str, stage: str | None) -> None:
        photos = self._open(name)
        if photos is None and name == "test" and stage == "test":
            rank_zero_info("No test photos: testing on the validation photos")
            photos = self._open("val")
        if photos is None and stage in ("validate", "test"):
            raise ColorganError(f"there are no photos to {stage} on in {self.location(name)}")
        count = 0 if photos is None else len(photos)
        self.splits[name] = Split(photos or self._open("train"), np.arange(count))  # type: ignore[arg-type]

    def _open(self, split: str) -> ShardedPhotos | None:
        """The photos of a split; ``None`` if it has none, which only the training photos must have."""
        if split not in self._opened:
            root = Path(self.cache_dir) if self.cache_dir is not None else default_cache_dir()
            store = ShardStore(f"{self.place}/{split}", root / "shards", self.cache_limit)
            index = store.read_index()
            if index is None and split == "train":
                hint = "" if is_remote(self.place) else f"; make them with `colorgan pack FOLDER -o {self.place}`"
                raise ColorganError(f"data.root: there are no packed photos in {self.location(split)}{hint}")
            self._opened[split] = None if index is None else self._checked(ShardedPhotos(store, index))
        return self._opened[split]

    def _checked(self, photos: ShardedPhotos) -> ShardedPhotos:
        if photos.side < self.image_size:
            raise ColorganError(
                f"data.size={self.image_size} is larger than the packed photos, which have {photos.side} pixels: "
                f"pack them with --side {self.image_size}, or choose a smaller size"
            )
        least = 2 * self.mix * photos.index.largest
        if photos.store.is_remote and self.cache_limit < least:
            raise ColorganError(
                f"data.cache_size must hold two times data.mix={self.mix} shards, {least / 1e9:.1f}GB, received "
                f"{self.cache_limit / 1e9:.1f}GB: set it to more, or data.mix to less"
            )
        return photos


@dataclass
class StreamingLoaders(SplitLoaders):
    """The loaders of packed photos, which are trained on in the order of their shards.

    Attributes:
        mix: number of shards whose photos are shuffled together.
    """

    mix: int = 4

    def sampler(
        self,
        split: Split,
        process: TrainingProcess,
        batch_size: int,
        weights: npt.NDArray[np.float64] | None,
    ) -> EpochSampler:
        """Returns the order of the training photos, which downloads shards ahead."""
        photos: Any = split.photos
        shards, store = photos.index.shards, photos.store

        def announce(now: list[int], later: list[int]) -> None:
            current, following = ([shards[number] for number in numbers] for numbers in (now, later))
            store.prefetch([*current, *following], current, photos.side)

        return ShardSampler(
            [shard.count for shard in shards],
            mix=self.mix,
            announce=announce,
            seed=self.seed,
            batch_size=batch_size,
            rank=process.rank,
            world_size=process.world_size,
            drop_last=self.drop_last,
            position=process.position,
        )
