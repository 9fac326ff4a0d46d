"""Runs commands and functions on hostile input in a watched child process, with limits of memory and time.

``assert_refused(guarded("colorize", ["hostile.png"], writable=tmp_path), "hostile.png")``
"""

import atexit
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers import REPOSITORY

MAX_BYTES = 1 << 30
MAX_SECONDS = 20.0

_PRELOADED = (
    "numpy",
    "PIL.Image",
    "cv2",
    "yaml",
    "torch",
    "onnxruntime",
    "onnx",
    "lightning.pytorch.cli",
    "albumentations",
    "kornia",
    "timm",
    "torchmetrics",
    "matplotlib.figure",
    "colorgan.cli.trainer",
    "colorgan.cli.colorize",
    "colorgan.cli.evaluate",
    "colorgan.evaluation.report.evaluation",
    "colorgan.training.gan",
    "colorgan.inference.onnx.colorizer",
)


@dataclass(frozen=True)
class Outcome:
    """How a call ended.

    Attributes:
        exit_code: exit code, negative after a signal; 70 after an exception that nobody caught.
        stdout, stderr: what was printed.
        violations: forbidden acts: programs started, modules imported from elsewhere, files changed outside.
        peak_bytes: memory that the call added at its peak.
        seconds: wall time.
        cpu_seconds: CPU time.
        timed_out: whether it was killed because it took too long.
    """

    exit_code: int
    stdout: str
    stderr: str
    violations: list[str]
    peak_bytes: int
    seconds: float
    cpu_seconds: float
    timed_out: bool

    @property
    def message(self) -> str:
        """The last line that was printed to stderr."""
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        return lines[-1] if lines else ""


class _Server:
    def __init__(self, threads: int) -> None:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])),
            "WANDB_MODE": "offline",
        }
        environment.pop("COLORGAN_TRACEBACK", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.attacks.guard_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=REPOSITORY,
        )
        self._send(_PRELOADED)
        atexit.register(self.process.kill)

    def _send(self, value: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdout is not None
        self._send(request)
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@functools.cache
def _server(threads: int = 1) -> _Server:
    return _Server(threads)


def guarded(
    command: str,
    args: Sequence[str | Path],
    writable: Path | Sequence[Path],
    cwd: Path | None = None,
    seconds: float = 2 * MAX_SECONDS,
    env: dict[str, str] | None = None,
) -> Outcome:
    """Runs a command of colorgan in a watched child.

    Args:
        command: its name, such as ``colorize`` or ``fit``.
        args: its arguments.
        writable: the folders in which files may be written, changed and removed.
        cwd: working directory. Default: the first writable folder.
        seconds: wall time after which the child is killed.
        env: more environment variables.
    """
    return _call({"command": command}, args, writable, cwd, seconds, env)


def guarded_call(
    function: str,
    args: Sequence[str | Path | int | float],
    writable: Path | Sequence[Path],
    cwd: Path | None = None,
    seconds: float = 2 * MAX_SECONDS,
    env: dict[str, str] | None = None,
) -> Outcome:
    """The same for ``"package.module:function"``. Its result is the exit code, if it is an integer."""
    return _call({"call": function}, args, writable, cwd, seconds, env)


def _call(
    what: dict[str, str],
    args: Sequence[str | Path | int | float],
    writable: Path | Sequence[Path],
    cwd: Path | None,
    seconds: float,
    env: dict[str, str] | None,
) -> Outcome:
    folders = [writable] if isinstance(writable, Path) else list(writable)
    with tempfile.TemporaryDirectory(prefix="guard-") as place:
        environment = {"COLORGAN_CACHE": str(Path(place) / "cache"), "TMPDIR": place, "MPLCONFIGDIR": place}
        request = {
            **what,
            "args": [argument if isinstance(argument, int | float) else str(argument) for argument in args],
            "writable": [str(folder) for folder in (*folders, place)],
            "cwd": str(cwd or folders[0]),
            "seconds": seconds,
            "env": {**environment, **(env or {})},
            "stdout": str(Path(place) / "stdout"),
            "stderr": str(Path(place) / "stderr"),
        }
        answer = _server().call(request)
        printed = {
            name: Path(request[name]).read_bytes().decode(errors="replace") if Path(request[name]).exists() else ""
            for name in ("stdout", "stderr")
        }
    return Outcome(**answer, **printed)


def assert_clean(outcome: Outcome, max_bytes: int = MAX_BYTES, max_seconds: float = MAX_SECONDS) -> None:
    """Nothing forbidden was done, within the limits, and no traceback was printed; the exit code may be any.

    Seconds are CPU seconds, because other work may keep the machine busy. What hangs without computing runs into
    the wall time of :func:`guarded`.
    """
    assert not outcome.timed_out, f"killed after {outcome.seconds:.0f} s\n{_end(outcome)}"
    assert not outcome.violations, outcome.violations
    assert outcome.exit_code in (0, 1, 2), f"exit code {outcome.exit_code}\n{_end(outcome)}"
    assert "Traceback (most recent call last)" not in outcome.stdout + outcome.stderr, _end(outcome)
    assert outcome.peak_bytes <= max_bytes, f"{outcome.peak_bytes / 2**20:.0f} MiB"
    assert outcome.cpu_seconds <= max_seconds, f"{outcome.cpu_seconds:.1f} s"
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]", outcome.stderr), "control characters"


def assert_refused(outcome: Outcome, *named: str | Path, **limits: Any) -> None:
    """As :func:`assert_clean`; also, the call failed with a message of one line that has each of ``named`` in it."""
    assert_clean(outcome, **limits)
    assert outcome.exit_code in (1, 2), f"exit code {outcome.exit_code}\n{_end(outcome)}"
    assert outcome.message, "failed without a message"
    assert len(outcome.message) < 1000, outcome.message[:2000]
    for name in named:
        assert str(name) in outcome.message, f"{name} is not in: {outcome.message}"


def _end(outcome: Outcome) -> str:
    return (outcome.stdout[-1000:] + outcome.stderr[-3000:]).strip()
