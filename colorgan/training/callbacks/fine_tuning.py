"""Fine-tuning of a pretrained generator: stages that freeze or train it, each with learning rates of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities import rank_zero_warn
from torch import nn

from colorgan.errors import ColorganError

Rate = float | tuple[float, float]


def _ends(rate: Rate) -> tuple[float, float]:
    return (rate[0], rate[1]) if isinstance(rate, tuple) else (rate, rate)


@dataclass(frozen=True)
class Stage:
    """A part of a training run.

    Args:
        epochs: how long it lasts; null, which only the last stage may have, until the end of the run.
        rate: the generator's learning rate, or those of its first and last group of layers, between which the others
            lie at equal ratios. It is the highest of the cycle.
        frozen: leave what pretrained weights fill as it is, and train the rest.
        cycle: let the rate rise and fall in one cycle over the stage; else it stays.
    """

    epochs: int | None = None
    rate: Rate = 1e-3
    frozen: bool = False
    cycle: bool = True

    def __post_init__(self) -> None:
        if self.epochs is not None and self.epochs < 1:
            raise ColorganError(f"a stage of FineTuning lasts 1 epoch or more, or null, but epochs is {self.epochs}")
        if not all(math.isfinite(rate) and rate > 0 for rate in _ends(self.rate)):
            raise ColorganError(f"the rates of a stage of FineTuning must be numbers above 0, but rate is {self.rate}")


class FineTuning(Callback):
    """Trains a generator with a pretrained encoder as fastai teaches it (Howard and Gugger 2020).

    First the encoder is frozen, its BatchNorm statistics included, so that the new layers do not spoil it while they
    know nothing; then all is trained, layers near the input, which every picture needs, at lower rates than those near
    the output. The rates rise and fall once in each stage (Smith and Topin 2017, https://arxiv.org/abs/1708.07120), by
    the batch, while momentum falls and rises. How many batches there are is taken from the trainer.

    It steers the generator's optimizer alone; a discriminator keeps the rates of its own. Everything is a function of
    the epoch and the batch, so that a resumed run goes on as if never interrupted.

    Args:
        stages: what happens, one after the other.
        rise: share of a stage's batches in which the rate rises.
        start: the first rate of a cycle, as a share of the highest.
        end: the last one, likewise.
        momentum: momentum (Adam's first beta) at the lowest and at the highest rate; null leaves it to the optimizer.

    Raises:
        ColorganError: before any work, for stages that the generator or the length of the run does not suit.

    Example:
        >>> plan = FineTuning([Stage(10, 1e-3, frozen=True), Stage(20, (1e-6, 1e-4))])
        >>> [f"{rate:.0e}" for rate in spread((1e-6, 1e-4), 3)]
        ['1e-06', '1e-05', '1e-04']
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        rise: float = 0.25,
        start: float = 0.04,
        end: float = 1e-5,
        momentum: tuple[float, float] | None = (0.95, 0.85),
    ) -> None:
        if not stages or any(stage.epochs is None for stage in stages[:-1]):
            raise ColorganError("FineTuning needs one stage or more, all of them but the last with a number of epochs")
        for name, value in (("rise", rise), ("start", start), ("end", end)):
            if not 0 < value <= 1:
                raise ColorganError(f"FineTuning's {name} is a share above 0 and up to 1, but is {value}")
        if momentum is not None and not all(0 <= value < 1 for value in momentum):
            raise ColorganError(f"FineTuning's momentum must be in [0, 1), but is {momentum}")
        self.stages = tuple(stages)
        self.rise, self.start, self.end, self.momentum = rise, start, end, momentum
        self._parts: list[nn.Module] = []
        self._frozen: list[nn.Module] = []
        self._current: int | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Looks whether plan, generator and length of the run go together."""
        if stage != "fit":
            return
        generator = getattr(getattr(pl_module, "colorizer", None), "generator", None)
        if generator is None:
            raise ColorganError(f"FineTuning trains a ColorGAN, received a {type(pl_module).__name__}")
        if getattr(pl_module, "generator_scheduler", None) is not None:
            raise ColorganError("FineTuning sets the generator's learning rates: set model.generator_scheduler to null")
        self._parts, self._current = generator.layer_groups(), None
        if len(self._parts) == 1 and any(planned.frozen for planned in self.stages):
            raise ColorganError(
                f"{type(generator).__name__} has no pretrained part that FineTuning could freeze: "
                "take a generator such as EncoderUNet, or set frozen to false in all stages"
            )
        self._check_length(trainer)

    def _check_length(self, trainer: Trainer) -> None:
        planned, epochs = sum(stage.epochs or 0 for stage in self.stages), trainer.max_epochs
        is_open = self.stages[-1].epochs is None
        if epochs is None or epochs < 0:
            if is_open:
                raise ColorganError("FineTuning's last stage lasts until the end of the run: set trainer.max_epochs")
        elif not is_open and planned < epochs:
            raise ColorganError(
                f"FineTuning's stages last {planned} epochs, but trainer.max_epochs is {epochs}: make them equal, or "
                "set epochs of the last stage to null"
            )
        elif planned + is_open > epochs and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            rank_zero_warn(
                f"trainer.max_epochs is {epochs}, less than FineTuning's stages need ({planned + is_open}): "
                "the run ends in the middle of the plan"
            )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Enters a stage, where a resumed run may be in the middle of an epoch."""
        self._enter(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Enters the stage of this epoch."""
        self._enter(trainer)

    def _enter(self, trainer: Trainer) -> None:
        """Freezes and thaws; not before training starts, when DDP has already taken all parameters in its care."""
        number, _, _ = self._place(trainer)
        if number == self._current:
            return
        self._current = number
        self._frozen = self._parts[:-1] if self.stages[number].frozen else []
        for part in self._parts:
            thaws = all(part is not frozen for frozen in self._frozen)
            part.requires_grad_(thaws)
            part.train(thaws)

    def _place(self, trainer: Trainer) -> tuple[int, int, int]:
        """The number of the current stage, the epochs done in it, and its epochs in all."""
        done = trainer.current_epoch
        for number, stage in enumerate(self.stages[:-1]):
            assert stage.epochs is not None
            if done < stage.epochs:
                return number, done, stage.epochs
            done -= stage.epochs
        before = trainer.current_epoch - done
        return len(self.stages) - 1, done, self.stages[-1].epochs or max(1, (trainer.max_epochs or 0) - before)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Sets the rates of the batch, and keeps what is frozen from renewing its statistics."""
        for part in self._frozen:
            part.eval()
        batches = trainer.num_training_batches
        if not math.isfinite(batches):
            raise ColorganError("FineTuning needs to know the batches of an epoch: set trainer.limit_train_batches")
        number, done, epochs = self._place(trainer)
        stage, place = self.stages[number], (done * int(batches) + batch_idx, epochs * int(batches))
        groups = trainer.optimizers[0].param_groups
        height = one_cycle(*place, (self.start, 1.0, self.end), self.rise) if stage.cycle else 1.0
        for group, rate in zip(groups, spread(stage.rate, len(groups)), strict=True):
            group["lr"] = rate * height
            if self.momentum is not None:
                low, high = self.momentum
                _set_momentum(group, one_cycle(*place, (low, high, low), self.rise) if stage.cycle else high)


def spread(rate: Rate, count: int) -> list[float]:
    """Learning rates of layer groups, from the first to the last, each the same multiple of the one before.

    >>> spread(1e-3, 2)
    [0.001, 0.001]
    """
    first, last = _ends(rate)
    return [first * (last / first) ** (place / max(1, count - 1)) for place in range(count - 1)] + [last]


def one_cycle(step: int, steps: int, values: tuple[float, float, float], rise: float = 0.25) -> float:
    """A value that goes from the first of three to the second and on to the third, along half waves of the cosine.

    Args:
        step: the place in the cycle, from 0 to ``steps - 1``; beyond it stays at the third value.
        steps: length of the cycle.
        values: where it begins, turns and ends.
        rise: share of the steps until it turns.

    Example:
        >>> [round(one_cycle(step, 9, (0.0, 8.0, 4.0), rise=1 / 3), 3) for step in range(9)]
        [0.0, 4.0, 8.0, 7.732, 7.0, 6.0, 5.0, 4.268, 4.0]
    """
    first, turn, last = values
    top, end = max(0.0, rise * steps - 1), steps - 1
    if step <= top:
        return _wave(first, turn, step / top if top else 1.0)
    return last if step >= end else _wave(turn, last, (step - top) / (end - top))


def _wave(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * share)) / 2


def _set_momentum(group: dict[str, Any], momentum: float) -> None:
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    elif group.get("momentum"):  # 0 is an optimizer without any
        group["momentum"] = momentum
