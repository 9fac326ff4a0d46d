"""The watch itself: it must see what it forbids."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.attacks.guard import assert_clean, assert_refused, guarded, guarded_call

HERE = "tests.attacks.test_guard"


def write_outside(folder: str) -> None:
    (Path(folder) / "written").write_text("x")


def remove_outside(folder: str) -> None:
    import shutil

    shutil.rmtree(folder)


def start_program(folder: str) -> None:
    subprocess.run(["true"], check=True)


def import_elsewhere(folder: str) -> None:
    (Path(folder) / "inside" / "stranger.py").write_text("")
    sys.path.insert(0, str(Path(folder) / "inside"))
    import stranger  # noqa: F401


@pytest.mark.parametrize("act", ["write_outside", "remove_outside", "start_program", "import_elsewhere"])
def test_forbidden_acts_are_seen(tmp_path: Path, act: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    outcome = guarded_call(f"{HERE}:{act}", [tmp_path], writable=inside)
    assert outcome.violations
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]
    with pytest.raises(AssertionError):
        assert_clean(outcome)


def write_inside(folder: str) -> None:
    (Path(folder) / "written").write_text("x")
    (Path(folder) / "written").rename(Path(folder) / "renamed")


def test_writing_inside_is_allowed(tmp_path: Path) -> None:
    assert_clean(guarded_call(f"{HERE}:write_inside", [tmp_path], writable=tmp_path))
    assert (tmp_path / "renamed").read_text() == "x"


def use_memory(mebibytes: int) -> None:
    bytearray(os.urandom(1 << 20)) * mebibytes


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def test_memory_and_time_are_measured(tmp_path: Path) -> None:
    outcome = guarded_call(f"{HERE}:use_memory", [300], writable=tmp_path)
    assert 250 << 20 < outcome.peak_bytes < 400 << 20
    with pytest.raises(AssertionError, match="MiB"):
        assert_clean(outcome, max_bytes=200 << 20)
    outcome = guarded_call(f"{HERE}:sleep", [60.0], writable=tmp_path, seconds=0.3)
    assert outcome.timed_out


def test_a_refused_command_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"no photo")
    assert_refused(guarded("colorize", ["photo.png"], writable=tmp_path), "photo.png")
