"""The dashboard: which metrics share a chart, for TensorBoard and Weights & Biases alike."""

import re
from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from torch.utils.tensorboard.summary import hparams

from colorgan.training.monitors import logged_metrics
from colorgan.training.steps import logging_step

CHARTS: Mapping[str, Mapping[str, str]] = {
    "Validation photos": {
        "Fréchet distance": r"^val/(fd_|fid)",
        "PSNR": r"^val/psnr",
        "color error (L1)": r"^val/l1",
        "colorfulness": r"^val/(colorfulness|delta_cf)",
        "color error in CIE Lab": r"^val/(ciede2000|ab_error|tint)",
        "share of accurate pixels": r"^val/margin_accuracy",
    },
    "Losses": {
        "color loss": r"^(train/(l1|mse|huber|reconstruction|regression)_epoch|val/loss)$",
        "generator": r"^train/generator_epoch$",
        "adversary": r"^train/(adversarial|discriminator)_epoch$",
    },
    "Balance of the two networks": {
        "accuracy of the discriminator": r"^(train/discriminator_accuracy_\w+_epoch|val/discriminator_accuracy)$",
    },
    "Optimization": {
        "learning rates": r"^lr-",
    },
}
"""Regular expressions of the metrics of each chart, by section and title."""

_COMPARED = ("seed_everything", "data", "model", "trainer")
"""Parts of a configuration that runs are compared by."""
_IGNORED = ("trainer.logger", "trainer.callbacks", "trainer.plugins", "trainer.default_root_dir")
"""What no one compares in them."""


def lay_out(trainer: Trainer, module: LightningModule) -> None:
    """Adds the dashboard to TensorBoard, as its page of custom scalars.

    Args:
        trainer: with its loggers, of which only those of TensorBoard are told, and its callbacks.
        module: the model; charts of metrics that neither it nor a callback logs are left out.
    """
    writers = [logger.experiment for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
    if not writers:
        return
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    names = set(logged_metrics(module, callbacks))
    names |= {f"{name}_epoch" for name in names if name.startswith("train/")}
    layout: dict[str, dict[str, Any]] = {}
    for section, charts in CHARTS.items():
        for title, pattern in charts.items():
            if any(re.search(pattern, name) for name in names):
                layout.setdefault(section, {})[title] = ["Multiline", [pattern]]
    for writer in writers:
        writer.add_custom_scalars(layout)


def log_outcome(trainer: Trainer, config: Mapping[str, Any]) -> None:
    """Logs how a training has ended: hyperparameters with final metrics to TensorBoard, the best score to W&B.

    Args:
        trainer: after training.
        config: the configuration of the run.
    """
    best = best_scores(trainer)
    final = {
        name: float(value)
        for name, value in trainer.callback_metrics.items()
        if name.startswith("val/") and not name.endswith("_gray")
    }
    if not final and not best:
        return
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_metrics(best, logging_step(trainer))
            # Lightning's method logs the metrics once more, and each curve would end twice
            for summary in hparams(settings_of(config), {**final, **best}):  # type: ignore[no-untyped-call]
                logger.experiment.file_writer.add_summary(summary)
        elif isinstance(logger, WandbLogger):
            logger.experiment.summary.update(best)


def best_scores(trainer: Trainer) -> dict[str, float]:
    """The score of the best checkpoint by each metric that checkpoints are chosen by, such as ``best/val/psnr``."""
    return {
        f"best/{callback.monitor}": float(callback.best_model_score)
        for callback in trainer.checkpoint_callbacks
        if isinstance(callback, ModelCheckpoint) and callback.monitor and callback.best_model_score is not None
    }


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a configuration that runs are compared by, as one value per dotted key; classes by their names.

    >>> settings_of({"model": {"loss": {"class_path": "colorgan.models.BCE", "init_args": {"label": 0.9}}}})
    {'model.loss': 'BCE', 'model.loss.label': 0.9}
    """
    found: dict[str, Any] = {}
    for part in _COMPARED:
        _flatten(part, config.get(part), found)
    return found


def _flatten(key: str, value: Any, found: dict[str, Any]) -> None:
    if key in _IGNORED or value is None:
        return
    if isinstance(value, Mapping):
        arguments = dict(value)
        if isinstance(name := arguments.pop("class_path", None), str):
            found[key] = name.rpartition(".")[2]
            arguments = {**(arguments.pop("init_args", None) or {}), **arguments}
        for name, part in arguments.items():
            _flatten(f"{key}.{name}", part, found)
    elif isinstance(value, bool | int | float | str):
        found[key] = value
    elif value:
        found[key] = str(value)
