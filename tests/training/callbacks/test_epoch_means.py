"""Means of an epoch."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback

from colorgan.training import MetricsFile
from colorgan.training.callbacks.epoch_means import EpochMeans

Make = Callable[..., Any]


class Recorder(Callback):
    """Keeps what the step returned."""

    def __init__(self) -> None:
        self.steps: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.steps.append({name: float(value) for name, value in outputs.items()})


def test_means_of_all_batches_are_logged_where_no_batch_is(tiny_model: Make, fit: Make, tmp_path: Path) -> None:
    recorder, logger = Recorder(), MetricsFile(str(tmp_path))
    fit(tiny_model(), photos=12, callbacks=[recorder, EpochMeans()], logger=logger, log_every_n_steps=50)
    with Path(logger.log_dir, "metrics.csv").open() as stream:
        logged = {name: value for row in csv.DictReader(stream) for name, value in row.items() if value}
    assert len(recorder.steps) == 3
    assert "train/l1" not in logged
    for name in ("train/l1", "train/generator", "train/discriminator"):
        expected = sum(step[name] for step in recorder.steps) / 3
        assert float(logged[f"{name}_epoch"]) == pytest.approx(expected, rel=1e-6)


def test_a_resumed_epoch_has_the_same_means() -> None:
    whole, first, second = EpochMeans(), EpochMeans(), EpochMeans()
    values = torch.rand(5, generator=torch.Generator().manual_seed(0))
    for number, value in enumerate(values):
        for callback in (whole, first if number < 2 else second):
            callback.on_train_batch_end(None, None, {"train/l1": value, "loss": value}, None, number)  # type: ignore[arg-type]
        if number == 1:
            second.load_state_dict(first.state_dict())
    assert second.state_dict() == whole.state_dict()
    assert second.state_dict()["counts"] == {"train/l1": 5}
