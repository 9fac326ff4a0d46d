"""Callbacks that watch metrics which are never logged."""

from collections.abc import Callable
from typing import Any

import pytest
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import EarlyStopping, LearningRateMonitor, ModelCheckpoint

from colorgan.errors import ColorganError
from colorgan.models.hints import PointHints
from colorgan.training.callbacks import (
    BestCheckpoint,
    FrechetDistance,
    HintPSNR,
    LastCheckpoint,
    MetricEMA,
    ParameterCount,
    PixelMetrics,
    TimeBudget,
)
from colorgan.training.monitors import check_callbacks
from colorgan.training.regressor import ChromaRegressor


def trainer_with(*callbacks: Callback, **options: Any) -> Trainer:
    defaults: dict[str, Any] = {"logger": False, "accelerator": "cpu", "enable_progress_bar": False}
    return Trainer(callbacks=list(callbacks), **{**defaults, **options})


@pytest.mark.parametrize(
    "callback",
    [
        BestCheckpoint(monitor="val/nothing"),
        BestCheckpoint(),
        EarlyStopping(monitor="val/nothing"),
        ModelCheckpoint(monitor="train/nothing"),
    ],
)
def test_unknown_metric_is_named(callback: Callback, tiny_model: Callable[..., Any]) -> None:
    name = type(callback).__name__
    with pytest.raises(ColorganError, match=rf"{name} in trainer.callbacks monitors '.*', which this configuration"):
        check_callbacks(trainer_with(callback), tiny_model())


@pytest.mark.parametrize(
    ("metric", "others"),
    [
        ("val/l1", ()),
        ("val/adversarial", ()),
        ("val/discriminator_accuracy", ()),
        ("train/discriminator", ()),
        ("train/l1_average", (MetricEMA(),)),
        ("val/fd_efficientnet_lite0", (FrechetDistance(),)),
        ("val/fid", (FrechetDistance("inception-v3-compat"),)),
        ("val/margin_accuracy", (PixelMetrics(),)),
        ("val/delta_cf", (PixelMetrics(["delta_cf"]),)),
        ("train/seconds", (TimeBudget(60),)),
        ("val/generator_parameters", (ParameterCount(),)),
    ],
)
def test_metrics_that_are_logged_may_be_monitored(
    metric: str, others: tuple[Callback, ...], tiny_model: Callable[..., Any]
) -> None:
    check_callbacks(trainer_with(BestCheckpoint(monitor=metric), LastCheckpoint(), *others), tiny_model())


def test_hint_curve_may_be_monitored(tiny_model: Callable[..., Any]) -> None:
    model = tiny_model(hints=PointHints())
    check_callbacks(trainer_with(BestCheckpoint(monitor="val/psnr_6x6_at_32_hints_10"), HintPSNR()), model)


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (HintPSNR(), "HintPSNR requires a model that takes hints"),
        (FrechetDistance("eyes"), "unknown feature extractor 'eyes'"),
        (TimeBudget(-1), "TimeBudget's seconds must be a number > 0, received -1"),
        (PixelMetrics(["taste"]), "PixelMetrics supports .* received 'taste'"),
    ],
)
def test_callbacks_check_their_arguments(callback: Callback, message: str, tiny_model: Callable[..., Any]) -> None:
    with pytest.raises(ColorganError, match=message):
        check_callbacks(trainer_with(callback), tiny_model())


def test_regressor_logs_its_errors() -> None:
    for metric in ("val/mse", "val/mse_a", "train/mse", "val/mse_constant"):
        check_callbacks(trainer_with(BestCheckpoint(monitor=metric)), ChromaRegressor())
    with pytest.raises(ColorganError, match="val/l1"):
        check_callbacks(trainer_with(BestCheckpoint(monitor="val/l1")), ChromaRegressor())


def test_callbacks_of_others_may_log_anything(tiny_model: Callable[..., Any]) -> None:
    class Mine(Callback):
        pass

    check_callbacks(trainer_with(BestCheckpoint(monitor="val/mine"), Mine()), tiny_model())


def test_nothing_is_monitored_without_validation(tiny_model: Callable[..., Any]) -> None:
    with pytest.raises(ColorganError, match="limit_val_batches is 0"):
        check_callbacks(trainer_with(BestCheckpoint(monitor="val/l1"), limit_val_batches=0), tiny_model())


def test_learning_rates_need_a_logger(tiny_model: Callable[..., Any]) -> None:
    with pytest.raises(ColorganError, match="LearningRateMonitor, which needs a logger, but trainer.logger is false"):
        check_callbacks(trainer_with(LearningRateMonitor()), tiny_model())
