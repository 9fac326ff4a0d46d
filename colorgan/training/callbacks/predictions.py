"""Writes what ``predict`` colors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter

from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images.writing import write_photo


class PhotoWriter(BasePredictionWriter):
    """Writes colored photos as PNG, in the folders and under the names of the photos they came from.

    Args:
        folder: where they go; a file that is already there is not overwritten.
        root: folder that the photos came from; their paths below it are kept, and that of a single photo is not.
        overwrite: whether files that are already there are replaced.
        array: file for one NumPy array of all photos as well, uint8 (N, H, W, 3) in the order of prediction; all photos
            must then be of one size, and are kept in memory until the end.
    """

    def __init__(
        self, folder: str = "colorized", root: str = "", overwrite: bool = False, array: str | None = None
    ) -> None:
        super().__init__(write_interval="batch")
        self.folder = Path(folder)
        self.root = Path(root)
        self.overwrite = overwrite
        self.array = Path(array) if array is not None else None
        self.written = 0
        self._photos: list[npt.NDArray[np.uint8]] = []

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Any,
        batch_indices: Sequence[int] | None,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        """Writes a batch, (B, 3, H, W) uint8."""
        for rgb, source in zip(prediction, batch["path"], strict=True):
            file = self._target(Path(source))
            if file.exists() and not self.overwrite:
                raise ColorganError(f"{file} exists already; choose another --output, or say --overwrite true")
            pixels = rgb.permute(1, 2, 0).cpu().numpy()
            write_photo(file, pixels)
            self.written += 1
            if self.array is not None:
                self._photos.append(pixels)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the array."""
        photos, self._photos = self._photos, []
        if self.array is None or not photos:
            return
        sizes = sorted({photo.shape[:2] for photo in photos})
        if len(sizes) > 1:
            shown = ", ".join([*(f"{width} x {height}" for height, width in sizes[:3]), *("…" for _ in sizes[3:4])])
            raise ColorganError(
                f"{self.array} was not written: photos of different sizes ({shown}) make no single array; "
                f"their PNGs are in {self.folder}"
            )
        if self.array.exists() and not self.overwrite:
            raise ColorganError(f"{self.array} exists already; choose another --npy, or say --overwrite true")
        self.array.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self.array) as temporary, temporary.open("wb") as stream:
            np.save(stream, np.stack(photos))

    def _target(self, source: Path) -> Path:
        below = (
            source.relative_to(self.root)
            if self.root.is_dir() and source.is_relative_to(self.root)
            else Path(source.name)
        )
        return (self.folder / below).with_suffix(".png")
