"""Writes the photos that ``predict`` colorizes."""

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import numpy.typing as npt
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter

from colorgan.data.dataset import FileDataset
from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images import printable, write_photo
from colorgan.inference.batch.targets import choose_targets
from colorgan.inference.batch.writer import write_failure


class PredictionWriter(BasePredictionWriter):
    """Writes colorized photos as PNG, keeping the folder structure and the names of the input.

    The files of all photos are chosen, and must not exist, before the first is colorized. For their names, see
    :func:`~colorgan.inference.batch.targets.choose_targets`.

    Args:
        folder: output folder.
        root: input folder; paths relative to it are kept. A photo outside of it keeps only its name.
        overwrite: whether to replace existing files instead of raising an error.
        array: also saves all photos as one NumPy array to this file, uint8 (N, H, W, 3) in the order of prediction.
            This requires photos of one size, and keeps them in memory until the end.

    Attributes:
        written: number of photos written so far.
        failures: an error message for each photo that could not be written so far.
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
        self.failures: list[str] = []
        self._files: dict[Path, Path] = {}
        self._photos: list[npt.NDArray[np.uint8]] = []

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Chooses the files of all photos, if the data are a folder of files.

        Raises:
            ColorganError: if some of them exist and are not to be overwritten.
        """
        dataset = getattr(trainer.predict_dataloaders, "dataset", None)
        if isinstance(dataset, FileDataset):
            self._choose_files(dataset.paths)

    def _choose_files(self, photos: Sequence[Path]) -> None:
        targets = [self.folder / target for target in choose_targets([self._relative(photo) for photo in photos])]
        existing = [file for file in targets if file.exists()]
        if existing and not self.overwrite:
            first = printable(existing[0])
            listed = (
                f"{first} already exists" if len(existing) == 1 else f"{first} and {len(existing) - 1:,} more exist"
            )
            raise ColorganError(f"{listed}: choose another --output, or set --overwrite true")
        self._files.update(zip(photos, targets, strict=True))

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
        """Writes a batch, uint8 (B, 3, H, W). A photo that cannot be written does not stop the others."""
        for rgb, source in zip(prediction, batch["path"], strict=True):
            if Path(source) not in self._files:  # of a data module whose files were not known at the start
                self._choose_files([Path(source)])
            file = self._files[Path(source)]
            pixels = rgb.permute(1, 2, 0).cpu().numpy()
            try:
                write_photo(file, pixels)
            except OSError as error:
                self.failures.append(write_failure(file, error))
                continue
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

    def _relative(self, source: Path) -> PurePath:
        is_inside = self.root.is_dir() and source.is_relative_to(self.root)
        return source.relative_to(self.root) if is_inside else PurePath(source.name)
