"""Ctrl-C and SIGTERM: save at the next batch, then stop with the exit code of the signal."""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from colorgan.errors import TrainingInterruptedError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BATCHES_BETWEEN_QUESTIONS = 10
"""With several processes, asking whether any of them was told to stop costs a collective operation."""


class SaveOnSignal(Callback):
    """Saves ``checkpoints/last.ckpt`` when the process is asked to stop, and stops all processes at the same batch.

    The handler only sets a flag: what it interrupts may be in the middle of an update of two networks. A second Ctrl-C
    stops at once.
    """

    def __init__(self) -> None:
        self._received = 0
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Takes over the signals, after Lightning has set its own handlers."""
        try:
            for number in _SIGNALS:
                self._previous[number] = signal.signal(number, self._note)
        except ValueError:  # not in the main thread, where Python receives signals
            self._previous.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._received and number == signal.SIGINT:
            self._restore()
            raise KeyboardInterrupt
        self._received = number

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves and stops if any process was told to."""
        if trainer.world_size > 1 and batch_idx % _BATCHES_BETWEEN_QUESTIONS and not trainer.is_last_batch:
            return
        if trainer.is_last_batch:  # the end of the epoch saves a checkpoint that needs no fast-forwarding
            return
        if pl_module.hparams.get("accumulate", 1) > 1 and (batch_idx + 1) % pl_module.hparams["accumulate"]:
            return  # gradients added up so far are in no checkpoint
        self._stop_if_asked(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops between epochs, where the last checkpoint is already written."""
        if self._agreed(trainer) and trainer.current_epoch > 0:
            raise TrainingInterruptedError(self._received or signal.SIGTERM, last_checkpoint(trainer))

    def _stop_if_asked(self, trainer: Trainer) -> None:
        if self._agreed(trainer):
            path = last_checkpoint(trainer)
            trainer.save_checkpoint(path, weights_only=False)  # all of it: optimizers, epoch, batch
            raise TrainingInterruptedError(self._received or signal.SIGTERM, path)

    def _agreed(self, trainer: Trainer) -> bool:
        if trainer.world_size == 1:
            return self._received > 0
        asked = torch.tensor(float(self._received > 0), device=trainer.strategy.root_device)
        return float(trainer.strategy.reduce(asked, reduce_op="sum")) > 0

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Gives the signals back, before Lightning does the same with its own handlers."""
        self._restore()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Gives the signals back."""
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()


def last_checkpoint(trainer: Trainer) -> Path:
    """The file that ``--ckpt_path last`` looks for in the folder of a run."""
    return Path(trainer.default_root_dir) / "checkpoints" / "last.ckpt"
