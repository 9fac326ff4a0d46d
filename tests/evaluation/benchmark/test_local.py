"""Grids with a stand-in for `fit` that takes milliseconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.local import train
from colorgan.evaluation.benchmark.plan import Run, read_grid
from colorgan.evaluation.benchmark.records import Record, RunFolder, check_same_configuration
from colorgan.evaluation.benchmark.worker import FIT, RUN_FOLDER_VARIABLE, Job, supervise
from tests.helpers import FAKE_FIT

WriteGrid = Callable[..., Path]

DRIVER = """
import sys, time
from pathlib import Path
from colorgan.evaluation.benchmark.local import train
from colorgan.evaluation.benchmark.plan import read_grid
list(train(read_grid(sys.argv[1]).runs(), Path(sys.argv[2]), time.time(), print, sys.argv[3:]))
"""


def run_all(runs: Sequence[Run], folder: Path) -> dict[str, str]:
    return {run.name: outcome for run, outcome in train(runs, folder, time.time(), lambda text: None, FAKE_FIT)}


def starts(folder: Path, name: str) -> list[list[int]]:
    """Process and first epoch of every attempt of a run."""
    lines = (RunFolder(folder, name).path / "starts.txt").read_text().splitlines()
    return [[int(word) for word in line.split()] for line in lines]


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_every_run_has_its_folder_and_record_and_is_not_run_again(write_grid: WriteGrid, tmp_path: Path) -> None:
    runs, folder = read_grid(write_grid(seeds=[1])).runs(), tmp_path / "out"
    outcomes = run_all(runs, folder)
    assert outcomes == {run.name: "finished" for run in runs}
    for run in runs:
        record = RunFolder(folder, run.name).record()
        assert record is not None
        assert (record.status, record.digest, record.sentence, record.attempts) == ("finished", run.digest, "", 1)
        assert (RunFolder(folder, run.name).path / "metrics.csv").is_file()
    assert run_all(runs, folder) == {}
    assert len(starts(folder, "alone-seed1")) == 1


def test_overlays_reach_fit_in_their_order(write_grid: WriteGrid, tmp_path: Path) -> None:
    runs, folder = read_grid(write_grid(seeds=[1])).runs(), tmp_path / "out"
    run_all(runs[2:3], folder)
    overlays = sorted((folder / "runs" / "pairs-patch-lab-seed1" / "overlays").iterdir())
    assert [file.name for file in overlays] == ["00_base.yaml", "01_patch.yaml", "02_lab.yaml"]
    assert (folder / "runs" / "pairs-patch-lab-seed1" / "checkpoints" / "last.ckpt").read_text() == "3"


def test_a_failed_run_is_recorded_the_others_go_on_and_it_is_tried_again(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {"a": {"runs": {"bad": {"fail": "data.root=x is no folder"}, "good": None}}}
    runs, folder = read_grid(write_grid(seeds=[1], groups=groups)).runs(), tmp_path / "out"
    assert run_all(runs, folder) == {"a-bad-seed1": "failed", "a-good-seed1": "finished"}
    record = RunFolder(folder, "a-bad-seed1").record()
    assert record is not None
    assert record.sentence == "data.root=x is no folder"
    assert run_all(runs, folder) == {"a-bad-seed1": "failed"}
    assert RunFolder(folder, "a-bad-seed1").record().attempts == 2  # type: ignore[union-attr]


def test_what_failed_during_this_grid_is_not_tried_again(write_grid: WriteGrid, tmp_path: Path) -> None:
    runs, folder = read_grid(write_grid(seeds=[1], groups={"a": {}})).runs(), tmp_path / "out"
    RunFolder(folder, runs[0].name).write_record(
        Record("failed", runs[0].digest, "by another process", ended=time.time())
    )
    assert list(train(runs, folder, time.time() - 60, lambda text: None, FAKE_FIT)) == []


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL, perhaps because the memory was full"),
        ("raise RuntimeError('CUDA error')", "RuntimeError: CUDA error"),
        ("import sys; sys.exit(5)", "ended with exit code 5 and said nothing"),
    ],
)
def test_a_run_that_crashes_has_failed(write_grid: WriteGrid, tmp_path: Path, script: str, sentence: str) -> None:
    run = read_grid(write_grid()).runs()[0]
    assert supervise(Job.of(run, tmp_path / "out", (sys.executable, "-c", script))) == "failed"
    assert RunFolder(tmp_path / "out", run.name).record().sentence == sentence  # type: ignore[union-attr]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_after_kill_9_only_what_was_not_finished_is_run(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {"a": {"runs": {"first": None, "second": {"epochs": 12, "seconds": 0.15}, "third": None}}}
    file, folder = write_grid(seeds=[1], groups=groups), tmp_path / "out"
    grid = subprocess.Popen([sys.executable, "-c", DRIVER, str(file), str(folder), *FAKE_FIT])
    second = RunFolder(folder, "a-second-seed1")
    wait_for(lambda: second.last_checkpoint.is_file())
    grid.kill()
    grid.wait()
    assert RunFolder(folder, "a-first-seed1").status() == "finished"
    (pid, _) = starts(folder, second.name)[0]
    wait_for(lambda: not is_alive(pid))  # no run outlives its grid
    wait_for(lambda: not second.is_locked())
    assert second.status() == "interrupted"
    assert RunFolder(folder, "a-third-seed1").status() == "waiting"

    assert run_all(read_grid(file).runs(), folder) == {"a-second-seed1": "finished", "a-third-seed1": "finished"}
    assert len(starts(folder, "a-first-seed1")) == 1
    assert [epoch > 0 for _, epoch in starts(folder, second.name)] == [False, True]  # from its last checkpoint
    record = second.record()
    assert record is not None
    assert record.attempts == 2
    assert record.seconds > 12 * 0.15  # of both attempts


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_run_killed_before_its_first_checkpoint_begins_anew(write_grid: WriteGrid, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out", "alone-seed1")
    (folder.path / "checkpoints").mkdir(parents=True)
    (folder.path / "metrics.csv").write_text("epoch,step,train/l1\n0,0,0.1\n")
    (folder.path / "attempts.json").write_text('{"digest": "x", "count": 1, "seconds": 3.5}')
    run = read_grid(write_grid()).runs()[0]
    assert supervise(Job.of(run, tmp_path / "out", FAKE_FIT)) == "finished"
    assert "train/l1,val/fd" in (folder.path / "metrics.csv").read_text().splitlines()[0]
    assert folder.record().attempts == 2  # type: ignore[union-attr]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_two_grids_share_the_work_and_one_takes_over_from_the_other(write_grid: WriteGrid, tmp_path: Path) -> None:
    slow = {"epochs": 25, "seconds": 0.2}
    file, folder = (
        write_grid(seeds=[1], groups={"a": {"runs": {"x": slow, "y": {"epochs": 4}, "z": None}}}),
        tmp_path / "out",
    )
    command = [sys.executable, "-c", DRIVER, str(file), str(folder), *FAKE_FIT]
    one = subprocess.Popen(command)
    wait_for(lambda: RunFolder(folder, "a-x-seed1").last_checkpoint.is_file())
    two = subprocess.Popen(command)
    wait_for(lambda: RunFolder(folder, "a-y-seed1").last_checkpoint.is_file())
    one.kill()
    one.wait()
    assert two.wait(timeout=60) == 0
    assert all(RunFolder(folder, f"a-{name}-seed1").status() == "finished" for name in "xyz")
    assert len(starts(folder, "a-y-seed1")) == 1
    assert len(starts(folder, "a-x-seed1")) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_leaves_a_run_that_goes_on(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {"a": {"overlays": [{"epochs": 1000, "seconds": 0.2}]}}  # far from over, however slow the machine
    file, folder = write_grid(seeds=[1], groups=groups), tmp_path / "out"
    grid = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(file), str(folder), *FAKE_FIT], stderr=subprocess.DEVNULL
    )
    run = RunFolder(folder, "a-seed1")
    wait_for(lambda: run.last_checkpoint.is_file())
    grid.send_signal(signal.SIGINT)
    assert grid.wait(timeout=60) == -signal.SIGINT  # after the run has stopped
    assert run.record() is None
    assert run.status() == "interrupted"


def test_a_locked_run_is_left_to_its_owner(write_grid: WriteGrid, tmp_path: Path) -> None:
    run = read_grid(write_grid()).runs()[0]
    folder = RunFolder(tmp_path, run.name)
    with folder.lock() as descriptor:
        assert descriptor is not None
        assert folder.status() == "running"
        assert supervise(Job.of(run, tmp_path, FAKE_FIT)) == "busy"
    assert folder.status() == "waiting"


def test_another_configuration_under_the_same_name_is_refused_before_any_work(
    write_grid: WriteGrid, tmp_path: Path
) -> None:
    runs, folder = read_grid(write_grid()).runs(), tmp_path / "out"
    run_all(runs[:1], folder)
    check_same_configuration(runs, folder)
    with pytest.raises(ColorganError, match="alone-seed1 holds a run with another configuration"):
        check_same_configuration(read_grid(write_grid(base=[{"epochs": 9}])).runs(), folder)
    with pytest.raises(ColorganError, match="give the same options as before"):
        check_same_configuration(read_grid(write_grid()).runs(["--data.root=x"]), folder)


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "a")
    folder.path.mkdir(parents=True)
    for text in ("{", '{"digest": "x"}', "[]"):
        (folder.path / "record.json").write_text(text)
        with pytest.raises(ColorganError, match="record.json.*delete the folder"):
            folder.record()


def test_a_grid_speaks_to_fit_as_fit_listens() -> None:
    import colorgan.cli.trainer

    assert colorgan.cli.trainer._RUN_VARIABLE == RUN_FOLDER_VARIABLE
    help_of_fit = subprocess.run([*FIT[:-1], "fti"], capture_output=True, text=True, check=False)
    assert (FIT[-1], help_of_fit.returncode) == ("fit", 2)
    assert "did you mean 'fit'?" in help_of_fit.stderr
