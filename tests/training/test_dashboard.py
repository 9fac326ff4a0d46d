import re
from types import SimpleNamespace
from typing import Any

import pytest
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import TensorBoardLogger

from colorgan.training import PixelMetrics
from colorgan.training.dashboard import CHARTS, lay_out, settings_of


@pytest.fixture
def layouts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    received: list[dict[str, Any]] = []
    monkeypatch.setattr(TensorBoardLogger, "experiment", SimpleNamespace(add_custom_scalars=received.append))
    return received


def titles(layout: dict[str, Any]) -> set[str]:
    return {title for charts in layout.values() for title in charts}


def test_only_charts_of_logged_metrics_are_shown(layouts: list[dict[str, Any]], tiny_model: Any, tmp_path: Any) -> None:
    loggers = [TensorBoardLogger(tmp_path)]
    model = tiny_model()
    lay_out(SimpleNamespace(loggers=loggers, callbacks=[]), model)  # type: ignore[arg-type]
    (plain,) = layouts
    assert titles(plain) == {
        "PSNR",
        "color error (L1)",
        "color loss",
        "generator",
        "adversary",
        "accuracy of the discriminator",
    }
    callbacks = [LearningRateMonitor(), PixelMetrics()]
    lay_out(SimpleNamespace(loggers=loggers, callbacks=callbacks), tiny_model(discriminator=None))  # type: ignore[arg-type]
    more = titles(layouts[-1])
    assert {"learning rates", "colorfulness", "color error in CIE Lab"} <= more
    assert not {"adversary", "accuracy of the discriminator"} & more
    lay_out(SimpleNamespace(loggers=[], callbacks=[]), model)  # type: ignore[arg-type]
    assert len(layouts) == 2


def test_patterns_need_nothing_that_re2_lacks() -> None:
    """Weights & Biases evaluates them in the browser, TensorBoard in Python."""
    for charts in CHARTS.values():
        for pattern in charts.values():
            re.compile(pattern)
            assert "(?" not in pattern


def test_hyperparameters_are_what_is_set() -> None:
    config = {
        "seed_everything": 1,
        "trainer": {"max_epochs": 3, "max_time": None, "logger": [{"class_path": "x.Y"}], "callbacks": [1]},
        "data": {"class_path": "colorgan.data.Photos", "init_args": {"train": ["a", "b"], "train_transforms": []}},
        "model": {"generator": {"class_path": "colorgan.models.UNet"}, "losses": []},
        "code": {"modified": False},
    }
    assert settings_of(config) == {
        "seed_everything": 1,
        "trainer.max_epochs": 3,
        "data": "Photos",
        "data.train": "['a', 'b']",
        "model.generator": "UNet",
    }
