"""Training stops where its state is saved, whatever the interval of the checkpoints."""

import os
import signal

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers.logger import Logger

from colorgan.errors import RunNotWrittenError, StoppedBySignalError, TrainingInterruptedError
from colorgan.system.signals import stop_on_signals
from colorgan.training.callbacks import LastCheckpoint, SaveOnSignal
from colorgan.training.callbacks.interruption import failing_later
from tests.training.callbacks.test_frechet import Fading, loader, trainer


class Signal(Callback):
    """Sends a signal at one moment of an epoch."""

    def __init__(self, hook: str, epoch: int) -> None:
        self.hook, self.epoch = hook, epoch

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.send("batch", trainer)

    def on_validation_epoch_end(self, trainer, pl_module):
        self.send("validation", trainer)

    def send(self, hook, trainer):
        if (hook, self.epoch) == (self.hook, trainer.current_epoch) and not trainer.sanity_checking:
            os.kill(os.getpid(), signal.SIGTERM)


def interrupt(folder, hook, epoch, *, every_n_epochs, **options):
    """Trains up to 6 epochs of three batches, and returns the checkpoint named by the error."""
    last = LastCheckpoint(every_n_epochs, dirpath=str(folder / "checkpoints"))
    run = trainer(folder, SaveOnSignal(), Signal(hook, epoch), last, max_epochs=6, **options)
    with pytest.raises(TrainingInterruptedError, match="stopped on SIGTERM with everything saved") as error:
        run.fit(Fading(), loader(), loader())
    assert error.value.signal == signal.SIGTERM
    assert error.value.checkpoint == folder / "checkpoints" / "last.ckpt"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    saved = torch.load(error.value.checkpoint, weights_only=True)
    assert saved["global_step"] == run.global_step  # nothing is lost
    return saved


@pytest.mark.parametrize("every_n_epochs", [1, 2, 5])
def test_signal_between_epochs_stops_there(tmp_path, every_n_epochs):
    assert interrupt(tmp_path, "validation", 1, every_n_epochs=every_n_epochs)["global_step"] == 6


def test_signal_within_an_epoch_stops_after_the_batch(tmp_path):
    assert interrupt(tmp_path, "batch", 1, every_n_epochs=1)["global_step"] == 4


def test_signal_in_the_first_epoch_before_any_checkpoint(tmp_path):
    assert interrupt(tmp_path, "validation", 0, every_n_epochs=5)["global_step"] == 3


def test_epochs_of_one_batch(tmp_path):
    assert interrupt(tmp_path, "validation", 0, every_n_epochs=3, limit_train_batches=1)["global_step"] == 1


def test_damaged_checkpoint_does_not_count_as_saved(tmp_path):
    class Damage(Signal):
        def on_validation_epoch_end(self, trainer, pl_module):
            (tmp_path / "checkpoints" / "last.ckpt").write_bytes(b"PK damaged")
            super().on_validation_epoch_end(trainer, pl_module)

    last = LastCheckpoint(2, dirpath=str(tmp_path / "checkpoints"))
    (tmp_path / "checkpoints").mkdir()
    run = trainer(tmp_path, SaveOnSignal(), Damage("validation", 0), last, max_epochs=6)
    with pytest.raises(TrainingInterruptedError):
        run.fit(Fading(), loader(), loader())
    assert torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 3


class FailingLogger(Logger):
    """Cannot write from a batch on."""

    name, version = "failing", ""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def log_metrics(self, metrics, step=None):
        if step >= self.batch:
            raise OSError(28, "No space left on device", "events.out")

    def log_hyperparams(self, *args, **kwargs):
        pass


class Logged(Fading):
    def training_step(self, batch, batch_idx):
        self.log("train/weight", self.weight.detach())
        return super().training_step(batch, batch_idx)


@pytest.mark.parametrize(("batch", "steps"), [(1, 3), (4, 6), (17, 18)])
def test_logger_that_cannot_write_ends_the_run_at_the_next_checkpoint(tmp_path, batch, steps):
    stop, last = SaveOnSignal(), LastCheckpoint(2, dirpath=str(tmp_path / "checkpoints"))
    run = trainer(tmp_path, stop, last, max_epochs=6, logger=FailingLogger(batch), log_every_n_steps=1)

    def train():
        run.fit(Logged(), loader(), loader())
        stop.raise_if_stopped(run)  # as the command does, where it happened in the last epoch

    with pytest.raises(
        RunNotWrittenError, match="no space left on device: 'events.out'.*the run was saved and stopped"
    ):
        train()
    saved = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert saved["global_step"] == run.global_step == steps


def test_errors_outside_of_training_are_raised_at_once(tmp_path):
    run = trainer(tmp_path, SaveOnSignal(), LastCheckpoint(dirpath=str(tmp_path)))

    def fail():
        with failing_later(run):
            raise OSError(28, "No space left on device")

    run.validate(Fading(), loader())
    with pytest.raises(OSError, match="No space left"):
        fail()


def test_second_interruption_stops_at_once(tmp_path):
    stop = SaveOnSignal()
    with stop_on_signals():
        stop.setup(trainer(tmp_path), None, "validate")
        stop.on_train_start(None, None)
        signal.raise_signal(signal.SIGINT)
        assert stop.received == signal.SIGINT
        with pytest.raises(StoppedBySignalError):
            signal.raise_signal(signal.SIGINT)
