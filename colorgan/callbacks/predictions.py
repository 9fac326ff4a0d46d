"""Writes what ``predict`` colours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter

from colorgan.data.writing import write_photo
from colorgan.errors import ColorganError


class PhotoWriter(BasePredictionWriter):
    """Writes coloured photos as PNG, in the folders and under the names of the photos they came from.

    Args:
        folder: where they go; a file that is already there is not overwritten.
        root: folder that the photos came from; their paths below it are kept, and that of a single photo is not.
        overwrite: whether files that are already there are replaced.
    """

    def __init__(self, folder: str = "colorized", root: str = "", overwrite: bool = False) -> None:
        super().__init__(write_interval="batch")
        self.folder = Path(folder)
        self.root = Path(root)
        self.overwrite = overwrite
        self.written = 0

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
            write_photo(file, rgb.permute(1, 2, 0).cpu().numpy())
            self.written += 1

    def _target(self, source: Path) -> Path:
        below = (
            source.relative_to(self.root)
            if self.root.is_dir() and source.is_relative_to(self.root)
            else Path(source.name)
        )
        return (self.folder / below).with_suffix(".png")
