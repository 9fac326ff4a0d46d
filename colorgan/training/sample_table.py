"""Sample photos as a table: one row per photo with its images and its metrics, to sort and filter by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import WandbLogger
from torch import Tensor

from colorgan.images import printable
from colorgan.metrics.metric import PhotoBatch
from colorgan.metrics.registry import METRICS
from colorgan.training.steps import logging_step

SAMPLES, PHOTOS = "samples", "photos"
"""Names, after ``val/`` or ``test/``, of sample sheets and of the tables of their photos."""

_METRICS = ("psnr", "ssim", "ciede2000", "tint", "colorfulness")
"""Metrics of single photos, of which those that need larger photos are left out."""


@dataclass(frozen=True)
class Sample:
    """A photo and what was made of it.

    Attributes:
        images: by column (``gray``, perhaps ``hints``, ``predicted`` and ``reference``), uint8 (3, H, W) on the CPU.
        num_hints: number of hints that the prediction was made with.
    """

    images: Mapping[str, Tensor]
    num_hints: int = 0


def photo_names(trainer: Trainer, split: str, indices: Sequence[int]) -> list[str]:
    """Names of photos, from the data module if it knows them, or else their positions in the split."""
    name_of: Callable[[str, int], str] | None = getattr(getattr(trainer, "datamodule", None), "photo_name", None)
    return [printable(name_of(split, index)) if name_of else str(index) for index in indices]


def measure(samples: Sequence[Sample]) -> dict[str, list[float]]:
    """The metrics of each photo, by key. The photos have one size."""
    predicted, target = (
        PhotoBatch(torch.stack([sample.images[name] for sample in samples])) for name in ("predicted", "reference")
    )
    metrics = [METRICS[key] for key in _METRICS if METRICS[key].min_size <= min(target.rgb.shape[-2:])]
    return {metric.key: metric.measure(predicted, target).tolist() for metric in metrics}


def log_table(trainer: Trainer, name: str, photos: Sequence[str], samples: Sequence[Sample]) -> None:
    """Logs photos as a table: with images to Weights & Biases, as text beside the sheet to TensorBoard.

    Args:
        trainer: with its loggers.
        name: name of the table.
        photos: names of the photos.
        samples: the photos, all with the same columns.
    """
    experiments = [getattr(logger, "experiment", None) for logger in trainer.loggers]
    writers: list[Any] = [experiment for experiment in experiments if hasattr(experiment, "add_text")]
    tables = [logger for logger in trainer.loggers if isinstance(logger, WandbLogger)]
    if not writers and not tables:
        return
    step = logging_step(trainer)
    about: dict[str, list[Any]] = {"photo": list(photos)}
    if trainer.state.fn == "fit":
        about = {"epoch": [trainer.current_epoch] * len(samples), **about}
    if "hints" in samples[0].images:
        about["number of hints"] = [sample.num_hints for sample in samples]
    metrics = measure(samples)
    for logger in tables:
        columns = {**about, **_images(samples), **metrics}
        rows = [list(row) for row in zip(*columns.values(), strict=True)]
        logger.log_table(name, list(columns), rows, step=step)
    for writer in writers:
        writer.add_text(name, _markdown(about, metrics), step)


def _images(samples: Sequence[Sample]) -> dict[str, list[Any]]:
    import wandb  # a logger has imported it

    names = samples[0].images
    return {name: [wandb.Image(s.images[name].permute(1, 2, 0).numpy()) for s in samples] for name in names}


def _markdown(about: Mapping[str, Sequence[Any]], metrics: Mapping[str, Sequence[float]]) -> str:
    numbers = {METRICS[key].title: [f"{value:.{METRICS[key].digits}f}" for value in metrics[key]] for key in metrics}
    columns = {**about, **numbers}
    rows = zip(*columns.values(), strict=True)
    lines = [list(columns), ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|")
