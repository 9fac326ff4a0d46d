import csv
from pathlib import Path

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from colorgan.evaluation.curves import read_curves
from colorgan.training import MetricsFile
from colorgan.training.loggers import log_config

ROWS = [
    ({"train/l1": 0.5, "epoch": 0}, 9),
    ({"train/l1": torch.tensor(0.25), "epoch": 0}, 19),
    ({"val/psnr": 21.5, "epoch": 0}, 19),
]


def write(logger, rows=ROWS) -> None:
    for metrics, step in rows:
        logger.log_metrics(metrics, step)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_file_equals_that_of_lightnings_logger(tmp_path):
    write(MetricsFile(str(tmp_path / "ours")))
    theirs = CSVLogger(tmp_path / "theirs", name="", version="")
    for metrics, step in ROWS:
        theirs.log_metrics(metrics, step)
        theirs.save()  # as Lightning's trainer does after each call
    assert (tmp_path / "ours" / "metrics.csv").read_bytes() == (tmp_path / "theirs" / "metrics.csv").read_bytes()


def test_resumed_run_appends(tmp_path):
    write(MetricsFile(str(tmp_path)))
    write(MetricsFile(str(tmp_path)), [({"train/l1": 0.125, "epoch": 1}, 29)])
    rows = rows_of(tmp_path / "metrics.csv")
    assert [row["step"] for row in rows] == ["9", "19", "19", "29"]
    assert rows[-1] == {"epoch": "1", "step": "29", "train/l1": "0.125", "val/psnr": ""}


def test_new_metric_adds_a_column_to_all_rows(tmp_path):
    write(MetricsFile(str(tmp_path)))
    write(MetricsFile(str(tmp_path)), [({"a_new_metric": 1.0, "epoch": 1}, 29)])
    rows = rows_of(tmp_path / "metrics.csv")
    assert list(rows[0]) == ["a_new_metric", "epoch", "step", "train/l1", "val/psnr"]
    assert [row["a_new_metric"] for row in rows] == ["", "", "", "1.0"]
    assert [row["val/psnr"] for row in rows] == ["", "", "21.5", ""]


@pytest.mark.parametrize("lost", [1, 5, 12])
def test_row_that_a_crash_left_incomplete_is_dropped(tmp_path, lost):
    write(MetricsFile(str(tmp_path)))
    file = tmp_path / "metrics.csv"
    file.write_bytes(file.read_bytes()[:-lost])
    assert dict(read_curves(file))["train/l1"] == [(0.0, 0.25)]  # readers accept it
    write(MetricsFile(str(tmp_path)), [({"train/l1": 0.125, "epoch": 1}, 29)])
    rows = rows_of(file)
    assert [row["step"] for row in rows] == ["9", "19", "29"]
    assert all(None not in row and None not in row.values() for row in rows)


def test_crash_while_adding_a_column_keeps_the_old_file(tmp_path, monkeypatch):
    write(MetricsFile(str(tmp_path)))
    before = (tmp_path / "metrics.csv").read_bytes()

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(csv.DictWriter, "writerows", crash)
    with pytest.raises(KeyboardInterrupt):
        write(MetricsFile(str(tmp_path)), [({"new": 1.0}, 29)])
    assert (tmp_path / "metrics.csv").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.csv"]


def test_only_the_first_rank_writes(tmp_path, monkeypatch):
    from lightning.pytorch.utilities import rank_zero_only

    monkeypatch.setattr(rank_zero_only, "rank", 1)
    write(MetricsFile(str(tmp_path)))
    assert not list(tmp_path.iterdir())


def test_configuration_is_not_logged_a_second_time_into_the_run_folder(tmp_path):
    received = []

    class Other(MetricsFile):
        pass

    class Remote:
        def log_hyperparams(self, config):
            received.append(config)

    log_config([MetricsFile(str(tmp_path)), Other(str(tmp_path)), CSVLogger(tmp_path), Remote()], {"seed": 1})
    assert received == [{"seed": 1}]
    assert not list(tmp_path.iterdir())


def test_rows_beyond_a_checkpoint_are_cut(tmp_path):
    file = tmp_path / "metrics.csv"
    write(MetricsFile(str(tmp_path)))
    before = file.read_bytes()
    write(MetricsFile(str(tmp_path)), [({"train/l1": 0.125, "epoch": 1}, 20), ({"train/l1": 0.1, "epoch": 1}, 29)])
    write(MetricsFile(str(tmp_path)), [({"train/l1": 0.0, "epoch": 1}, None)])  # not of a batch
    logger = MetricsFile(str(tmp_path))
    logger.cut(20)
    assert [row["step"] for row in rows_of(file)] == ["9", "19", "19", ""]
    logger.cut(10)
    assert [row["step"] for row in rows_of(file)] == ["9", ""]
    file.write_bytes(before)
    logger.cut(20)
    assert file.read_bytes() == before
    MetricsFile(str(tmp_path / "new")).cut(5)  # without a file
    assert not (tmp_path / "new").exists()


def test_file_that_was_deleted_begins_anew_with_a_header(tmp_path):
    logger = MetricsFile(str(tmp_path / "run"))
    write(logger)
    (tmp_path / "run" / "metrics.csv").unlink()
    (tmp_path / "run").rmdir()
    with pytest.warns(UserWarning, match=r"metrics\.csv has been moved or deleted: a new one is begun"):
        write(logger, ROWS[:1])
    assert rows_of(tmp_path / "run" / "metrics.csv") == [{"epoch": "0", "step": "9", "train/l1": "0.5", "val/psnr": ""}]
