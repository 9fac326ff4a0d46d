"""Manual optimization: what Lightning leaves to a module that steps several optimizers in a batch."""

import os
from typing import Any, Literal

import torch
from lightning.pytorch.cli import ReduceLROnPlateau
from torch import Tensor, nn
from torch.optim import Optimizer

from colorgan.errors import ColorganError
from colorgan.training.checks import check_range
from colorgan.training.divergence import gradient_norm
from colorgan.training.module import Trainable, parameters_of


class ManualOptimization(Trainable):
    """Steps, accumulation, clipping, learning-rate schedules and reproducible randomness.

    Args:
        gradient_clip: largest norm of the gradients of one optimizer; ``None`` does not clip.
        accumulate: batches whose gradients are averaged before a step.
        scheduler_interval: whether learning-rate schedules advance per ``epoch`` or per ``batch``.
    """

    def __init__(
        self, gradient_clip: float | None, accumulate: int, scheduler_interval: Literal["epoch", "batch"]
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        check_range("gradient_clip", gradient_clip, minimum=0, strict=True)
        check_range("accumulate", accumulate, minimum=1)
        if scheduler_interval not in ("epoch", "batch"):
            raise ColorganError(f"model.scheduler_interval must be 'epoch' or 'batch', received {scheduler_interval!r}")
        self.gradient_clip, self.accumulate, self.scheduler_interval = gradient_clip, accumulate, scheduler_interval

    def descend(self, optimizer: Any, loss: Tensor, batch_idx: int) -> None:
        """Backpropagates a loss and, at the end of an accumulation, steps its optimizer."""
        self.divergence.note_loss(loss)
        self.manual_backward(loss / self.accumulate)
        if self.steps_now(batch_idx):
            optimizer.step()
            optimizer.zero_grad()

    def steps_now(self, batch_idx: int) -> bool:
        """Whether optimizers step after a batch, or its gradients are only accumulated."""
        return (batch_idx + 1) % self.accumulate == 0 or self.trainer.is_last_batch

    def batches_so_far(self, batch_idx: int) -> int:
        """The number of a batch in all epochs; in its own epoch if the data do not know how many there are."""
        batches = self.trainer.num_training_batches
        return batch_idx + (self.current_epoch * batches if isinstance(batches, int) else 0)

    def all_optimizers(self) -> list[Any]:
        """The optimizers in the order of ``configure_optimizers``."""
        optimizers = self.optimizers()
        return optimizers if isinstance(optimizers, list) else [optimizers]

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Checks and clips the gradients here because they are unscaled by now under 16-bit precision."""
        parameters = parameters_of(optimizer)
        norm = gradient_norm(parameters)
        self.note_gradients(optimizer, norm)
        if self.gradient_clip is not None:
            nn.utils.clip_grads_with_norm_(parameters, self.gradient_clip, norm)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Makes a step's randomness a function of (seed, epoch, batch, rank), so that a resumed run repeats it."""
        super().on_train_batch_start(batch, batch_idx)
        seed = os.environ.get("PL_GLOBAL_SEED")
        if seed is not None:
            mixed = 0
            for part in (int(seed), self.current_epoch, batch_idx, self.global_rank):
                mixed = (mixed * 1_000_003 + part + 1) % (2**63 - 1)
            torch.manual_seed(mixed)

    def advance_batch_schedules(self) -> None:
        """Advances schedules that go by the batch, at the end of a training step.

        Not in ``on_train_batch_end``: Lightning calls that of callbacks first, and one of them may save a checkpoint.
        """
        if self.scheduler_interval == "batch":
            self._advance_schedules()

    def on_train_epoch_end(self) -> None:
        """Checks that losses and gradients are finite, and advances schedules that go by the epoch."""
        super().on_train_epoch_end()
        if self.scheduler_interval == "epoch":
            self._advance_schedules()
        for scheduler in self._schedulers():
            if isinstance(scheduler, ReduceLROnPlateau):
                self._reduce_on_plateau(scheduler)

    def _advance_schedules(self) -> None:
        for scheduler in self._schedulers():
            if not isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step()

    def _reduce_on_plateau(self, scheduler: ReduceLROnPlateau) -> None:
        logged = self.trainer.callback_metrics
        if scheduler.monitor in logged:
            scheduler.step(logged[scheduler.monitor])
        elif any(name.startswith("val/") for name in logged):
            raise ColorganError(
                f"ReduceLROnPlateau monitors {scheduler.monitor!r}, which is not logged; "
                f"logged are {', '.join(sorted(name for name in logged if name.startswith('val/')))}"
            )

    def _schedulers(self) -> list[Any]:
        schedulers = self.lr_schedulers() or []
        return schedulers if isinstance(schedulers, list) else [schedulers]
