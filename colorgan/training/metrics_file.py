"""A logger that writes all metrics to a CSV file, to which resumed runs append."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only, rank_zero_warn
from torch import Tensor

from colorgan.files import atomic_write
from colorgan.inference.run_folder import RunFolder


class MetricsFile(Logger):
    """Logs all metrics to ``metrics.csv`` in the run folder; a resumed run appends to it.

    Lightning's ``CSVLogger`` deletes the file of an earlier run. Each call appends one row, so that a crash loses
    nothing; a last row that a crash left incomplete is dropped by the next run, and so are rows that are newer than the
    checkpoint it resumes from. When a metric is logged for the first time, the file is rewritten with another column,
    atomically.

    Args:
        save_dir: folder of the file; null uses the run folder.
    """

    def __init__(self, save_dir: str | None = None) -> None:
        super().__init__()
        self.file = RunFolder(Path(save_dir or ".")).metrics
        self._columns: list[str] | None = None

    @property
    def name(self) -> str:
        """Empty: the file is directly in its folder."""
        return ""

    @property
    def version(self) -> str:
        """Empty, likewise."""
        return ""

    @property
    def save_dir(self) -> str:
        """Folder of the file."""
        return str(self.file.parent)

    @property
    def log_dir(self) -> str:
        """Folder of the file."""
        return self.save_dir

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Appends a row.

        Args:
            metrics: numbers, or tensors with one element, by name.
            step: index of the training batch, counted over all epochs.
        """
        row = {name: value.item() if isinstance(value, Tensor) else value for name, value in metrics.items()}
        row["step"] = step
        if self._columns is None:
            self._columns = self._open()
        added = row.keys() - set(self._columns)
        if self._columns and not self.file.is_file():
            rank_zero_warn(f"{self.file} has been moved or deleted: a new one is begun")
            self._rewrite(self._columns)
        if added:
            self._columns = sorted({*self._columns, *added})
            self._rewrite(self._columns)
        try:
            with self.file.open("a", encoding="utf-8", newline="") as stream:
                csv.DictWriter(stream, self._columns).writerow(row)
        except OSError as error:  # that of a full disk does not name the file
            raise OSError(error.errno, error.strerror or str(error), str(self.file)) from error

    @rank_zero_only
    def cut(self, step: int) -> None:
        """Removes the rows of later training batches, which a resumed run writes again.

        Args:
            step: number of batches that the run has trained when it resumes.
        """
        self._columns = self._open()
        if not self._columns:
            return
        rows = self._rows()
        kept = [row for row in rows if not _is_at_least(row.get("step"), step)]
        if len(kept) < len(rows):
            self._write(self._columns, kept)

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: the run folder contains ``config.yaml``."""

    def _open(self) -> list[str]:
        """The columns of an existing file, whose last row is dropped if it is incomplete."""
        if not self.file.is_file():
            return []
        with self.file.open("rb+") as stream:
            complete = stream.read().rfind(b"\n") + 1
            stream.truncate(complete)
            stream.flush()
            os.fsync(stream.fileno())
        with self.file.open(encoding="utf-8", newline="") as stream:
            return next(csv.reader(stream), [])

    def _rewrite(self, columns: list[str]) -> None:
        self._write(columns, self._rows() if self.file.is_file() else [])

    def _rows(self) -> list[dict[str, str]]:
        with self.file.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def _write(self, columns: list[str], rows: list[dict[str, str]]) -> None:
        with atomic_write(self.file) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)


def _is_at_least(cell: str | None, step: int) -> bool:
    try:
        return cell is not None and int(cell) >= step
    except ValueError:  # a row that somebody else has logged, without the index of a batch
        return False
