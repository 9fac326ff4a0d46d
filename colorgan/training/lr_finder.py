"""A range test: which learning rates a generator learns at."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from colorgan.errors import ColorganError

_RECENT = 5
"""Batches whose mean loss decides whether training has diverged."""


class RangeTest(Callback):
    """Raises the generator's learning rate batch by batch, from far too low to far too high, and watches its loss.

    After Smith 2015 (https://arxiv.org/abs/1506.01186). A discriminator trains along at its own rate. All groups of
    layers have the same rate; those that FineTuning freezes in its first stage stay frozen, if it stands before this
    callback.

    Args:
        lowest: the rate of the first batch.
        highest: the rate of the last one; the test ends before it when the loss explodes.
        batches: how many; the photos come again where an epoch has fewer.
        divergence: the test ends when the loss is this many times the lowest one, each as the mean of five batches.

    Attributes:
        rates: the rate of each batch.
        losses: the generator's loss in it, all weights applied.
    """

    def __init__(self, lowest: float = 1e-6, highest: float = 1.0, batches: int = 100, divergence: float = 3.0) -> None:
        if not 0 < lowest < highest or not math.isfinite(highest):
            raise ColorganError(f"lr_find needs 0 < lowest < highest, received {lowest} and {highest}")
        if batches < 4 * _RECENT:
            raise ColorganError(f"lr_find.batches must be at least {4 * _RECENT} to show a curve, received {batches}")
        if not divergence > 1:
            raise ColorganError(f"lr_find.divergence must be a number above 1, received {divergence}")
        self.lowest, self.highest, self.batches, self.divergence = lowest, highest, batches, divergence
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._best = math.inf

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins anew."""
        self.rates, self.losses, self._best = [], [], math.inf

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Sets the rate of the batch."""
        rate = self.lowest * (self.highest / self.lowest) ** (len(self.rates) / (self.batches - 1))
        for group in trainer.optimizers[0].param_groups:
            group["lr"] = rate
        self.rates.append(rate)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Notes the loss, and stops where nothing is to be learned any more."""
        loss = trainer.callback_metrics.get("train/generator")
        if loss is None:
            raise ColorganError(
                "the generator does not train at the beginning, so there is no learning rate to find: "
                "set model.schedule.discriminator_warmup_epochs to 0 for this test"
            )
        self.losses.append(float(loss))
        recent = sum(self.losses[-_RECENT:]) / len(self.losses[-_RECENT:])
        if len(self.losses) >= _RECENT and math.isfinite(recent):
            self._best = min(self._best, recent)
        exploded = recent > self._best + (self.divergence - 1) * abs(self._best)
        if exploded or not math.isfinite(recent) or len(self.losses) == self.batches:
            trainer.should_stop = True

    def curve(self) -> "Curve":
        """What the test has seen, smoothed.

        Raises:
            ColorganError: if it broke off before there was anything to see.
        """
        known = [place for place, loss in enumerate(self.losses) if math.isfinite(loss)]
        if len(known) < 2 * _RECENT:
            raise ColorganError(
                f"training diverged after {len(known)} batches, at a learning rate of {self.rates[-1]:.1e}: "
                "set --lr_find.lowest lower"
            )
        rates, losses = ([values[place] for place in known] for values in (self.rates, self.losses))
        return Curve(tuple(rates), tuple(losses), tuple(_smooth(losses, width=self.batches / 30)))


@dataclass(frozen=True)
class Curve:
    """Losses over learning rates.

    Attributes:
        rates: from low to high.
        losses: as they were measured.
        smoothed: without the scatter of the batches. Every value looks at both sides, so that the curve lags behind
            nothing.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]

    @property
    def lowest_at(self) -> float:
        """The rate at the lowest loss, which is already too high to train with."""
        return self.rates[int(np.argmin(self.smoothed))]

    @property
    def suggestion(self) -> float:
        """The rate at which the loss fell fastest."""
        until = int(np.argmin(self.smoothed)) + 1
        if until < 3:
            return self.rates[0]
        slope = np.gradient(np.array(self.smoothed[:until]), np.log(np.array(self.rates[:until])))
        return self.rates[int(np.argmin(slope))]


def _smooth(values: list[float], width: float) -> list[float]:
    """Weighted means over a bell whose standard deviation is ``width`` places."""
    place = np.arange(len(values))
    bell = np.exp(-0.5 * ((place[:, None] - place) / width) ** 2)
    smoothed: list[float] = (bell @ np.array(values) / bell.sum(1)).tolist()
    return smoothed
