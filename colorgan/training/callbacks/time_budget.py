"""A training that lasts a given time instead of a number of epochs, so that models are compared at equal cost."""

import math
import time
from collections.abc import Mapping
from typing import Any, Literal

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from colorgan.errors import ColorganError

Clock = Literal["processor", "wall"]

_CLOCKS = {"processor": time.process_time, "wall": time.perf_counter}
_SYNC_EVERY_N_BATCHES = 10
"""With several processes, comparing their times takes a collective operation."""


class TimeBudget(Callback):
    """Ends training after a number of seconds of training, so that a costly model gets fewer steps than a cheap one.

    Only training batches count, with their loading: neither validation nor checkpoints nor the start of the run. When
    the time is used up, the current step is the last one; the photos are then validated and the last checkpoint is
    saved, whatever their intervals are. A resumed run gets the rest of the time. Set ``trainer.max_epochs`` to -1, or
    training may end before its time.

    ``train/seconds``, the time so far, and ``train/seconds_per_step``, its mean per batch, are logged with every
    validation.

    Args:
        seconds: the time, more than 0.
        clock: ``processor`` counts the time that this process computes in all of its threads, which is fair on cores
            shared with other programs. It counts two threads twice, and leaves out the processes that load data: train
            in one thread, with ``data.num_workers`` 0. ``wall`` counts the time that passes, which is right on a GPU.

    Raises:
        ColorganError: before training, for a time or a clock out of range, and with ``trainer.min_epochs`` or
            ``trainer.min_steps``.
    """

    def __init__(self, seconds: float, clock: Clock = "wall") -> None:
        self.seconds, self.clock = seconds, clock
        self._used, self._steps = 0.0, 0
        self._mark: float | None = None
        self._saved = False

    @property
    def used(self) -> float:
        """The seconds of training so far."""
        return self._used

    def logged_metrics(self) -> list[str]:
        """The time so far, and the time per step."""
        return ["train/seconds", "train/seconds_per_step"]

    # -- when it starts and ends ---------------------------------------------------------------------------------------

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Calls :meth:`check`."""
        self.check(trainer)

    def check(self, trainer: Trainer) -> None:
        """Checks the arguments, as a parser of YAML would bury an error of the constructor in its own."""
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise ColorganError(f"TimeBudget's seconds must be a number > 0, received {self.seconds}")
        if self.clock not in _CLOCKS:
            raise ColorganError(f"TimeBudget's clock must be 'processor' or 'wall', received {self.clock!r}")
        for name in ("min_epochs", "min_steps"):
            if least := getattr(trainer, name):
                raise ColorganError(
                    f"trainer.{name} is {least}, but TimeBudget ends training after {self.seconds:g} seconds: choose "
                    "one of them"
                )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends a resumed run whose time is used up before it trains any further."""
        self._mark = None
        if self._used >= self.seconds:
            rank_zero_info(f"TimeBudget: all {self.seconds:g} seconds are used up, so there is nothing left to train")
            trainer.should_stop = True

    def _end(self, trainer: Trainer) -> None:
        rank_zero_info(f"TimeBudget: {self._used:.1f} seconds of training are over, after {self._steps} steps")
        trainer.should_stop = True
        if trainer.check_val_every_n_epoch is not None:
            trainer.check_val_every_n_epoch = trainer.current_epoch + 1  # so that this epoch is validated, too

    # -- the clock -----------------------------------------------------------------------------------------------------

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock before the first batch is loaded."""
        self._start()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Starts the clock anew if a checkpoint has been saved since the last batch."""
        if self._saved or self._mark is None:
            self._start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts the batch, and ends training when the time is over."""
        self._lap()
        self._steps += 1
        accumulate = int(pl_module.hparams.get("accumulate", 1))
        if (batch_idx + 1) % accumulate and not trainer.is_last_batch:
            return  # the step is not complete
        if self._longest(trainer, batch_idx) < self.seconds:
            return
        self._lap(pl_module)  # a GPU may still be busy, but the time is over in any case
        self._end(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock."""
        if self._mark is not None:
            self._lap(pl_module)
            self._mark = None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock again."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._start()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock, unless validation has done so."""
        if self._mark is not None and not self._saved:
            self._lap(pl_module)
        self._mark = None

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Notes that the time until the next batch does not count."""
        self._saved = True

    def _start(self) -> None:
        self._mark, self._saved = _CLOCKS[self.clock](), False

    def _lap(self, pl_module: LightningModule | None = None) -> None:
        """Adds the time since the last mark; waits for the device of the model if one is given."""
        if pl_module is not None and pl_module.device.type != "cpu":
            torch.accelerator.synchronize()
        now = _CLOCKS[self.clock]()
        if self._mark is not None:
            self._used += now - self._mark
        self._mark = now

    def _longest(self, trainer: Trainer, batch_idx: int) -> float:
        """The time of the process that has used most, so that all of them stop at the same step."""
        if trainer.world_size == 1:
            return self._used
        if batch_idx % _SYNC_EVERY_N_BATCHES and not trainer.is_last_batch:
            return 0.0
        used = torch.tensor(self._used, device=trainer.strategy.root_device)
        return float(trainer.strategy.reduce(used, reduce_op="max"))

    # -- what it reports and saves -------------------------------------------------------------------------------------

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs the time."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking and self._steps:
            values = {"train/seconds": self._used, "train/seconds_per_step": self._used / self._steps}
            pl_module.log_dict(values, sync_dist=True)

    def state_dict(self) -> dict[str, Any]:
        """Returns the time and the steps so far, to be saved in a checkpoint."""
        return {"seconds": self._used, "steps": self._steps}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores the time and the steps of a checkpoint."""
        self._used, self._steps = float(state_dict["seconds"]), int(state_dict["steps"])
