"""Photos that stay on the device: batches are gathered, cropped and flipped there.

Workers only draw where each photo is cropped and whether it is flipped, from the same generators in the same order as
:class:`~colorgan.data.dataset.PhotoDataset`. So the batches are equal bit for bit, and nothing else differs: neither
the order of an epoch, nor resuming, nor the part of each process.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

import albumentations
import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from colorgan.data.augmentation import Transform
from colorgan.data.dataset import Key, PhotoDataset, full_key
from colorgan.data.loader import PhotoLoader
from colorgan.data.protocol import PhotoBatch
from colorgan.errors import ColorganError

OnDevice: TypeAlias = bool | Literal["auto"]
"""Whether all photos are kept on the device; ``auto`` does so on a CUDA device with enough free memory."""

_FLIPS = (
    albumentations.HorizontalFlip,
    albumentations.VerticalFlip,
    v2.RandomHorizontalFlip,
    v2.RandomVerticalFlip,
)
_MAX_FRACTION = 0.25  # of the free memory; the rest is for the networks, whose peak is not known yet
_CHUNK = 256  # photos per copy, so that host memory stays flat


class Placements(TypedDict):
    """Where the photos of a batch are cropped.

    ``index``, ``top`` and ``left`` are (B,) int64: the photo, and the corner of the crop in the flipped photo.
    ``flips`` is (B, 2) bool: whether rows and columns are in reverse order.
    """

    index: npt.NDArray[np.int64]
    top: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    flips: npt.NDArray[np.bool_]


class DeviceDataset(Dataset[Any]):
    """The photos of a dataset on a device. Worker processes receive the placements only, not the pixels.

    Args:
        photos: dataset whose only transforms are flips; see :func:`only_flips`.
        pixels: its photos, (N, side, side, 3) uint8; see :func:`upload`.
    """

    def __init__(self, photos: PhotoDataset, pixels: Tensor) -> None:
        self.photos = photos
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.photos)

    def __getstate__(self) -> dict[str, Any]:
        return {"photos": self.photos}

    def __getitems__(self, keys: Sequence[Key]) -> Placements:
        """The placements of a whole batch, without the pixels."""
        full_keys = [full_key(key) for key in keys]
        placed = [self.photos.place(key, self.photos.photos.side) for key in full_keys]
        return {
            "index": np.array([key[1] for key in full_keys], dtype=np.int64),
            "top": np.array([top for top, _, _ in placed], dtype=np.int64),
            "left": np.array([left for _, left, _ in placed], dtype=np.int64),
            "flips": np.array([flips for _, _, flips in placed], dtype=bool),
        }

    def gather(self, placements: dict[str, Tensor]) -> PhotoBatch:
        """Gathers, flips and crops the photos of a batch on the device of the pixels."""
        device, size, side = self.pixels.device, self.photos.size, self.pixels.shape[1]
        index, top, left, flips = (
            placements[name].to(device, non_blocking=True) for name in ("index", "top", "left", "flips")
        )
        offsets = torch.arange(size, device=device)
        rows, columns = top[:, None] + offsets, left[:, None] + offsets
        rows = torch.where(flips[:, :1], side - 1 - rows, rows)
        columns = torch.where(flips[:, 1:], side - 1 - columns, columns)
        rgb = self.pixels[index[:, None, None], rows[:, :, None], columns[:, None, :]]
        return {"rgb": rgb.permute(0, 3, 1, 2).contiguous(), "index": index}


class DeviceLoader(PhotoLoader):
    """A loader for :class:`DeviceDataset`, whose batches are on the device of the pixels."""

    dataset: DeviceDataset

    def __iter__(self) -> Iterator[PhotoBatch]:  # type: ignore[override]
        for placements in super().__iter__():
            yield self.dataset.gather(placements)  # type: ignore[arg-type]


def to_tensors(placements: Any) -> dict[str, Tensor]:
    """Collates :class:`Placements` to tensors."""
    return {name: torch.from_numpy(values) for name, values in placements.items()}


def upload(photos: PhotoDataset, device: torch.device) -> Tensor:
    """Copies the photos of a dataset to a device: (N, side, side, 3) uint8, in the order of the dataset."""
    side = photos.photos.side
    pixels = torch.empty((len(photos), side, side, 3), dtype=torch.uint8, device=device)
    for start in range(0, len(photos), _CHUNK):
        chunk = photos.photos.read(photos.indices[start : start + _CHUNK])
        pixels[start : start + len(chunk)] = torch.from_numpy(np.ascontiguousarray(chunk))
    return pixels


def only_flips(transforms: Sequence[Transform]) -> bool:
    """Returns whether all transforms are flips, which :class:`DeviceDataset` can compute."""
    return all(type(transform) in _FLIPS for transform in transforms)


def keeps_on_device(
    choice: OnDevice, photos: PhotoDataset, transforms: Sequence[Transform], device: torch.device
) -> bool:
    """Decides whether the photos of a dataset are kept on the device.

    Args:
        choice: the user's choice. ``auto`` takes at most a quarter of the free memory of a CUDA device.
        photos: the dataset.
        transforms: its transforms.
        device: the training device.

    Raises:
        ColorganError: if they must be kept, but are transformed in other ways than by flips.
    """
    if choice is False or (choice == "auto" and device.type != "cuda"):
        return False
    if not only_flips(transforms):
        other = next(type(transform).__name__ for transform in transforms if type(transform) not in _FLIPS)
        if choice is True:
            raise ColorganError(
                f"data.on_device=true allows only flips in data.train_transforms, as they are computed on the device; "
                f"remove {other}, or set data.on_device to false"
            )
        rank_zero_info(f"Photos are loaded from the CPU, because {other} of data.train_transforms is computed there")
        return False
    if choice is True:
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return len(photos) * photos.photos.side**2 * 3 <= _MAX_FRACTION * free
