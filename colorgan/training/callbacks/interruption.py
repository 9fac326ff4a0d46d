"""Ctrl-C and SIGTERM: saves at the next batch, then stops with the exit code of the signal."""

import pickle
import signal
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from colorgan.errors import TrainingInterruptedError
from colorgan.inference.run_folder import RunFolder

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SYNC_EVERY_N_BATCHES = 10
"""With several processes, checking whether any of them was signaled takes a collective operation."""


class SaveOnSignal(Callback):
    """Saves ``checkpoints/last.ckpt`` when the process is asked to stop, and stops all processes at the same batch.

    The signal handler only sets a flag, because a signal can arrive in the middle of an update of both networks. With
    gradient accumulation, training goes on to the next step of the optimizers. A second Ctrl-C stops immediately.
    """

    def __init__(self) -> None:
        self._received = 0
        self._previous_handlers: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Installs the handlers, after Lightning has installed its own."""
        try:
            for number in _SIGNALS:
                self._previous_handlers[number] = signal.signal(number, self._handle)
        except ValueError:  # Python handles signals in the main thread only
            self._previous_handlers.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._received and number == signal.SIGINT:
            self._restore_handlers()
            raise KeyboardInterrupt
        self._received = number

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves and stops if any process received a signal."""
        if trainer.is_last_batch:  # resuming a second time from a checkpoint of the last batch would repeat the epoch
            return
        if trainer.world_size > 1 and batch_idx % _SYNC_EVERY_N_BATCHES:
            return
        if pl_module.hparams.get("accumulate", 1) > 1 and (batch_idx + 1) % pl_module.hparams["accumulate"]:
            return  # checkpoints do not hold accumulated gradients
        if self._any_received(trainer):
            path = _run_folder(trainer).last_checkpoint
            trainer.save_checkpoint(path, weights_only=False)  # with the optimizers, epoch and batch
            raise TrainingInterruptedError(self._received or signal.SIGTERM, path)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops between epochs if the last checkpoint was written there, and otherwise leaves it to the next batch.

        Lightning cannot resume from a checkpoint that is saved in this hook.
        """
        path = _run_folder(trainer).last_checkpoint
        if self._any_received(trainer) and trainer.strategy.broadcast(_is_current(path, trainer)):
            raise TrainingInterruptedError(self._received or signal.SIGTERM, path)

    def _any_received(self, trainer: Trainer) -> bool:
        if trainer.world_size == 1:
            return self._received > 0
        received = torch.tensor(float(self._received > 0), device=trainer.strategy.root_device)
        return float(trainer.strategy.reduce(received, reduce_op="sum")) > 0

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restores the handlers, before Lightning restores those that it replaced."""
        self._restore_handlers()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Restores the handlers."""
        self._restore_handlers()

    def _restore_handlers(self) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
        self._previous_handlers.clear()


def _run_folder(trainer: Trainer) -> RunFolder:
    return RunFolder(Path(trainer.default_root_dir))


def _is_current(checkpoint: Path, trainer: Trainer) -> bool:
    """Whether a checkpoint holds the training's present state."""
    try:
        contents = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, pickle.UnpicklingError):
        return False
    return bool(contents.get("global_step") == trainer.global_step > 0)
