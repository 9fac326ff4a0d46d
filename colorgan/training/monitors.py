"""Checks before training that callbacks watch metrics that will be logged."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import DeviceStatsMonitor, LearningRateMonitor

from colorgan.errors import ColorganError, did_you_mean
from colorgan.training.callbacks.evaluation import EvaluationCallback
from colorgan.training.callbacks.time_budget import TimeBudget


def check_callbacks(trainer: Trainer, module: LightningModule) -> None:
    """Checks what each callback monitors, and that those that log have a logger.

    Otherwise Lightning reports a wrong name after the first epoch. A name is only refused if all callbacks come from
    colorgan or Lightning, because others may log anything.

    Args:
        trainer: with its callbacks.
        module: the model that will be trained.

    Raises:
        ColorganError: naming the callback and the metric.
    """
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        if isinstance(callback, EvaluationCallback):
            callback.check_model(module)
        if isinstance(callback, TimeBudget):
            callback.check(trainer)
        if isinstance(callback, LearningRateMonitor | DeviceStatsMonitor) and not trainer.loggers:
            name = type(callback).__name__
            raise ColorganError(
                f"trainer.callbacks has {name}, which needs a logger, but trainer.logger is false; remove {name}, or "
                "set a logger such as colorgan.training.MetricsFile"
            )
    for owner, metric in _monitors(module, callbacks):
        if _are_ours(callbacks, module) and metric.startswith("val/") and trainer.limit_val_batches == 0:
            raise ColorganError(
                f"{owner} monitors {metric!r}, but trainer.limit_val_batches is 0, so nothing is validated; set "
                "monitor to null or a metric of training, or validate"
            )
        check_logged(f"{owner} monitors", metric, trainer, module)


def check_logged(who: str, metric: str, trainer: Trainer, module: LightningModule) -> None:
    """Checks that a metric will be logged, unless parts that are not from colorgan or Lightning may log anything.

    Args:
        who: what needs the metric, and a verb, for the message.
        metric: its name.
        trainer: with its callbacks.
        module: the model that will be trained.

    Raises:
        ColorganError: naming who needs it, and the nearest name.
    """
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    if not _are_ours(callbacks, module):
        return
    logged = set(logged_metrics(module, callbacks))
    if not any(fnmatchcase(metric, name) for name in logged):
        near = did_you_mean(metric, sorted(logged), list_all=True)
        raise ColorganError(f"{who} {metric!r}, which this configuration does not log{near}")


def _are_ours(callbacks: Iterable[Callback], module: LightningModule) -> bool:
    """Whether all parts come from colorgan or Lightning."""
    return all(type(part).__module__.startswith(("colorgan.", "lightning.")) for part in (*callbacks, module))


def logged_metrics(module: LightningModule, callbacks: Iterable[Callback]) -> Iterator[str]:
    """Names of the metrics that a training logs, or patterns of names."""
    for part in (module, *callbacks):
        names = getattr(part, "logged_metrics", None)
        if names is not None:
            yield from names()
        elif isinstance(part, LearningRateMonitor):
            yield "lr-*"


def _monitors(module: LightningModule, callbacks: list[Callback]) -> Iterator[tuple[str, str]]:
    """(what monitors, which metric) of callbacks such as ``BestCheckpoint``, and of learning-rate schedules."""
    for callback in callbacks:
        metric = getattr(callback, "monitor", None)
        if isinstance(metric, str):
            yield f"{type(callback).__name__} in trainer.callbacks", metric
    for name, config in module.hparams.items():
        arguments: Any = config.get("init_args") if name.endswith("scheduler") and isinstance(config, dict) else None
        if isinstance(arguments, dict) and isinstance(arguments.get("monitor"), str):
            yield f"model.{name}", arguments["monitor"]
