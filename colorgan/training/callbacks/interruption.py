"""Signals and full disks: saves at the next batch, then stops with the exit code of the signal or with an error."""

import contextlib
import functools
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from colorgan.errors import (
    CheckpointError,
    RunNotWrittenError,
    StoppedBySignalError,
    TrainingInterruptedError,
    describe_os_error,
)
from colorgan.inference.run_folder import RunFolder
from colorgan.system.signals import STOP_SIGNALS
from colorgan.training.requeue import requeue, requeues_on

_SYNC_EVERY_N_BATCHES = 10
"""With several processes, checking whether any of them was signaled takes a collective operation."""
_FAILED = 1000
"""Stands for a file that could not be written; larger than any number of a signal."""
_LOGGER_METHODS = ("log_metrics", "log_hyperparams", "log_graph", "log_image", "log_table", "save", "finalize")


class SaveOnSignal(Checkpoint):
    """Saves ``checkpoints/last.ckpt`` when the process is asked to stop, and stops all processes at the same batch.

    Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 ask to stop. The signal handler only sets a flag, because a signal can arrive in
    the middle of an update of both networks. With gradient accumulation, training goes on to the next step of the
    optimizers. A second Ctrl-C stops immediately. On SIGUSR1, which SLURM sends before the time is over, the job is
    also put into SLURM's queue again.

    Training ends in the same order if a logger, or another part of the run that it can do without, cannot write a file.
    To Lightning, this is a callback that saves checkpoints: it is called after the others.

    Before training begins, and in validation, test and prediction, there is nothing to save: signals do what they did
    before the trainer was started.

    Attributes:
        received: number of the signal that was received; 0 if there was none.
        failure: the first file that could not be written; ``None`` if there was none.
    """

    def __init__(self) -> None:
        self.received = 0
        self.failure: OSError | CheckpointError | None = None
        self._agreed = 0
        self._outer_handlers: dict[signal.Signals, Any] = {}
        self._installed = False

    # -- handlers ------------------------------------------------------------------------------------------------------

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Notes the present handlers, before Lightning installs its own, and collects the errors of loggers."""
        self.received, self.failure, self._agreed = 0, None, 0
        self._outer_handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        for logger in trainer.loggers if stage == "fit" else ():
            for name in _LOGGER_METHODS:
                if hasattr(logger, name):
                    setattr(logger, name, _failing_later(trainer, getattr(logger, name)))

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Replaces Lightning's handlers, which would ignore SIGTERM or wait for other processes."""
        self._restore_handlers()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Likewise, outside of training."""
        if not self._installed:
            self._restore_handlers()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Likewise."""
        self._restore_handlers()

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Likewise."""
        self._restore_handlers()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Installs the handlers, after Lightning has installed its own."""
        for number, handler in self._outer_handlers.items():
            if handler is not signal.SIG_IGN:
                self._installed = _set_handler(number, self._handle) or self._installed

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received and number == signal.SIGINT:
            self._restore_handlers()
            signal.raise_signal(number)
        self.received = number

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restores the handlers, before Lightning restores those that it replaced."""
        self._restore_handlers()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Restores the handlers, and passes a signal that only one process received on to the process that started it.

        Otherwise that process would wait for this one.
        """
        self._restore_handlers()
        environment = getattr(trainer.strategy, "cluster_environment", None)
        started_by_rank_0 = environment is not None and not environment.creates_processes_externally
        if isinstance(exception, StoppedBySignalError) and started_by_rank_0 and trainer.local_rank > 0:
            os.kill(os.getppid(), exception.signal)

    def _restore_handlers(self) -> None:
        self._installed = False
        for number, handler in self._outer_handlers.items():
            _set_handler(number, handler)

    # -- where training stops ------------------------------------------------------------------------------------------

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
        self._agree(trainer)
        if self._agreed:
            self._save(trainer)
            self._stop(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the epoch, unless another callback has done so; Lightning calls this one after the others."""
        self._agree(trainer)
        path = _run_folder(trainer).last_checkpoint
        if self._agreed and not trainer.strategy.broadcast(_is_current(path, trainer)):
            self._save(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops between epochs."""
        if self._agreed:
            self._stop(trainer)

    def raise_if_stopped(self, trainer: Trainer) -> None:
        """Raises what would have stopped the training, if that was over before.

        Raises:
            TrainingInterruptedError: if a signal arrived in the last epoch.
            RunNotWrittenError: if a file could not be written in the last epoch.
        """
        self._agreed = max(self._agreed, self._request)
        if self._agreed:
            self._stop(trainer)

    @property
    def _request(self) -> int:
        return _FAILED if self.failure is not None else self.received

    def _agree(self, trainer: Trainer) -> None:
        """Learns whether any process is to stop, and why."""
        self._agreed = self._request
        if trainer.world_size > 1:
            requests = torch.tensor(float(self._request), device=trainer.strategy.root_device)
            self._agreed = int(trainer.strategy.reduce(requests, reduce_op="max"))

    def _save(self, trainer: Trainer) -> None:
        try:
            trainer.save_checkpoint(_run_folder(trainer).last_checkpoint, weights_only=False)  # with optimizers, epoch
        except CheckpointError as error:
            if self.failure is None:
                raise
            raise RunNotWrittenError(f"{_describe(self.failure)}; {error}") from self.failure

    def _stop(self, trainer: Trainer) -> NoReturn:
        """Ends all processes; the first one says why."""
        path = _run_folder(trainer).last_checkpoint
        if not trainer.is_global_zero:
            raise SystemExit(0)  # a failure would make Lightning kill the first process while it finishes
        if self._agreed == _FAILED:
            assert self.failure is not None  # only the first process writes files
            message = f"{_describe(self.failure)}; the run was saved and stopped, resume with --ckpt_path {path}"
            raise RunNotWrittenError(message) from self.failure
        if requeues_on(self._agreed):
            requeue()
        raise TrainingInterruptedError(self._agreed, path)


@contextlib.contextmanager
def failing_later(trainer: Trainer) -> Iterator[None]:
    """Lets training go on to its next checkpoint, and end there, if the block cannot write a file.

    Raises:
        OSError, CheckpointError: outside of training, or without :class:`SaveOnSignal`, at once.
    """
    try:
        yield
    except (OSError, CheckpointError) as error:
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
        watcher = next((callback for callback in callbacks if isinstance(callback, SaveOnSignal)), None)
        if watcher is None or trainer.state.fn != "fit":
            raise
        watcher.failure = watcher.failure or error


def _failing_later(trainer: Trainer, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        with failing_later(trainer):
            return method(*args, **kwargs)

    return call


def _describe(failure: OSError | CheckpointError) -> str:
    if isinstance(failure, CheckpointError):
        return str(failure)
    return f"cannot write a file of the run ({describe_os_error(failure)})"


def _set_handler(number: signal.Signals, handler: Any) -> bool:
    try:
        signal.signal(number, handler)
    except ValueError:  # Python handles signals in the main thread only
        return False
    return True


def _run_folder(trainer: Trainer) -> RunFolder:
    return RunFolder(Path(trainer.default_root_dir))


def _is_current(checkpoint: Path, trainer: Trainer) -> bool:
    """Whether a checkpoint holds the training's present state."""
    try:
        contents = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, pickle.UnpicklingError):
        return False
    return bool(contents.get("global_step") == trainer.global_step > 0)
