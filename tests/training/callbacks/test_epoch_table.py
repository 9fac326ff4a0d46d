"""The table of epochs that `fit` prints at its end."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from colorgan.cli import main
from colorgan.training.callbacks import EpochMeans, EpochTable, ValidationLoss

Make = Callable[..., Any]


def test_fit_ends_with_a_table_whose_values_are_those_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--model.generator.width=2", "--model.discriminator=null", "--data.size=16", "--data.limit=24"]
    trainer = ["--trainer.max_epochs=2", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    logger = ["--trainer.logger=colorgan.training.MetricsFile", "--trainer.callbacks=ValidationLoss"]
    assert main(["fit", *small, "--data.batch_size=8", *trainer, *logger, f"--runs={tmp_path}"]) == 0
    out = capsys.readouterr().out
    header, *rows = re.findall(r"^ *(?:epoch|\d+)  .*$", out, re.M)
    assert header.split() == ["epoch", "training", "loss", "validation", "loss", "MAE", "time"]
    (file,) = tmp_path.rglob("metrics.csv")
    with file.open(newline="") as stream:
        logged = list(csv.DictReader(stream))
    for epoch, row in enumerate(rows):
        number, *values, duration = row.split()
        own = [line for line in logged if line["epoch"] == str(epoch)]
        expected = [
            next(float(line[name]) for line in own if line.get(name))
            for name in ("train/l1_epoch", "val/loss", "val/l1")
        ]
        assert number == str(epoch)
        assert [float(value) for value in values] == pytest.approx(expected, abs=1e-6)
        assert re.fullmatch(r"\d\d:\d\d", duration)
    assert len(rows) == 2


def test_rows_are_saved_and_long_tables_are_thinned() -> None:
    table = EpochTable()
    table.rows = [{"epoch": float(number), "training loss": 1 / (number + 1), "seconds": 61.0} for number in range(100)]
    copy = EpochTable()
    copy.load_state_dict(table.state_dict())
    assert copy.rows == table.rows
    lines = str(copy).splitlines()
    assert lines[0].split() == ["epoch", "training", "loss", "time"]
    assert [line.split()[0] for line in lines[1:3]] == ["0", "3"]
    assert lines[-1].split() == ["99", "0.010000", "01:01"]
    assert len(lines) <= 42
    assert str(EpochTable()) == ""


def test_epochs_without_validation_have_an_empty_cell(tiny_model: Make, fit: Make) -> None:
    table = EpochTable()
    fit(tiny_model(), callbacks=[EpochMeans(), table], max_epochs=2, check_val_every_n_epoch=2)
    assert [sorted(row) for row in table.rows] == [
        ["epoch", "seconds", "training loss"],
        ["MAE", "epoch", "seconds", "training loss", "validation loss"],
    ]


def test_validation_loss_is_that_under_hints_as_in_training(tiny_model: Make, fit: Make) -> None:
    """Without hints and for L1 it is val/l1, which is measured in another way."""
    trainer = fit(tiny_model(), photos=6, batch_size=4, callbacks=[ValidationLoss()])
    logged = trainer.callback_metrics
    assert logged["val/loss"].item() == pytest.approx(logged["val/l1"].item(), rel=0.02)
