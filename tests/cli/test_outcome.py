"""A training that ends with success has left what it names."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from colorgan.cli import main
from colorgan.cli.trainer.outcome import results
from colorgan.errors import ColorganError
from colorgan.inference.run_folder import RunFolder
from colorgan.training import BestCheckpoint, LastCheckpoint, SampleSheet
from colorgan.training.gan import ColorGAN
from tests.cli.test_trainer import FIT, only, place

__all__ = ["place"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("limit_train_batches", "0"), ("limit_train_batches", "0.0"), ("max_epochs", "0"), ("max_steps", "0")],
)
def test_training_of_nothing_is_refused(
    place: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*FIT, f"--trainer.{option}={value}"]) == 1
    assert f"error: trainer.{option} is {value}, so there is nothing to train: " in capsys.readouterr().err
    assert not Path("checkpoints").exists()


def test_run_folder_that_is_deleted_meanwhile_is_reported(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = ColorGAN.training_step

    def deleting(self: ColorGAN, batch: Any, batch_idx: int) -> Any:
        if (self.current_epoch, batch_idx) == (2, 0):
            shutil.rmtree(only("checkpoints/tiny/*"))
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ColorGAN, "training_step", deleting)
    # so that no later epoch is better than the first one
    assert main([*FIT, "--model.generator_optimizer.lr=1e-9", "--model.ema_decay=0"]) == 1
    captured = capsys.readouterr()
    assert "run:" not in captured.out
    last = only("checkpoints/tiny/*/checkpoints/last.ckpt")
    assert last.is_file()
    assert "error: the training has ended, but " in captured.err
    assert "config.yaml" in captured.err
    assert f"; {last} is there: keep what is left elsewhere and train again" in captured.err
    metrics = only("checkpoints/tiny/*/metrics.csv").read_text().splitlines()
    assert metrics[0].startswith("epoch,step,train/")  # the rows that are left have a header


def test_epochs_too_few_for_a_checkpoint_are_reported(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rare.yaml").write_text(
        "trainer:\n  callbacks:\n    - {class_path: LastCheckpoint, init_args: {every_n_epochs: 5}}\n"
    )
    assert main([*FIT, "-c", "rare.yaml", "--trainer.max_epochs=1"]) == 1
    assert "ended after 1 epochs without saving a checkpoint" in capsys.readouterr().err


def test_checkpoint_of_a_run_without_our_callbacks_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bare.yaml").write_text("trainer:\n  callbacks: null\n")
    assert main([*FIT, "-c", "bare.yaml", "--trainer.max_epochs=1"]) == 0
    named = capsys.readouterr().out.split("best checkpoint: ")[1].split(" | ")[0]
    assert Path(named).is_file()
    assert main([*FIT, "-c", "bare.yaml", "--trainer.max_epochs=1", "--trainer.enable_checkpointing=false"]) == 0
    assert "best checkpoint: none" in capsys.readouterr().out


@pytest.mark.parametrize("lost", ["best.ckpt", "sheet.png", "config.yaml"])
def test_each_named_file_must_exist(tmp_path: Path, lost: str) -> None:
    best, sheet = BestCheckpoint(), SampleSheet()
    best.best_model_path, sheet.last_path = str(tmp_path / "best.ckpt"), tmp_path / "sheet.png"
    folder, config = RunFolder(tmp_path), tmp_path / "config.yaml"
    for name in ("best.ckpt", "sheet.png", "config.yaml"):
        (tmp_path / name).touch()
    line = results([LastCheckpoint(), best, sheet], folder, 3, [config])
    assert line == f"run: {tmp_path} | best checkpoint: {tmp_path / 'best.ckpt'} | samples: {tmp_path / 'sheet.png'}"
    (tmp_path / lost).unlink()
    with pytest.raises(ColorganError, match=rf"but \S*{lost} is missing, because files of the run folder were moved"):
        results([LastCheckpoint(), best, sheet], folder, 3, [config])
