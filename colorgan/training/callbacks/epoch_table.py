"""A table of all epochs at the end of a training, as fastai prints it."""

import time
from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from colorgan.training.module import Trainable

_MAX_ROWS = 40
"""Rows of a printed table; of more epochs, evenly spaced ones are shown."""


class EpochTable(Callback):
    """Keeps the training loss, the validation loss, the mean absolute error and the duration of every epoch.

    The training loss is the mean over the epoch's batches of the loss that compares colors, without its weight, as
    :class:`~colorgan.training.EpochMeans` logs it, which comes before it in the list of callbacks. The validation loss
    is ``val/loss`` if :class:`~colorgan.training.ValidationLoss` logs it, otherwise the first metric of the model. The
    mean absolute error is ``val/l1``, in the units of the network's color channels. A duration includes validation.
    ``fit`` prints the table when it ends. The rows are saved in checkpoints.

    Attributes:
        rows: for each epoch, its number and its values by column; values that were not measured are missing.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self._validation: dict[str, float] = {}
        self._start = 0.0
        self._seconds_before = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock of an epoch that may have begun in an earlier process."""
        self._start = time.monotonic()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins a row."""
        self._validation = {}
        self._start, self._seconds_before = time.monotonic(), 0.0

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Takes what validation has logged."""
        if trainer.sanity_checking:
            return
        logged = trainer.callback_metrics
        loss = "val/loss" if "val/loss" in logged else _first(pl_module, "val/")
        columns = {"validation loss": loss, "MAE": "val/l1"}
        self._validation = {title: float(logged[name]) for title, name in columns.items() if name in logged}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the row."""
        row = {"epoch": float(trainer.current_epoch)}
        mean = trainer.callback_metrics.get(f"{_first(pl_module, 'train/')}_epoch")
        if mean is not None:
            row["training loss"] = float(mean)
        self.rows.append({**row, **self._validation, "seconds": self._seconds()})

    def state_dict(self) -> dict[str, Any]:
        """Returns the rows, and how long the current epoch has lasted."""
        return {"rows": [dict(row) for row in self.rows], "seconds": self._seconds()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores the rows."""
        self.rows = [{str(name): float(value) for name, value in row.items()} for row in state_dict["rows"]]
        self._seconds_before = float(state_dict["seconds"])

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._start

    def __str__(self) -> str:
        """The table; empty without a complete epoch."""
        if not self.rows:
            return ""
        titles = ["epoch", "training loss", "validation loss", "MAE", "time"]
        step = -(-len(self.rows) // _MAX_ROWS)
        shown = [row for number, row in enumerate(self.rows) if number % step == 0 or row is self.rows[-1]]
        cells = [[_cell(row, title) for title in titles] for row in shown]
        used = [n for n, title in enumerate(titles) if any(row[n] for row in cells)]
        lines = [[titles[n] for n in used], *([row[n] for n in used] for row in cells)]
        widths = [max(len(line[n]) for line in lines) for n in range(len(used))]
        return "\n".join("  ".join(map(str.rjust, line, widths)) for line in lines)


def _first(pl_module: LightningModule, prefix: str) -> str:
    """The first metric of a model, which is its loss."""
    names = pl_module.logged_metrics() if isinstance(pl_module, Trainable) else ()
    return next((name for name in names if name.startswith(prefix)), "")


def _cell(row: Mapping[str, float], title: str) -> str:
    if title == "epoch":
        return f"{row['epoch']:.0f}"
    if title == "time":
        minutes, seconds = divmod(round(row["seconds"]), 60)
        return f"{minutes:02}:{seconds:02}"
    return f"{row[title]:.6f}" if title in row else ""
