"""A data module that needs no files."""

from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from colorgan.data import PhotoBatch


class _Washes(Dataset[dict[str, Any]]):
    """Smooth random colors, each a function of its index."""

    def __init__(self, indices: range, size: int) -> None:
        self.indices, self.size = indices, size

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> dict[str, Any]:
        generator = torch.Generator().manual_seed(self.indices[position])
        coarse = torch.rand(1, 3, 4, 4, generator=generator)
        smooth = F.interpolate(coarse, size=(self.size, self.size), mode="bilinear", align_corners=True)
        return {"rgb": (255 * smooth[0]).byte(), "index": position}


class Washes(LightningDataModule):
    """Drawn photos. Any ``LightningDataModule`` whose batches have ``rgb`` and ``index`` can be trained on.

    Args:
        photos: number of training photos; there are a quarter as many for validation and testing.
        size: height and width in pixels.
        batch_size: photos per batch.

    Attributes:
        image_size: same as ``size``; networks of a fixed size are built for it.
    """

    def __init__(self, photos: int = 64, size: int = 32, batch_size: int = 8) -> None:
        super().__init__()
        self.photos, self.batch_size = photos, batch_size
        self.image_size = size

    def train_dataloader(self) -> DataLoader[PhotoBatch]:
        """Training photos, shuffled."""
        return self._loader(range(self.photos), shuffle=True)

    def val_dataloader(self) -> DataLoader[PhotoBatch]:
        """Validation photos."""
        return self._loader(range(self.photos, self.photos + max(1, self.photos // 4)))

    def test_dataloader(self) -> DataLoader[PhotoBatch]:
        """The same photos as for validation."""
        return self.val_dataloader()

    def _loader(self, indices: range, *, shuffle: bool = False) -> DataLoader[PhotoBatch]:
        return DataLoader(_Washes(indices, self.image_size), batch_size=self.batch_size, shuffle=shuffle)  # type: ignore[arg-type]
