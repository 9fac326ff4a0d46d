import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import Run, Variant
from colorgan.evaluation.benchmark.records import GridRunFolder, Record, check_same_configuration, outcome_since

HOLD_LOCK = """
import sys
from pathlib import Path
from colorgan.evaluation.benchmark.records import GridRunFolder
with GridRunFolder(Path(sys.argv[1]), "a-seed1").lock() as descriptor:
    print(descriptor is not None, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> GridRunFolder:
    return GridRunFolder(tmp_path, "a-seed1")


def test_status_follows_the_files(folder: GridRunFolder) -> None:
    assert folder.status() == "waiting"
    folder.begin_attempt("digest")
    assert folder.status() == "interrupted"
    folder.write_record(Record("failed", "digest", "out of memory"))
    assert folder.status() == "failed"
    folder.remove_record()
    folder.remove_record()
    assert folder.status() == "interrupted"


def test_record_round_trip(folder: GridRunFolder) -> None:
    assert folder.record() is None
    record = Record("finished", "digest", seconds=1.5, attempts=2, ended=3.0, host="a", device="b", version="c")
    folder.write_record(record)
    assert folder.record() == record
    file = folder.path / "record.json"
    file.write_text(file.read_text().replace('"host"', '"of a later version"'))
    assert folder.record() == dataclasses.replace(record, host="")


@pytest.mark.parametrize("content", ["{", "[]", '{"status": "finished"}', "\xff"])
def test_damaged_record_is_named(folder: GridRunFolder, content: str) -> None:
    folder.path.mkdir(parents=True)
    (folder.path / "record.json").write_text(content, encoding="latin-1")
    with pytest.raises(ColorganError, match="record.json .*delete the folder"):
        folder.record()


def test_attempts_and_durations_add_up(folder: GridRunFolder) -> None:
    assert folder.begin_attempt("digest") == 1
    folder.last_checkpoint.parent.mkdir(parents=True)
    folder.last_checkpoint.touch()
    assert folder.end_attempt(10.0) == 10.0
    assert folder.begin_attempt("digest") == 2
    assert folder.end_attempt(2.5) == 12.5
    assert folder.last_checkpoint.is_file()
    assert folder.digest() == "digest"


def test_files_of_an_attempt_without_a_checkpoint_are_removed(folder: GridRunFolder) -> None:
    folder.begin_attempt("digest")
    folder.metrics.write_text("epoch\n0\n")
    folder.end_attempt(10.0)
    assert folder.begin_attempt("digest") == 2
    assert not folder.metrics.exists()
    assert folder.end_attempt(1.0) == 11.0


def test_lock_is_held_until_its_process_ends(folder: GridRunFolder) -> None:
    assert not folder.is_locked()
    command = [sys.executable, "-c", HOLD_LOCK, str(folder.grid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert folder.is_locked()
        assert folder.status() == "running"
        with folder.lock() as descriptor:
            assert descriptor is None
        other.kill()
    assert not folder.is_locked()
    with folder.lock() as descriptor:
        assert descriptor is not None
        os.fstat(descriptor)


def test_earlier_failures_are_retried(folder: GridRunFolder) -> None:
    assert outcome_since(folder, 0) is None
    folder.write_record(Record("failed", "digest", ended=100.0))
    assert outcome_since(folder, since=100.0) == "failed"
    assert outcome_since(folder, since=100.1) is None
    folder.write_record(Record("finished", "digest", ended=100.0))
    assert outcome_since(folder, since=100.1) == "finished"


def test_folder_of_another_configuration_is_refused(tmp_path: Path) -> None:
    run = Run(Variant("a", "group", {}, (), (1,)), 1)
    check_same_configuration([run], tmp_path)
    GridRunFolder(tmp_path, run.name).begin_attempt(run.digest)
    check_same_configuration([run], tmp_path)
    with pytest.raises(ColorganError, match="a-seed1 contains a run with another configuration than a-seed1; choose"):
        check_same_configuration([dataclasses.replace(run, options=("--data.size=64",))], tmp_path)
