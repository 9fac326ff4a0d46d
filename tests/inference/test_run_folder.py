import multiprocessing
import os
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest

from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference import run_folder
from colorgan.inference.run_folder import RunFolder


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(run_folder.VARIABLE, "")  # so that a value set by a test is removed afterward
    monkeypatch.delenv(run_folder.VARIABLE)
    for name in ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_RESTART_COUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(run_folder, "_created", [])


def test_layout() -> None:
    folder = RunFolder(Path("runs/flowers/1"))
    assert folder.last_checkpoint == Path("runs/flowers/1/checkpoints/last.ckpt")
    assert folder.best_checkpoint == Path("runs/flowers/1/checkpoints/best.ckpt")
    assert folder.metrics == Path("runs/flowers/1/metrics.csv")
    assert RunFolder.of_checkpoint(folder.last_checkpoint) == folder
    assert RunFolder.of_checkpoint("downloads/last.ckpt") is None


class Noon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 1, 31, 12, tzinfo=tz)


def test_new_folders_of_the_same_second_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "datetime", Noon)
    names = [RunFolder.new(tmp_path, "flowers", "test").path.name for _ in range(3)]
    assert names == ["20260131-120000-test", "20260131-120000-test-2", "20260131-120000-test-3"]


def test_each_of_20_processes_that_start_at_once_gets_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "datetime", Noon)
    context = multiprocessing.get_context("fork")
    barrier, found = context.Barrier(20), context.Queue()

    def start() -> None:
        barrier.wait()
        found.put(str(RunFolder.new(tmp_path, "flowers").path))

    processes = [context.Process(target=start) for _ in range(20)]
    for process in processes:
        process.start()
    folders = {found.get(timeout=30) for _ in processes}
    for process in processes:
        process.join()
    assert len(folders) == 20
    assert {str(path) for path in (tmp_path / "flowers").iterdir()} == folders


def test_unused_folders_are_removed_in_the_end(tmp_path: Path) -> None:
    used = RunFolder.new(tmp_path / "runs", "flowers", "test")
    (used.path / "samples").mkdir()
    RunFolder.new(tmp_path / "runs", "flowers", "test")
    RunFolder.new(tmp_path / "other", "birds", "validate")
    run_folder.remove_unused()
    assert list(tmp_path.iterdir()) == [tmp_path / "runs"]
    assert list((tmp_path / "runs" / "flowers").iterdir()) == [used.path]


def test_place_that_cannot_be_written_is_reported_to_a_training_only(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(ColorganError, match=r"run folder .*flowers.* cannot be created \(Not a directory\); .*--runs"):
        RunFolder.new(tmp_path / "runs", "flowers")
    assert RunFolder.new(tmp_path / "runs", "flowers", "validate").path.parent == tmp_path / "runs" / "flowers"


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
    monkeypatch.delenv(run_folder.VARIABLE)
    second = RunFolder.new(tmp_path, "flowers")  # in the same job
    assert second.path == tmp_path / "flowers" / "slurm-123-2"
    for restarts in ("1", "2"):
        monkeypatch.setenv("SLURM_RESTART_COUNT", restarts)
        for expected in (folder, second):
            monkeypatch.delenv(run_folder.VARIABLE)
            assert RunFolder.new(tmp_path, "flowers") == expected


def test_tasks_of_a_step_share_a_folder_and_steps_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "123")
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "2")
    for step, name in (("0", "slurm-123"), ("1", "slurm-123-step-1")):
        monkeypatch.setenv("SLURM_STEP_ID", step)
        for _ in range(2):
            monkeypatch.delenv(run_folder.VARIABLE, raising=False)
            assert RunFolder.new(tmp_path, "flowers").path == tmp_path / "flowers" / name


def test_newest_checkpoint_of_a_name_is_found(tmp_path: Path) -> None:
    for number, time in (("1", 2_000), ("2", 3_000), ("3", 1_000)):
        file = RunFolder(tmp_path / "flowers" / number).last_checkpoint
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (time, time))
    assert RunFolder.find_checkpoint(tmp_path, "flowers", "last").parts[-3] == "2"
    with pytest.raises(CheckpointError, match=r"there is no best\.ckpt below .*flowers; train first"):
        RunFolder.find_checkpoint(tmp_path, "flowers", "best")
