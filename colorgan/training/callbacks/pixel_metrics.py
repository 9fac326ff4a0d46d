"""Metrics of validation photos that need no network, such as colorfulness and color errors."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.metrics.metric import PhotoBatch
from colorgan.metrics.pixels import margin_accuracy
from colorgan.metrics.registry import photo_metrics
from colorgan.training.callbacks.evaluation import EvaluationCallback, EvaluationStage
from colorgan.training.module import Trainable
from colorgan.training.photo_rows import PhotoRows
from colorgan.training.steps import EvaluationOutput, is_first_validation

_DIFFERENCE, _COLORFULNESS, _REFERENCE = "delta_cf", "colorfulness", "colorfulness of the target"


class PixelMetrics(EvaluationCallback):
    """Logs per-photo metrics, averaged over photos, such as ``val/margin_accuracy``, after validation and test.

    The same metrics of the gray photos are the baseline, and are logged once, as ``val/margin_accuracy_gray``. The
    metrics are the functions of photos in :data:`colorgan.metrics.METRICS`, and ``delta_cf``, the difference between
    the mean colorfulness of the predictions and that of the targets.

    Args:
        metrics: names of the metrics to log; by default margin accuracy, colorfulness, the error of a and b, tint, and
            whatever else the table marks as ``logged``.
        margin: maximum difference per channel for the margin accuracy, on the scale [0, 1].
        training: also logs the metrics of the training photos of each epoch, such as ``train/margin_accuracy``. Each
            batch is colorized once more, without hints, by the network as it is after the batch's update.

    Raises:
        ColorganError: during setup, if a metric is unknown.
    """

    def __init__(self, metrics: Sequence[str] | None = None, margin: float = 12 / 255, training: bool = False) -> None:
        self._available = {
            metric.key: metric for metric in photo_metrics({"margin_accuracy": partial(margin_accuracy, margin=margin)})
        }
        logged = [key for key, metric in self._available.items() if metric.logged]
        self.metrics = tuple(logged if metrics is None else metrics)
        self.training = training
        self._rows, self._training_rows = PhotoRows(), PhotoRows()

    def logged_metrics(self) -> list[str]:
        """The metrics as ``val/NAME``, and as ``train/NAME`` if training photos are measured."""
        training = self._training_metrics if self.training else ()
        return [*(f"val/{name}" for name in self.metrics), *(f"train/{name}" for name in training)]

    @property
    def _training_metrics(self) -> tuple[str, ...]:
        """What is measured photo by photo: not the difference of two means."""
        return tuple(name for name in self.metrics if name != _DIFFERENCE)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Calls :meth:`check_model`."""
        self.check_model(pl_module)

    def check_model(self, pl_module: LightningModule) -> None:
        """Checks the names, as a parser of YAML would bury an error of the constructor in its own."""
        known = (*self._available, _DIFFERENCE)
        for name in self.metrics:
            if name not in known:
                raise ColorganError(f"PixelMetrics supports {', '.join(known)}; received {name!r}")

    def reset(self) -> None:
        """Drops the results of an interrupted epoch."""
        self._rows.clear()

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Computes the metrics of a batch."""
        target = PhotoBatch(output["target"].float())
        photos = {"": output["predicted"]}
        if stage == "test" or is_first_validation(trainer):
            photos["_gray"] = output["gray"]
        values: dict[str, Tensor] = {}
        for suffix, rgb in photos.items():
            predicted = PhotoBatch(rgb.float().clamp(0, 1))
            for name in self.metrics:
                metric = self._available[_COLORFULNESS if name == _DIFFERENCE else name]
                values[f"{name}{suffix}"] = metric.measure(predicted, target)
        if _DIFFERENCE in self.metrics:
            values[_REFERENCE] = self._available[_COLORFULNESS].measure(target, target)
        self._rows.add(output["index"], values)

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Logs the means."""
        own = pl_module.photo_rows.names if isinstance(pl_module, Trainable) else ()
        means = {name: values.mean() for name, values in self._rows.collect(pl_module).items()}
        reference = means.pop(_REFERENCE, None)
        for name, mean in means.items():
            if name in own:
                continue  # the model logs it itself
            if reference is not None and name.startswith(_DIFFERENCE):
                mean = (mean - reference).abs()
            pl_module.log(f"{stage}/{name}", mean.item(), sync_dist=True)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Drops the results of an interrupted epoch."""
        self._training_rows.clear()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measures the photos of a batch, if training photos are measured."""
        if not self.training:
            return
        rgb = batch["rgb"].float() / 255
        network = pl_module.inference
        was_training = network.training
        network.eval()
        with torch.no_grad(), trainer.precision_plugin.val_step_context():
            predicted = network(rgb)
        network.train(was_training)
        target, photos = PhotoBatch(rgb), PhotoBatch(predicted.float().clamp(0, 1))
        values = {name: self._available[name].measure(photos, target) for name in self._training_metrics}
        self._training_rows.add(batch["index"], values)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs the means of the training photos."""
        for name, values in self._training_rows.collect(pl_module).items():
            pl_module.log(f"train/{name}", values.mean().item(), sync_dist=True)
