"""Fine-tuning of a pretrained generator in stages, each with its own learning rates, as in fastai."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities import rank_zero_warn
from torch import nn

from colorgan.errors import ColorganError

LearningRate = float | tuple[float, float]

_BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def _first_and_last(lr: LearningRate) -> tuple[float, float]:
    return (lr[0], lr[1]) if isinstance(lr, tuple) else (lr, lr)


@dataclass(frozen=True)
class Stage:
    """One stage of a fine-tuning run.

    Args:
        epochs: number of epochs; null, for the last stage only, continues until the end of the run.
        lr: learning rate of the generator, or a pair with the rates of its first and last layer groups; the rates of
            the groups between them form a geometric sequence. With ``one_cycle`` it is the peak of the cycle.
        frozen: whether to freeze the pretrained layers and train only the new ones.
        one_cycle: whether the learning rate follows the one-cycle schedule over the stage; otherwise it is constant.
        freeze_batch_norm: whether the BatchNorm layers of pretrained layers keep normalizing by their pretrained mean
            and variance while their weights train. The new layers have learned from features normalized so; those of a
            small batch of small photos differ.
    """

    epochs: int | None = None
    lr: LearningRate = 1e-3
    frozen: bool = False
    one_cycle: bool = True
    freeze_batch_norm: bool = False

    def __post_init__(self) -> None:
        if self.epochs is not None and self.epochs < 1:
            raise ColorganError(f"epochs of a FineTuning stage must be at least 1, or null, but is {self.epochs}")
        if not all(math.isfinite(lr) and lr > 0 for lr in _first_and_last(self.lr)):
            raise ColorganError(f"lr of a FineTuning stage must be a positive number, or two, but is {self.lr}")


class FineTuning(Callback):
    """Fine-tunes a generator with a pretrained encoder, following fastai (Howard and Gugger 2020).

    A typical plan first freezes the encoder, including its BatchNorm statistics, until the randomly initialized layers
    no longer send it harmful gradients. It then trains all layers, with lower learning rates near the input, whose
    features are generic, than near the output; :attr:`Stage.freeze_batch_norm` then keeps the statistics. Within a
    stage, learning rate and momentum follow the one-cycle schedule (Smith and Topin 2017,
    https://arxiv.org/abs/1708.07120), updated every batch over the number of batches that the trainer reports.

    Only the generator's optimizer is scheduled; a discriminator keeps its own learning rate. The schedule depends only
    on epoch and batch, so a resumed run matches an uninterrupted one.

    Args:
        stages: the stages, in order.
        pct_start: fraction of a stage's batches during which the learning rate increases.
        div: the initial learning rate is the maximum divided by this.
        div_final: the final learning rate is the maximum divided by this.
        momentum: momentum (Adam's beta1) at the initial and at the maximum learning rate; null keeps the optimizer's.

    Raises:
        ColorganError: for invalid arguments, or during setup if the stages do not fit the generator or the length of
            the run.

    Example:
        >>> plan = FineTuning([Stage(10, lr=1e-3, frozen=True), Stage(20, lr=(1e-6, 1e-4))])
        >>> [f"{lr:.0e}" for lr in layer_group_lrs((1e-6, 1e-4), 3)]
        ['1e-06', '1e-05', '1e-04']
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        pct_start: float = 0.25,
        div: float = 25.0,
        div_final: float = 1e5,
        momentum: tuple[float, float] | None = (0.95, 0.85),
    ) -> None:
        if not stages or any(stage.epochs is None for stage in stages[:-1]):
            raise ColorganError("FineTuning needs at least one stage, and epochs for every stage but the last")
        if not 0 < pct_start <= 1:
            raise ColorganError(f"FineTuning's pct_start must be above 0 and at most 1, but is {pct_start}")
        for name, value in (("div", div), ("div_final", div_final)):
            if not (math.isfinite(value) and value >= 1):
                raise ColorganError(f"FineTuning's {name} must be at least 1, but is {value}")
        if momentum is not None and not all(0 <= value < 1 for value in momentum):
            raise ColorganError(f"FineTuning's momentum must be in [0, 1), but is {momentum}")
        self.stages = tuple(stages)
        self.pct_start, self.div, self.div_final, self.momentum = pct_start, div, div_final, momentum
        self._groups: list[nn.Module] = []
        self._in_evaluation_mode: list[nn.Module] = []
        self._current: int | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Checks the stages against the generator and the length of the run."""
        if stage != "fit":
            return
        generator = getattr(getattr(pl_module, "colorizer", None), "generator", None)
        if generator is None:
            raise ColorganError(f"FineTuning requires a ColorGAN, received a {type(pl_module).__name__}")
        if getattr(pl_module, "generator_scheduler", None) is not None:
            raise ColorganError("FineTuning sets the generator's learning rates: set model.generator_scheduler to null")
        self._groups, self._current = generator.layer_groups(), None
        if len(self._groups) == 1 and any(planned.frozen for planned in self.stages):
            raise ColorganError(
                f"{type(generator).__name__} has no pretrained layers for FineTuning to freeze: "
                "use a generator such as EncoderUNet, or set frozen to false in all stages"
            )
        self._check_length(trainer)

    def _check_length(self, trainer: Trainer) -> None:
        planned, max_epochs = sum(stage.epochs or 0 for stage in self.stages), trainer.max_epochs
        is_open_ended = self.stages[-1].epochs is None
        if max_epochs is None or max_epochs < 0:
            if is_open_ended and self.stages[-1].one_cycle:
                raise ColorganError(
                    "FineTuning's last stage continues until the end of the run: set trainer.max_epochs, or one_cycle "
                    "of this stage to false"
                )
        elif not is_open_ended and planned < max_epochs:
            raise ColorganError(
                f"FineTuning's stages last {planned} epochs, but trainer.max_epochs is {max_epochs}: "
                "make them equal, or set epochs of the last stage to null"
            )
        elif planned + is_open_ended > max_epochs and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            rank_zero_warn(
                f"trainer.max_epochs is {max_epochs}, but FineTuning's stages need {planned + is_open_ended}: "
                "the run will end before they are complete"
            )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Enters the current stage; a run may resume in the middle of an epoch."""
        self._enter_stage(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Enters the stage of this epoch."""
        self._enter_stage(trainer)

    def _enter_stage(self, trainer: Trainer) -> None:
        """Freezes and unfreezes layers; called after DDP has registered all parameters, or it would miss some."""
        number, _, _ = self._locate(trainer)
        if number == self._current:
            return
        self._current = number
        stage, pretrained = self.stages[number], self._groups[:-1]
        for group in self._groups:
            is_trained = not (stage.frozen and any(group is frozen for frozen in pretrained))
            group.requires_grad_(is_trained)
            group.train(is_trained)
        self._in_evaluation_mode = pretrained if stage.frozen else []
        if stage.freeze_batch_norm and not stage.frozen:
            layers = [layer for group in pretrained for layer in group.modules()]
            self._in_evaluation_mode = [layer for layer in layers if isinstance(layer, _BATCH_NORM)]

    def _locate(self, trainer: Trainer) -> tuple[int, int, int]:
        """Returns the index of the current stage, its completed epochs, and its total epochs."""
        completed = trainer.current_epoch
        for number, stage in enumerate(self.stages[:-1]):
            assert stage.epochs is not None
            if completed < stage.epochs:
                return number, completed, stage.epochs
            completed -= stage.epochs
        first_epoch = trainer.current_epoch - completed
        total = self.stages[-1].epochs or max(1, (trainer.max_epochs or 0) - first_epoch)
        return len(self.stages) - 1, completed, total

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Sets the learning rates of the batch, and keeps frozen BatchNorm layers from updating their statistics."""
        for part in self._in_evaluation_mode:
            part.eval()
        if not math.isfinite(trainer.num_training_batches):
            raise ColorganError("FineTuning needs the number of batches per epoch: set trainer.limit_train_batches")
        num_batches = int(trainer.num_training_batches)
        number, completed, epochs = self._locate(trainer)
        stage = self.stages[number]
        step, total_steps = completed * num_batches + batch_idx, epochs * num_batches
        factor, momentum = 1.0, None
        if stage.one_cycle:
            factor = one_cycle(step, total_steps, (1 / self.div, 1.0, 1 / self.div_final), self.pct_start)
        if self.momentum is not None:
            initial, at_peak = self.momentum
            momentum = at_peak
            if stage.one_cycle:
                momentum = one_cycle(step, total_steps, (initial, at_peak, initial), self.pct_start)
        param_groups = trainer.optimizers[0].param_groups
        for param_group, lr in zip(param_groups, layer_group_lrs(stage.lr, len(param_groups)), strict=True):
            param_group["lr"] = lr * factor
            if momentum is not None:
                _set_momentum(param_group, momentum)


def layer_group_lrs(lr: LearningRate, num_groups: int) -> list[float]:
    """Learning rates of the layer groups from input to output: a geometric sequence between the two given rates.

    >>> layer_group_lrs(1e-3, 2)
    [0.001, 0.001]
    """
    first, last = _first_and_last(lr)
    return [first * (last / first) ** (group / max(1, num_groups - 1)) for group in range(num_groups - 1)] + [last]


def one_cycle(step: int, total_steps: int, values: tuple[float, float, float], pct_start: float = 0.25) -> float:
    """Anneals from the first of three values to the second and on to the third, along half cosine waves.

    Args:
        step: position in the cycle, from 0 to ``total_steps - 1``; later steps return the third value.
        total_steps: length of the cycle.
        values: initial, middle and final value.
        pct_start: fraction of the steps before the middle value.

    Example:
        >>> [round(one_cycle(step, 9, (0.0, 8.0, 4.0), pct_start=1 / 3), 3) for step in range(9)]
        [0.0, 4.0, 8.0, 7.732, 7.0, 6.0, 5.0, 4.268, 4.0]
    """
    initial, middle, final = values
    peak_step, last_step = max(0.0, pct_start * total_steps - 1), total_steps - 1
    if step <= peak_step:
        return _cosine_anneal(initial, middle, step / peak_step if peak_step else 1.0)
    if step >= last_step:
        return final
    return _cosine_anneal(middle, final, (step - peak_step) / (last_step - peak_step))


def _cosine_anneal(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def _set_momentum(param_group: dict[str, Any], momentum: float) -> None:
    if "betas" in param_group:
        param_group["betas"] = (momentum, *param_group["betas"][1:])
    elif param_group.get("momentum"):  # 0 means that the optimizer uses none
        param_group["momentum"] = momentum
