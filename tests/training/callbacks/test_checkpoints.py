from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback

from colorgan.training.callbacks import BestCheckpoint, LastCheckpoint


class Score(Callback):
    """Logs given values, as a callback that measures after validation does."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        pl_module.log("val/score", self.values[trainer.current_epoch])


def epoch_of(file: Path) -> int:
    epoch: int = torch.load(file, weights_only=True)["epoch"]
    return epoch


@pytest.mark.parametrize(("mode", "best"), [("min", 1), ("max", 2)])
def test_best_epoch_is_kept(tiny_model: Any, fit: Any, tmp_path: Path, mode: Any, best: int) -> None:
    callbacks = [
        BestCheckpoint("val/score", mode, dirpath=str(tmp_path)),
        LastCheckpoint(dirpath=str(tmp_path)),
        Score([2.0, 1.0, 5.0, 3.0]),  # after the checkpoints, as the order must not matter
    ]
    fit(tiny_model(), max_epochs=4, limit_train_batches=1, enable_checkpointing=True, callbacks=callbacks)
    assert sorted(file.name for file in tmp_path.glob("*.ckpt")) == ["best.ckpt", "last.ckpt"]
    assert epoch_of(tmp_path / "best.ckpt") == best
    assert epoch_of(tmp_path / "last.ckpt") == 3


def test_epochs_without_validation_are_skipped(tiny_model: Any, fit: Any, tmp_path: Path) -> None:
    """Their metric would be that of an earlier epoch."""
    callbacks = [BestCheckpoint("val/score", "max", dirpath=str(tmp_path)), Score([0.0, 1.0, 0.0, 5.0, 0.0])]
    options = {"max_epochs": 5, "check_val_every_n_epoch": 2, "limit_train_batches": 1, "enable_checkpointing": True}
    fit(tiny_model(), callbacks=callbacks, **options)
    assert epoch_of(tmp_path / "best.ckpt") == 3


def test_last_checkpoint_is_written_every_n_epochs(tiny_model: Any, fit: Any, tmp_path: Path) -> None:
    callbacks = [LastCheckpoint(every_n_epochs=2, dirpath=str(tmp_path))]
    fit(tiny_model(), max_epochs=3, limit_train_batches=1, enable_checkpointing=True, callbacks=callbacks)
    assert epoch_of(tmp_path / "last.ckpt") == 1
