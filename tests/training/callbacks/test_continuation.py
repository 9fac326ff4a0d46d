"""A resumed training continues in its folder, alone, as if it had not been interrupted."""

import csv
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from lightning.pytorch import Callback

from colorgan.errors import ColorganError
from colorgan.training import LastCheckpoint, MetricsFile
from colorgan.training.callbacks import continuation
from colorgan.training.callbacks.continuation import RunContinuation


class Crash(Callback):
    """Ends a training in the middle of an epoch, which nobody saves."""

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        if (trainer.current_epoch, batch_idx) == (2, 1):
            raise KeyError


def run(fit: Any, model: Any, folder: Path, *callbacks: Callback, **options: Any) -> None:
    fit(
        model,
        photos=16,
        max_epochs=4,
        default_root_dir=folder,
        logger=MetricsFile(str(folder)),
        log_every_n_steps=1,
        enable_checkpointing=True,
        callbacks=[RunContinuation(), LastCheckpoint(2, str(folder / "checkpoints")), *callbacks],
        **options,
    )


def test_metrics_and_files_equal_those_of_an_uninterrupted_run(tiny_model: Any, fit: Any, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(fit, tiny_model(), whole)
    with pytest.raises(KeyError):
        run(fit, tiny_model(), broken, Crash())
    with (broken / "metrics.csv").open() as stream:
        assert max(int(row["step"]) for row in csv.DictReader(stream)) == 8  # newer than the checkpoint
    temporary = [
        *(broken / "checkpoints" / name for name in (".last.ckpt.abcd_123.tmp", ".best.ckpt.sha256.00000000.tmp")),
        broken / ".metrics.csv.zzzzzzzz.tmp",
    ]
    kept = [broken / "checkpoints" / name for name in (".notes.tmp", "my.abcd1234.tmp")]
    for file in temporary + kept:
        file.write_text("half")
    run(fit, tiny_model(), broken, ckpt_path=str(broken / "checkpoints" / "last.ckpt"))
    assert (broken / "metrics.csv").read_bytes() == (whole / "metrics.csv").read_bytes()
    assert not [file for file in temporary if file.exists()]
    assert all(file.exists() for file in kept)


def test_run_stopped_after_a_batch_logs_at_the_same_steps(tiny_model: Any, fit: Any, tmp_path: Path) -> None:
    class Stop(Callback):
        """Ends a training as a signal does."""

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
            if (trainer.current_epoch, batch_idx) == (2, 1):
                trainer.save_checkpoint(broken / "stopped.ckpt")
                raise KeyError

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(fit, tiny_model(), whole)
    with pytest.raises(KeyError):
        run(fit, tiny_model(), broken, Stop())
    run(fit, tiny_model(), broken, ckpt_path=str(broken / "stopped.ckpt"))
    one, other = ([line.split(",")[:2] for line in (run / "metrics.csv").open()] for run in (whole, broken))
    one.remove(["2", "9"])  # the batch whose row was still to be written
    assert other == one


def test_second_training_in_a_folder_is_refused(
    tiny_model: Any, fit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continuation, "_PATIENCE", 0.1)
    context = multiprocessing.get_context("fork")
    locked, done = context.Event(), context.Event()

    def other() -> None:
        with FileLock(tmp_path / ".lock"):
            locked.set()
            done.wait(60)

    process = context.Process(target=other)
    process.start()
    assert locked.wait(60)
    with pytest.raises(ColorganError, match="another process is training in .*: wait until it has ended, or start a"):
        run(fit, tiny_model(), tmp_path)
    assert not (tmp_path / "metrics.csv").exists()
    done.set()
    process.join()
    run(fit, tiny_model(), tmp_path)
