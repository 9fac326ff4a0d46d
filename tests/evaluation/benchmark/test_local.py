"""Grids with a fake `fit` that takes milliseconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import Run
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.local import train
from colorgan.evaluation.benchmark.records import GridRunFolder, Record, check_same_configuration
from colorgan.evaluation.benchmark.worker import Job, supervise
from tests.helpers import FAKE_FIT

WriteGrid = Callable[..., Path]

DRIVER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell start with SIGINT ignored
from pathlib import Path
from colorgan.evaluation.benchmark.local import train
from colorgan.evaluation.benchmark.grid_file import read_grid
list(train(read_grid(sys.argv[1]).runs(), Path(sys.argv[2]), sys.argv[3:], time.time(), print))
"""


def run_all(runs: Sequence[Run], folder: Path) -> dict[str, str]:
    return {run.name: outcome for run, outcome in train(runs, folder, FAKE_FIT, time.time(), lambda text: None)}


def starts(folder: Path, name: str) -> list[list[int]]:
    """Process id and first epoch of every attempt of a run."""
    lines = (GridRunFolder(folder, name).path / "starts.txt").read_text().splitlines()
    return [[int(number) for number in line.split()] for line in lines]


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timeout"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_finished_runs_have_a_record_and_are_not_repeated(write_grid: WriteGrid, tmp_path: Path) -> None:
    runs, folder = read_grid(write_grid(seeds=[1])).runs(), tmp_path / "out"
    outcomes = run_all(runs, folder)
    assert outcomes == {run.name: "finished" for run in runs}
    for run in runs:
        record = GridRunFolder(folder, run.name).record()
        assert record is not None
        assert (record.status, record.digest, record.error, record.attempts) == ("finished", run.digest, "", 1)
        assert (GridRunFolder(folder, run.name).path / "metrics.csv").is_file()
    assert run_all(runs, folder) == {}
    assert len(starts(folder, "alone-seed1")) == 1


def test_overlays_are_passed_in_order(write_grid: WriteGrid, tmp_path: Path) -> None:
    runs, folder = read_grid(write_grid(seeds=[1])).runs(), tmp_path / "out"
    run_all(runs[2:3], folder)
    overlays = sorted((folder / "runs" / "pairs-patch-lab-seed1" / "overlays").iterdir())
    assert [file.name for file in overlays] == ["00_base.yaml", "01_patch.yaml", "02_lab.yaml"]
    assert (folder / "runs" / "pairs-patch-lab-seed1" / "checkpoints" / "last.ckpt").read_text() == "3"


def test_a_run_whose_files_another_uses_comes_first(write_grid: WriteGrid, tmp_path: Path) -> None:
    source = {"source": "${runs}/a-first-seed${seed}/checkpoints/last.ckpt"}
    runs = read_grid(write_grid(seeds=[1], groups={"a": {"runs": {"second": source, "first": None}}})).runs()
    assert list(run_all(runs[::-1], tmp_path / "out")) == ["a-first-seed1", "a-second-seed1"]
    (file,) = (tmp_path / "out" / "runs" / "a-second-seed1" / "overlays").glob("*second.yaml")
    assert Path(file.read_text().strip().removeprefix("source: ")).is_file()


def test_failed_run_is_recorded_and_retried_next_time(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {"a": {"runs": {"bad": {"fail": "there is no folder x"}, "good": None}}}
    runs, folder = read_grid(write_grid(seeds=[1], groups=groups)).runs(), tmp_path / "out"
    assert run_all(runs, folder) == {"a-bad-seed1": "failed", "a-good-seed1": "finished"}
    record = GridRunFolder(folder, "a-bad-seed1").record()
    assert record is not None
    assert record.error == "there is no folder x"
    assert run_all(runs, folder) == {"a-bad-seed1": "failed"}
    assert GridRunFolder(folder, "a-bad-seed1").record().attempts == 2  # type: ignore[union-attr]


def test_run_that_failed_in_another_process_is_not_retried(write_grid: WriteGrid, tmp_path: Path) -> None:
    runs, folder = read_grid(write_grid(seeds=[1], groups={"a": {}})).runs(), tmp_path / "out"
    GridRunFolder(folder, runs[0].name).write_record(
        Record("failed", runs[0].digest, "by another process", ended=time.time())
    )
    assert list(train(runs, folder, FAKE_FIT, time.time() - 60, lambda text: None)) == []


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL, possibly because the machine ran out of memory"),
        ("raise RuntimeError('CUDA error')", "RuntimeError: CUDA error"),
        ("import sys; sys.exit(5)", "ended with exit code 5 and no output"),
    ],
)
def test_crashed_run_is_failed(write_grid: WriteGrid, tmp_path: Path, script: str, error: str) -> None:
    run = read_grid(write_grid()).runs()[0]
    assert supervise(Job.of(run, tmp_path / "out", (sys.executable, "-c", script))) == "failed"
    assert GridRunFolder(tmp_path / "out", run.name).record().error == error  # type: ignore[union-attr]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_grid_resumes_unfinished_runs(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {"a": {"runs": {"first": None, "second": {"epochs": 12, "seconds": 0.15}, "third": None}}}
    file, folder = write_grid(seeds=[1], groups=groups), tmp_path / "out"
    grid = subprocess.Popen([sys.executable, "-c", DRIVER, str(file), str(folder), *FAKE_FIT])
    second = GridRunFolder(folder, "a-second-seed1")
    wait_for(lambda: second.last_checkpoint.is_file())
    grid.kill()
    grid.wait()
    assert GridRunFolder(folder, "a-first-seed1").status() == "finished"
    (pid, _) = starts(folder, second.name)[0]
    wait_for(lambda: not is_alive(pid))  # no run outlives its grid
    wait_for(lambda: not second.is_locked())
    assert second.status() == "interrupted"
    assert GridRunFolder(folder, "a-third-seed1").status() == "waiting"

    assert run_all(read_grid(file).runs(), folder) == {"a-second-seed1": "finished", "a-third-seed1": "finished"}
    assert len(starts(folder, "a-first-seed1")) == 1
    assert [epoch > 0 for _, epoch in starts(folder, second.name)] == [False, True]  # resumed from its last checkpoint
    record = second.record()
    assert record is not None
    assert record.attempts == 2
    assert record.seconds > 12 * 0.15  # of both attempts


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_run_without_checkpoint_restarts_from_scratch(write_grid: WriteGrid, tmp_path: Path) -> None:
    folder = GridRunFolder(tmp_path / "out", "alone-seed1")
    (folder.path / "checkpoints").mkdir(parents=True)
    (folder.path / "metrics.csv").write_text("epoch,step,train/l1\n0,0,0.1\n")
    (folder.path / "attempts.json").write_text('{"digest": "x", "count": 1, "seconds": 3.5}')
    run = read_grid(write_grid()).runs()[0]
    assert supervise(Job.of(run, tmp_path / "out", FAKE_FIT)) == "finished"
    assert "train/l1,val/fd" in (folder.path / "metrics.csv").read_text().splitlines()[0]
    assert folder.record().attempts == 2  # type: ignore[union-attr]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_two_processes_share_a_grid(write_grid: WriteGrid, tmp_path: Path) -> None:
    slow = {"epochs": 25, "seconds": 0.2}
    file, folder = (
        write_grid(seeds=[1], groups={"a": {"runs": {"x": slow, "y": {"epochs": 4}, "z": None}}}),
        tmp_path / "out",
    )
    command = [sys.executable, "-c", DRIVER, str(file), str(folder), *FAKE_FIT]
    one = subprocess.Popen(command)
    wait_for(lambda: GridRunFolder(folder, "a-x-seed1").last_checkpoint.is_file())
    two = subprocess.Popen(command)
    wait_for(lambda: GridRunFolder(folder, "a-y-seed1").last_checkpoint.is_file())
    one.kill()
    one.wait()
    assert two.wait(timeout=60) == 0
    assert all(GridRunFolder(folder, f"a-{name}-seed1").status() == "finished" for name in "xyz")
    assert len(starts(folder, "a-y-seed1")) == 1
    assert len(starts(folder, "a-x-seed1")) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_interrupts_the_run(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {"a": {"overlays": [{"epochs": 1000, "seconds": 0.2}]}}  # still running even on a slow machine
    file, folder = write_grid(seeds=[1], groups=groups), tmp_path / "out"
    grid = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(file), str(folder), *FAKE_FIT], stderr=subprocess.DEVNULL
    )
    run = GridRunFolder(folder, "a-seed1")
    wait_for(lambda: run.last_checkpoint.is_file())
    grid.send_signal(signal.SIGINT)
    assert grid.wait(timeout=60) == -signal.SIGINT  # after the run has stopped
    assert run.record() is None
    assert run.status() == "interrupted"


def test_locked_run_is_busy(write_grid: WriteGrid, tmp_path: Path) -> None:
    run = read_grid(write_grid()).runs()[0]
    folder = GridRunFolder(tmp_path, run.name)
    with folder.lock() as descriptor:
        assert descriptor is not None
        assert folder.status() == "running"
        assert supervise(Job.of(run, tmp_path, FAKE_FIT)) == "busy"
    assert folder.status() == "waiting"


def test_changed_configuration_is_rejected(write_grid: WriteGrid, tmp_path: Path) -> None:
    runs, folder = read_grid(write_grid()).runs(), tmp_path / "out"
    run_all(runs[:1], folder)
    check_same_configuration(runs, folder)
    with pytest.raises(ColorganError, match="alone-seed1 contains a run with another configuration"):
        check_same_configuration(read_grid(write_grid(base=[{"epochs": 9}])).runs(), folder)
    with pytest.raises(ColorganError, match="use the same options as before"):
        check_same_configuration(read_grid(write_grid()).runs(["--data.root=x"]), folder)


def test_damaged_record_is_named(tmp_path: Path) -> None:
    folder = GridRunFolder(tmp_path, "a")
    folder.path.mkdir(parents=True)
    for text in ("{", '{"digest": "x"}', "[]"):
        (folder.path / "record.json").write_text(text)
        with pytest.raises(ColorganError, match="record.json.*delete the folder"):
            folder.record()
