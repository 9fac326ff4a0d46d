import os
from pathlib import Path

import pytest

from colorgan.errors import CheckpointError
from colorgan.inference import run_folder
from colorgan.inference.run_folder import RunFolder


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(run_folder.VARIABLE, "")  # so that a value set by a test is removed afterward
    monkeypatch.delenv(run_folder.VARIABLE)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


def test_layout() -> None:
    folder = RunFolder(Path("runs/flowers/1"))
    assert folder.last_checkpoint == Path("runs/flowers/1/checkpoints/last.ckpt")
    assert folder.best_checkpoint == Path("runs/flowers/1/checkpoints/best.ckpt")
    assert folder.metrics == Path("runs/flowers/1/metrics.csv")
    assert RunFolder.of_checkpoint(folder.last_checkpoint) == folder
    assert RunFolder.of_checkpoint("downloads/last.ckpt") is None


def test_new_folders_of_the_same_second_differ(tmp_path: Path) -> None:
    first = RunFolder.new(tmp_path, "flowers", "test")
    assert first.path.parent == tmp_path / "flowers"
    assert first.path.name.endswith("-test")
    for folder in (first, RunFolder(first.path.with_name(f"{first.path.name}-2"))):
        folder.path.mkdir(parents=True)
    assert RunFolder.new(tmp_path, "flowers", "test").path not in (tmp_path / "flowers").iterdir()


def test_only_fit_shares_its_folder_through_the_environment(tmp_path: Path) -> None:
    RunFolder.new(tmp_path, "flowers", "validate")
    assert run_folder.VARIABLE not in os.environ
    folder = RunFolder.new(tmp_path, "flowers")
    assert os.environ[run_folder.VARIABLE] == str(folder.path)
    assert RunFolder.new("elsewhere", "other") == folder


def test_requeued_slurm_job_keeps_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "123")
    folder = RunFolder.new(tmp_path, "flowers")
    assert folder.path == tmp_path / "flowers" / "slurm-123"
    folder.path.mkdir(parents=True)
    monkeypatch.delenv(run_folder.VARIABLE)
    assert RunFolder.new(tmp_path, "flowers") == folder


def test_newest_checkpoint_of_a_name_is_found(tmp_path: Path) -> None:
    for number, time in (("1", 2_000), ("2", 3_000), ("3", 1_000)):
        file = RunFolder(tmp_path / "flowers" / number).last_checkpoint
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (time, time))
    assert RunFolder.find_checkpoint(tmp_path, "flowers", "last").parts[-3] == "2"
    with pytest.raises(CheckpointError, match=r"there is no best\.ckpt below .*flowers; train first"):
        RunFolder.find_checkpoint(tmp_path, "flowers", "best")
