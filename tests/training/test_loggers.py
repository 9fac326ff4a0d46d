import csv
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lightning.pytorch.loggers import CometLogger, TensorBoardLogger

from colorgan.training.loggers import MetricsFile, log_config, wandb_offline_reason


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def log(folder: Path, *metrics: dict[str, float]) -> None:
    logger = MetricsFile(str(folder))
    for step, values in enumerate(metrics):
        logger.log_metrics(values, step)
    logger.finalize("success")


def test_resumed_run_appends_to_the_file(tmp_path: Path) -> None:
    log(tmp_path, {"train/l1": 0.5}, {"train/l1": 0.25})
    log(tmp_path, {"train/l1": 0.125, "val/psnr": 20.0})
    assert [row["train/l1"] for row in rows(tmp_path)] == ["0.5", "0.25", "0.125"]
    assert [row["val/psnr"] for row in rows(tmp_path)] == ["", "", "20.0"]


def test_rows_are_written_while_the_run_goes_on(tmp_path: Path) -> None:
    logger = MetricsFile(str(tmp_path))
    for step in range(2):
        logger.log_metrics({"train/l1": float(step)}, step)
    assert len(rows(tmp_path)) == 2


def test_configuration_goes_to_loggers_outside_of_the_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[Any] = []
    monkeypatch.setattr(CometLogger, "__init__", lambda self: None)
    monkeypatch.setattr(CometLogger, "log_hyperparams", lambda self, config: logged.append(config))
    texts: list[tuple[str, str]] = []
    writer = SimpleNamespace(add_text=lambda *text: texts.append(text))
    monkeypatch.setattr(TensorBoardLogger, "experiment", writer)
    tensorboard = TensorBoardLogger(tmp_path)
    log_config([MetricsFile(str(tmp_path)), tensorboard, CometLogger()], {"seed": 1})
    assert logged == [{"seed": 1}]
    assert tensorboard.hparams == {"seed": 1}
    assert texts == [("config", "```yaml\nseed: 1\n```")]
    assert not list(tmp_path.iterdir())  # hyperparameters without metrics would hide those of other runs


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without settings of W&B; returns an empty netrc."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "netrc"
    file.touch(mode=0o600)
    monkeypatch.setenv("NETRC", str(file))
    return file


def refuse(address: Any, timeout: float) -> Any:
    raise OSError("no route")


def test_wandb_needs_a_key(no_key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert wandb_offline_reason() == "there is no W&B key (`wandb login` stores one)"
    no_key.write_text("machine api.wandb.ai login user password secret\n")
    assert wandb_offline_reason() == "api.wandb.ai cannot be reached (no route)"
    no_key.write_text("not a netrc file")
    assert str(wandb_offline_reason()).startswith("there is no W&B key")


def test_wandb_server_must_answer(no_key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def connect(address: Any, timeout: float) -> Any:
        asked.append(address)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    assert wandb_offline_reason() is None
    monkeypatch.setenv("WANDB_BASE_URL", "http://wandb.example.org:8080")
    assert wandb_offline_reason() is None
    assert asked == [("api.wandb.ai", 443), ("wandb.example.org", 8080)]


@pytest.mark.parametrize("mode", ["offline", "disabled", "dryrun"])
def test_chosen_modes_need_no_server(no_key: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("WANDB_MODE", mode)
    assert wandb_offline_reason() is None
