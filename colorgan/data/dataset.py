"""Datasets: cached photos for training, and files at their original sizes for prediction.

Augmentation is a function of seed, epoch, photo and copy. There is no random state, so a resumed run sees exactly the
photos that the uninterrupted run would have seen, with any number of workers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from colorgan.data.augmentation import Augmentation, Transform
from colorgan.data.cache import CachedPhotos
from colorgan.data.protocol import PhotoBatch, PredictionBatch
from colorgan.errors import ColorganError
from colorgan.images import UnreadableImage, read_rgb

Key: TypeAlias = int | tuple[int, ...]
"""Index of a photo, (epoch, index), or (epoch, index, copy) of a photo that an epoch has several times."""

_PROBE = np.repeat(np.arange(4, dtype=np.uint8).reshape(2, 2, 1), 3, axis=2)


class PhotoArrays(TypedDict):
    """A batch before collation: ``rgb`` (B, H, W, 3) uint8 and ``index`` (B,) int64."""

    rgb: npt.NDArray[np.uint8]
    index: npt.NDArray[np.int64]


class PhotoDataset(Dataset[PhotoBatch]):
    """Cached photos as squares of the training size.

    Args:
        photos: cache of decoded photos, whose side may be larger than ``size``.
        indices: positions of the dataset's photos in the cache.
        size: height and width of the samples in pixels.
        transforms: transforms of albumentations and torchvision, applied in order at the side of the cache.
        random_crop: crop a random square of ``size`` instead of the center.
        seed: seed of augmentation and crops, combined with epoch, index and copy.
    """

    def __init__(
        self,
        photos: CachedPhotos,
        indices: npt.NDArray[np.int64],
        size: int,
        *,
        transforms: Sequence[Transform] = (),
        random_crop: bool = False,
        seed: int = 0,
    ) -> None:
        self.photos = photos
        self.indices = indices
        self.size = size
        self.random_crop = random_crop
        self.seed = seed
        self.transform = Augmentation(transforms) if transforms else None

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, key: Key) -> PhotoBatch:
        """One sample without the batch dimension: ``rgb`` (3, size, size) uint8 and ``index``."""
        batch = to_batch(self.__getitems__([key]))
        return {"rgb": batch["rgb"][0], "index": batch["index"][0]}

    def __getitems__(self, keys: Sequence[Key]) -> PhotoArrays:
        """A whole batch at once; PyTorch's data loader prefers this method to ``__getitem__``."""
        full_keys = [full_key(key) for key in keys]
        indices = np.array([key[1] for key in full_keys], dtype=np.int64)
        if self.transform is None and not self.random_crop:
            rgb = self._center_crop(self.photos.read(self.indices[indices]))
        else:
            photos = self.photos.read(self.indices[indices])
            rgb = np.stack([self._augment(photo, key) for photo, key in zip(photos, full_keys, strict=True)])
        return {"rgb": rgb, "index": indices}

    def place(self, key: tuple[int, ...], side: int) -> tuple[int, int, tuple[bool, bool]]:
        """Where a photo of ``side`` is cropped, if all transforms are flips.

        Args:
            key: epoch, index and possibly copy; see :func:`full_key`.
            side: height and width of the photo in pixels.

        Returns:
            The first row and column of the crop in the flipped photo, and whether rows and columns are flipped.
        """
        if self.transform is None and not self.random_crop:
            corner = (side - self.size) // 2
            return corner, corner, (False, False)
        rng, offset = self._draw(key)
        first = 0
        if self.transform is not None:
            first = int(self.transform(_PROBE, rng)[0, 0, 0])  # flips the probe in the same way as the photo
        return *self._corner(offset, side, side), (first in (2, 3), first in (1, 3))

    def _augment(self, photo: npt.NDArray[np.uint8], key: tuple[int, ...]) -> npt.NDArray[np.uint8]:
        rng, offset = self._draw(key)
        if self.transform is not None:
            photo = self.transform(photo, rng)
            self._check_size(photo)
        top, left = self._corner(offset, *photo.shape[:2])
        return photo[top : top + self.size, left : left + self.size]

    def _draw(self, key: tuple[int, ...]) -> tuple[np.random.Generator, npt.NDArray[np.float64]]:
        """The generator of one photo in one epoch, and the relative position of its crop, (2,) in [0, 1)."""
        rng = np.random.default_rng([self.seed, *key])
        return rng, rng.random(2) if self.random_crop else np.full(2, 0.5)

    def _corner(self, offset: npt.NDArray[np.float64], height: int, width: int) -> tuple[int, int]:
        return int(offset[0] * (height - self.size + 1)), int(offset[1] * (width - self.size + 1))

    def _check_size(self, photo: npt.NDArray[np.uint8]) -> None:
        if min(photo.shape[:2]) < self.size:
            raise ColorganError(
                f"train_transforms returned a photo of {photo.shape[1]} x {photo.shape[0]} pixels; they must return at "
                f"least {self.size} x {self.size} pixels"
            )

    def _center_crop(self, photos: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        top, left = (photos.shape[1] - self.size) // 2, (photos.shape[2] - self.size) // 2
        return photos[:, top : top + self.size, left : left + self.size]


class FileDataset(Dataset[PredictionBatch | UnreadableImage]):
    """Photos at their original sizes, read on access.

    Args:
        paths: files to read.

    Attributes:
        unreadable: errors of the files that :class:`~colorgan.data.loader.FileLoader` skipped.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        self.unreadable: list[UnreadableImage] = []

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> PredictionBatch | UnreadableImage:
        """One photo; the error, instead of raising it, if the file cannot be read."""
        path = self.paths[index]
        try:
            photo = read_rgb(path)
        except UnreadableImage as error:
            return error
        return {"rgb": torch.from_numpy(np.ascontiguousarray(photo.transpose(2, 0, 1)))[None], "path": [str(path)]}


def full_key(key: Key) -> tuple[int, ...]:
    """Returns epoch, index and possibly copy of a photo; the index alone means epoch 0."""
    return key if isinstance(key, tuple) else (0, int(key))


def to_batch(arrays: Any) -> PhotoBatch:
    """Collates :class:`PhotoArrays` to tensors: ``rgb`` (B, 3, H, W) uint8 and ``index`` (B,) int64."""
    rgb = np.ascontiguousarray(arrays["rgb"].transpose(0, 3, 1, 2))
    return {"rgb": torch.from_numpy(rgb), "index": torch.from_numpy(arrays["index"])}
