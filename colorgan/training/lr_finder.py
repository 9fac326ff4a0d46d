"""Learning-rate range test (Smith 2015): which learning rates the generator trains well at."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from colorgan.errors import ColorganError, TrainingDivergedError

_WINDOW = 5
"""Number of batches whose mean loss decides whether training has diverged."""


class LRRangeTest(Callback):
    """Increases the generator's learning rate exponentially, batch by batch, and records its loss.

    After Smith 2015 (https://arxiv.org/abs/1506.01186). All layer groups use the same learning rate. A discriminator is
    trained along at its own learning rate. Layers that a preceding :class:`FineTuning` callback freezes in its first
    stage stay frozen.

    Args:
        min_lr: learning rate of the first batch.
        max_lr: learning rate of the last batch; the test stops before it if the loss diverges.
        num_batches: number of batches; the training set is repeated if an epoch has fewer.
        divergence_factor: the test stops when the loss exceeds its minimum by this factor, both averaged over five
            batches.

    Attributes:
        lrs: learning rate of each batch.
        losses: total loss of the generator in each batch.
    """

    def __init__(
        self, min_lr: float = 1e-6, max_lr: float = 1.0, num_batches: int = 100, divergence_factor: float = 3.0
    ) -> None:
        if not 0 < min_lr < max_lr or not math.isfinite(max_lr):
            raise ColorganError(f"lr_find needs 0 < min_lr < max_lr, received {min_lr} and {max_lr}")
        if num_batches < 4 * _WINDOW:
            raise ColorganError(f"lr_find.num_batches must be at least {4 * _WINDOW}, received {num_batches}")
        if not divergence_factor > 1:
            raise ColorganError(f"lr_find.divergence_factor must be above 1, received {divergence_factor}")
        self.min_lr, self.max_lr = min_lr, max_lr
        self.num_batches, self.divergence_factor = num_batches, divergence_factor
        self.lrs: list[float] = []
        self.losses: list[float] = []
        self._min_loss = math.inf

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Clears the results of an earlier test."""
        self.lrs, self.losses, self._min_loss = [], [], math.inf

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Sets the learning rate of the batch."""
        lr = self.min_lr * (self.max_lr / self.min_lr) ** (len(self.lrs) / (self.num_batches - 1))
        for group in trainer.optimizers[0].param_groups:
            group["lr"] = lr
        self.lrs.append(lr)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Records the loss, and stops the test once it has diverged."""
        loss = trainer.callback_metrics.get("train/generator")
        if loss is None:
            raise ColorganError(
                "lr-find needs a generator that trains from the first epoch: "
                "set model.schedule.discriminator_warmup_epochs to 0 for this test"
            )
        self.losses.append(float(loss))
        recent = self.losses[-_WINDOW:]
        mean = sum(recent) / len(recent)
        if len(self.losses) >= _WINDOW and math.isfinite(mean):
            self._min_loss = min(self._min_loss, mean)
        has_diverged = mean > self._min_loss + (self.divergence_factor - 1) * abs(self._min_loss)
        if has_diverged or not math.isfinite(mean) or len(self.losses) == self.num_batches:
            trainer.should_stop = True

    def curve(self) -> "LRCurve":
        """Returns the recorded losses, also smoothed.

        Raises:
            ColorganError: if training diverged after too few batches.
        """
        finite = [batch for batch, loss in enumerate(self.losses) if math.isfinite(loss)]
        if len(finite) < 2 * _WINDOW:
            raise ColorganError(
                f"training diverged after {len(finite)} batches, at a learning rate of {self.lrs[-1]:.1e}: "
                "decrease --lr_find.min_lr"
            )
        lrs, losses = ([values[batch] for batch in finite] for values in (self.lrs, self.losses))
        return LRCurve(tuple(lrs), tuple(losses), tuple(_smooth(losses, std=self.num_batches / 30)))


@dataclass(frozen=True)
class LRCurve:
    """Loss as a function of the learning rate.

    Attributes:
        lrs: learning rates, in increasing order.
        losses: measured losses.
        smoothed: losses smoothed by a symmetric kernel, so that the curve does not lag behind.
    """

    lrs: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]

    @property
    def min_loss_lr(self) -> float:
        """Learning rate of the minimum loss, which is already too high for training."""
        return self.lrs[int(np.argmin(self.smoothed))]

    @property
    def suggestion(self) -> float:
        """Learning rate at which the smoothed loss decreases fastest."""
        stop = int(np.argmin(self.smoothed)) + 1
        if stop < 3:
            return self.lrs[0]
        slope = np.gradient(np.array(self.smoothed[:stop]), np.log(np.array(self.lrs[:stop])))
        return self.lrs[int(np.argmin(slope))]


def run_range_test(
    model: LightningModule, datamodule: LightningDataModule, trainer: Trainer, test: LRRangeTest
) -> LRCurve:
    """Runs a learning-rate range test and restores the model afterward.

    Args:
        model: a ColorGAN; its weights, frozen parameters, training mode and the random state are restored.
        datamodule: the training data.
        trainer: a trainer for this purpose only, without loggers and checkpoints.
        test: the callback that sets the learning rates.

    Raises:
        ColorganError: if the generator does not train, or training diverges immediately.
    """
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    requires_grad = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    modes = {name: module.training for name, module in model.named_modules()}
    rng_state = torch.get_rng_state()
    datamodule.prepare_data()
    datamodule.setup("fit")
    trainer.callbacks.append(test)  # type: ignore[attr-defined]
    try:
        trainer.fit(model, _RepeatedLoader(datamodule.train_dataloader(), test.num_batches))
    except TrainingDivergedError:
        pass  # expected at a high learning rate
    finally:
        model.load_state_dict(weights)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(requires_grad[name])
            parameter.grad = None
        for name, module in model.named_modules():
            module.training = modes[name]
        torch.set_rng_state(rng_state)
    return test.curve()


class _RepeatedLoader:
    """Repeats a data loader until it has yielded a number of batches."""

    def __init__(self, loader: Any, num_batches: int) -> None:
        self.loader, self.num_batches = loader, num_batches

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[Any]:
        endless: Iterable[Any] = itertools.chain.from_iterable(itertools.repeat(self.loader))
        return itertools.islice(endless, self.num_batches)


def _smooth(values: list[float], std: float) -> list[float]:
    """Smooths with a Gaussian kernel whose standard deviation is ``std`` batches, normalized at the ends."""
    position = np.arange(len(values))
    kernel = np.exp(-0.5 * ((position[:, None] - position) / std) ** 2)
    smoothed: list[float] = (kernel @ np.array(values) / kernel.sum(1)).tolist()
    return smoothed
