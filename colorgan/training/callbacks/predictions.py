"""Writes the photos that ``predict`` colorizes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter

from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images import write_photo


class PredictionWriter(BasePredictionWriter):
    """Writes colorized photos as PNG, keeping the folder structure and the names of the input.

    Args:
        folder: output folder.
        root: input folder; paths relative to it are kept. A photo outside of it keeps only its name.
        overwrite: whether to replace existing files instead of raising an error.
        array: also saves all photos as one NumPy array to this file, uint8 (N, H, W, 3) in the order of prediction.
            This requires photos of one size, and keeps them in memory until the end.

    Attributes:
        written: number of photos written so far.
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
        """Writes a batch, uint8 (B, 3, H, W)."""
        for rgb, source in zip(prediction, batch["path"], strict=True):
            file = self._output_file(Path(source))
            if file.exists() and not self.overwrite:
                raise ColorganError(f"{file} already exists: choose another --output, or set --overwrite true")
            pixels = rgb.permute(1, 2, 0).cpu().numpy()
            write_photo(file, pixels)
            self.written += 1
            if self.array is not None:
                self._photos.append(pixels)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the array."""
        photos, self._photos = self._photos, []
        if self.array is None or not photos:
            return
        sizes = sorted({photo.shape[:2] for photo in photos})
        if len(sizes) > 1:
            listed = ", ".join([*(f"{width} x {height}" for height, width in sizes[:3]), *("…" for _ in sizes[3:4])])
            raise ColorganError(
                f"{self.array} was not written because the photos have different sizes ({listed}); "
                f"their PNG files are in {self.folder}"
            )
        if self.array.exists() and not self.overwrite:
            raise ColorganError(f"{self.array} already exists: choose another --npy, or set --overwrite true")
        self.array.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self.array) as temporary, temporary.open("wb") as stream:
            np.save(stream, np.stack(photos))

    def _output_file(self, source: Path) -> Path:
        has_root = self.root.is_dir() and source.is_relative_to(self.root)
        relative = source.relative_to(self.root) if has_root else Path(source.name)
        return (self.folder / relative).with_suffix(".png")
