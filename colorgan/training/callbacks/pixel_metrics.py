"""Figures of validation photos that need no network: margin accuracy, colorfulness, errors of the colors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from colorgan.color.difference import ab_error, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.errors import ColorganError
from colorgan.metrics.pixels import margin_accuracy
from colorgan.training.callbacks.outputs import PhotoCallback, first_of_each, gather_rows, photos_of
from colorgan.training.steps import is_first_validation

Figure = Literal["margin_accuracy", "colorfulness", "ab_error", "tint"]


def tint(predicted: Tensor, target: Tensor) -> Tensor:
    """How far the mean a and b of each photo are from the true ones: a cast over the whole photo.

    Args:
        predicted: photos in Lab, (B, 3, H, W), as :func:`colorgan.color.difference.to_lab` gives them.
        target: the same.

    Returns:
        (B,), the distance in units of Lab.

    Example:
        >>> tint(torch.tensor([50.0, 3.0, -4.0]).view(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)).item()
        5.0
    """
    return (predicted - target)[:, 1:].mean(dim=(2, 3)).square().sum(dim=1).sqrt()


class PixelMetrics(PhotoCallback):
    """Logs, after validation and test, the means of figures that each photo has, such as ``val/margin_accuracy``.

    The figures of the gray photos, as they went in, are logged once beside them, as ``val/margin_accuracy_gray``.

    ``margin_accuracy``: share of the pixels whose red, green and blue are all within ``margin`` of the target;
    ``colorfulness``: that of the predicted photos (Hasler and Süsstrunk 2003); ``ab_error``: mean absolute error of a
    and b, in units of Lab; ``tint``: distance between the mean a and b of a photo and the true ones.

    Args:
        figures: which of them.
        margin: largest difference of a channel for the margin accuracy, on the scale [0, 1].

    Raises:
        ColorganError: for a figure that there is not.
    """

    def __init__(
        self,
        figures: Sequence[Figure] = ("margin_accuracy", "colorfulness", "ab_error", "tint"),
        margin: float = 12 / 255,
    ) -> None:
        self._measures: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
            "margin_accuracy": lambda predicted, target: margin_accuracy(predicted, target, margin),
            "colorfulness": lambda predicted, _: colorfulness(predicted),
            "ab_error": lambda predicted, target: ab_error(to_lab(predicted), to_lab(target)),
            "tint": lambda predicted, target: tint(to_lab(predicted), to_lab(target)),
        }
        for figure in figures:
            if figure not in self._measures:
                raise ColorganError(f"PixelMetrics knows {', '.join(self._measures)}; received {figure!r}")
        self.figures = tuple(figures)
        self._rows: list[Tensor] = []
        self._names: list[str] = []

    def begin(self) -> None:
        """Forgets a validation or test that was broken off."""
        self._rows = []

    def take(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, stage: str) -> None:
        """Measures a batch."""
        photos = photos_of(outputs, "PixelMetrics")
        target = photos["target"].float()
        gray_too = stage == "test" or is_first_validation(trainer)
        shown = {"": photos["predicted"], **({"_gray": photos["gray"]} if gray_too else {})}
        figures = {
            f"{figure}{suffix}": self._measures[figure](predicted.float().clamp(0, 1), target)
            for suffix, predicted in shown.items()
            for figure in self.figures
        }
        self._names = list(figures)
        columns = [column.cpu().double() for column in (photos["index"], *figures.values())]
        self._rows.append(torch.stack(columns, dim=1))

    def finish(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Logs the means."""
        batches, self._rows = self._rows, []
        if not batches:
            return
        rows = gather_rows(torch.cat(batches), trainer, pl_module)
        rows = rows[first_of_each(rows[:, 0])]
        for name, mean in zip(self._names, rows[:, 1:].mean(0).tolist(), strict=True):
            pl_module.log(f"{stage}/{name}", mean, sync_dist=True)
