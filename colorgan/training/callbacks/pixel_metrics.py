"""Metrics of validation photos that need no network: margin accuracy, colorfulness and color errors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from colorgan.color.difference import ab_error, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.errors import ColorganError
from colorgan.metrics.pixels import margin_accuracy
from colorgan.training.callbacks.evaluation import EvaluationCallback, EvaluationStage, first_occurrences, gather_rows
from colorgan.training.steps import EvaluationOutput, is_first_validation

PixelMetric = Literal["margin_accuracy", "colorfulness", "ab_error", "tint"]


def tint(predicted: Tensor, target: Tensor) -> Tensor:
    """Color cast of each photo: the distance between its mean a and b and those of the target.

    Args:
        predicted: photos in Lab, (B, 3, H, W), as returned by :func:`colorgan.color.tensors.to_lab`.
        target: likewise.

    Returns:
        (B,), in Lab units.

    Example:
        >>> tint(torch.tensor([50.0, 3.0, -4.0]).view(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)).item()
        5.0
    """
    return (predicted - target)[:, 1:].mean(dim=(2, 3)).square().sum(dim=1).sqrt()


class PixelMetrics(EvaluationCallback):
    """Logs per-photo metrics, averaged over photos, such as ``val/margin_accuracy``, after validation and test.

    The same metrics of the gray photos are the baseline, and are logged once, as ``val/margin_accuracy_gray``.

    - ``margin_accuracy``: fraction of pixels whose red, green and blue are all within ``margin`` of the target.
    - ``colorfulness``: of the predicted photos (Hasler and Süsstrunk 2003).
    - ``ab_error``: mean absolute error of a and b, in Lab units.
    - ``tint``: distance between the mean a and b of a photo and those of the target.

    Args:
        metrics: names of the metrics to log.
        margin: maximum difference per channel for the margin accuracy, on the scale [0, 1].

    Raises:
        ColorganError: if a metric is unknown.
    """

    def __init__(
        self,
        metrics: Sequence[PixelMetric] = ("margin_accuracy", "colorfulness", "ab_error", "tint"),
        margin: float = 12 / 255,
    ) -> None:
        self._functions: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
            "margin_accuracy": lambda predicted, target: margin_accuracy(predicted, target, margin),
            "colorfulness": lambda predicted, _: colorfulness(predicted),
            "ab_error": lambda predicted, target: ab_error(to_lab(predicted), to_lab(target)),
            "tint": lambda predicted, target: tint(to_lab(predicted), to_lab(target)),
        }
        for metric in metrics:
            if metric not in self._functions:
                raise ColorganError(f"PixelMetrics supports {', '.join(self._functions)}; received {metric!r}")
        self.metrics = tuple(metrics)
        self._rows: list[Tensor] = []
        self._names: list[str] = []

    def reset(self) -> None:
        """Drops the results of an interrupted epoch."""
        self._rows = []

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Computes the metrics of a batch."""
        target = output["target"].float()
        photos = {"": output["predicted"]}
        if stage == "test" or is_first_validation(trainer):
            photos["_gray"] = output["gray"]
        values = {
            f"{metric}{suffix}": self._functions[metric](predicted.float().clamp(0, 1), target)
            for suffix, predicted in photos.items()
            for metric in self.metrics
        }
        self._names = list(values)
        columns = [column.cpu().double() for column in (output["index"], *values.values())]
        self._rows.append(torch.stack(columns, dim=1))

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Logs the means."""
        batches, self._rows = self._rows, []
        if not batches:
            return
        rows = gather_rows(torch.cat(batches), trainer, pl_module)
        rows = rows[first_occurrences(rows[:, 0])]
        for name, mean in zip(self._names, rows[:, 1:].mean(0).tolist(), strict=True):
            pl_module.log(f"{stage}/{name}", mean, sync_dist=True)
