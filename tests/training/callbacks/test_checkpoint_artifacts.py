"""Which checkpoints become artifacts; tests/cli/test_tracking.py reads one back from W&B's file."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import WandbLogger

from colorgan.errors import TrainingInterruptedError
from colorgan.files import digest
from colorgan.training.callbacks import BestCheckpoint, CheckpointArtifacts, LastCheckpoint


class Offline(WandbLogger):
    """A logger whose run has an id, and does nothing else."""

    save_dir = name = version = None  # type: ignore[assignment]
    experiment = SimpleNamespace(id="abc")  # type: ignore[assignment]

    def __init__(self) -> None:
        pass

    def log_metrics(self, *_: Any, **__: Any) -> None: ...

    def log_hyperparams(self, *_: Any, **__: Any) -> None: ...

    def after_save_checkpoint(self, *_: Any) -> None: ...

    def finalize(self, *_: Any) -> None: ...


class Scores(Callback):
    """Logs a given score after each epoch."""

    def __init__(self, *scores: float) -> None:
        self.scores = scores

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        pl_module.log("val/score", self.scores[trainer.current_epoch])


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    received: list[dict[str, Any]] = []

    def record(run: Any, name: str, files: dict[str, Path], aliases: list[str], metadata: dict[str, Any]) -> None:
        received.append({"name": name, "files": set(files), "aliases": aliases, **metadata})

    monkeypatch.setattr("colorgan.training.callbacks.checkpoint_artifacts.log_model", record)
    return received


@pytest.fixture
def train(fit: Callable[..., Any], tiny_model: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    def run(*callbacks: Callback, **options: Any) -> Any:
        (tmp_path / "config.yaml").write_text("model: {}\n")
        options = {"logger": Offline(), "enable_checkpointing": True, "max_epochs": 3, **options}
        return fit(tiny_model(), photos=4, callbacks=[Scores(2.0, 1.0, 3.0), *callbacks], **options)

    return run


def best(folder: Path) -> BestCheckpoint:
    return BestCheckpoint("val/score", dirpath=str(folder / "checkpoints"))


def test_best_checkpoint_is_logged_at_the_end(logged: list[dict[str, Any]], train: Any, tmp_path: Path) -> None:
    train(best(tmp_path), LastCheckpoint(dirpath=str(tmp_path / "checkpoints")), CheckpointArtifacts())
    (artifact,) = logged
    assert artifact["name"] == "checkpoint-abc"
    assert artifact["files"] == {"best.ckpt", "config.yaml"}
    assert artifact["aliases"] == ["best", "latest", "epoch-1"]
    assert (artifact["epoch"], artifact["monitor"], artifact["score"]) == (1, "val/score", 1.0)
    assert artifact["sha256"] == digest(tmp_path / "checkpoints" / "best.ckpt")


def test_every_improvement_is_logged_once(logged: list[dict[str, Any]], train: Any, tmp_path: Path) -> None:
    train(best(tmp_path), CheckpointArtifacts(name="mine", every_improvement=True))
    assert [(artifact["name"], artifact["epoch"]) for artifact in logged] == [("mine", 0), ("mine", 1)]


def test_without_a_best_checkpoint_the_last_is_logged(logged: list[dict[str, Any]], train: Any, tmp_path: Path) -> None:
    train(LastCheckpoint(dirpath=str(tmp_path / "checkpoints")), CheckpointArtifacts())
    assert [artifact["aliases"] for artifact in logged] == [["latest", "epoch-2"]]
    assert "score" not in logged[0]


def test_nothing_is_logged_without_weights_and_biases(logged: list[dict[str, Any]], train: Any, tmp_path: Path) -> None:
    train(best(tmp_path), CheckpointArtifacts(), logger=False)
    assert logged == []


@pytest.mark.parametrize(("requeued", "expected"), [(False, 1), (True, 0)])
def test_stopped_training_is_logged_unless_slurm_continues_it(
    requeued: bool,
    expected: int,
    logged: list[dict[str, Any]],
    train: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stop(Callback):
        def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
            if trainer.current_epoch == 1:
                raise TrainingInterruptedError(10, tmp_path / "last.ckpt")

    monkeypatch.setattr(
        "colorgan.training.callbacks.checkpoint_artifacts.requeues_on", lambda number: requeued and number == 10
    )
    with pytest.raises(TrainingInterruptedError):
        train(best(tmp_path), CheckpointArtifacts(), Stop())
    assert len(logged) == expected
