"""One run of a grid: starts ``fit`` in a process of its own, stops it when the grid is gone, and records how it ended.

Between the grid and ``fit`` stands a small process that runs this module and needs no torch. Its input is a pipe from
the grid: first the job, then nothing until the pipe closes, which it does however the grid dies. No run outlives its
grid unnoticed, and a run that was stopped has saved a checkpoint to go on from.
"""

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Literal, cast

from colorgan.evaluation.benchmark.plan import Run
from colorgan.evaluation.benchmark.records import Record, RunFolder

Outcome = Literal["finished", "failed", "interrupted", "busy"]

FIT = (sys.executable, "-m", "colorgan.cli", "fit")
"""The command that trains."""

RUN_FOLDER_VARIABLE = "COLORGAN_RUN_FOLDER"
"""By this variable of the environment ``fit`` is told where to leave its files."""

_EXIT_CODES: dict[Outcome, int] = {"finished": 0, "failed": 1, "interrupted": 3, "busy": 75}
_GRACE = 0.5
"""Seconds between the end of the grid and the signal to ``fit``, which may have heard the same Ctrl-C itself."""
_INPUT = 0
"""The descriptor of the pipe from the grid."""
_INTERRUPTED_CODES = {128 + signal.SIGINT, 128 + signal.SIGTERM, -signal.SIGINT, -signal.SIGTERM}


@dataclass(frozen=True)
class Job:
    """What the process of a run must know.

    Attributes:
        grid: folder of the grid.
        name: of the run.
        digest: of its configuration.
        overlays: name and text of the layers of its configuration.
        arguments: the rest of the command line.
        command: what is run, with ``--config FILE`` for every overlay and the arguments behind it.
    """

    grid: str
    name: str
    digest: str
    overlays: Sequence[tuple[str, str]]
    arguments: Sequence[str]
    command: Sequence[str] = FIT

    @classmethod
    def of(cls, run: Run, grid: Path, command: Sequence[str] = FIT) -> "Job":
        """The job that trains ``run``, one of a grid that is kept in the folder ``grid``."""
        overlays = [(overlay.name, overlay.text) for overlay in run.variant.overlays]
        words = (*command[:-1], run.variant.trains, command[-1]) if run.variant.trains else tuple(command)
        return cls(str(grid.absolute()), run.name, run.digest, overlays, run.arguments, words)


def supervise(job: Job) -> Outcome:
    """Trains a run in a process of its own and waits for it.

    Args:
        job: the run.

    Returns:
        How it ended; ``busy`` if another process is training it.

    Raises:
        KeyboardInterrupt: after the run has saved and stopped.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "colorgan.evaluation.benchmark.worker"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    with cast("IO[bytes]", process.stdin) as pipe:
        with contextlib.suppress(BrokenPipeError):  # it died at once; its exit code says so
            pipe.write(json.dumps(asdict(job)).encode() + b"\n")
            pipe.flush()
        try:
            code = process.wait()
        except BaseException:
            pipe.close()
            process.wait()
            raise
    return next((outcome for outcome, number in _EXIT_CODES.items() if number == code), "failed")


class _Supervisor:
    """Owns the process of ``fit``."""

    def __init__(self, job: Job) -> None:
        self.job, self.folder = job, RunFolder(Path(job.grid), job.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def run(self) -> Outcome:
        with self.folder.lock() as descriptor:
            if descriptor is None:
                return "busy"
            attempts = self.folder.begin_attempt(self.job.digest)
            self.folder.remove_record()
            begun = time.monotonic()
            start_of_log = self.folder.log.stat().st_size if self.folder.log.exists() else 0
            code = self._fit(descriptor)
            seconds = self.folder.end_attempt(time.monotonic() - begun)
            if code != 0 and (self._stopping.is_set() or code in _INTERRUPTED_CODES):
                return "interrupted"
            self.folder.write_record(
                Record(
                    status="finished" if code == 0 else "failed",
                    digest=self.job.digest,
                    sentence=_reason(code, self.folder.log, start_of_log),
                    seconds=round(seconds, 1),
                    attempts=attempts,
                    ended=time.time(),
                    host=socket.gethostname(),
                    device=_device(),
                    version=version("colorgan"),
                )
            )
            return "finished" if code == 0 else "failed"

    def _fit(self, descriptor: int) -> int:
        """Runs ``fit``; it inherits the lock, so that nobody else trains this run while it lives."""
        inherited = () if os.name == "nt" else (descriptor,)
        with self.folder.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (the command of the grid)
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, RUN_FOLDER_VARIABLE: str(self.folder.path)},
                pass_fds=inherited,
            )
            if self._stopping.is_set():
                self._process.terminate()
            return self._process.wait()

    def _command(self) -> list[str]:
        words = [*self.job.command]
        for number, (name, text) in enumerate(self.job.overlays):
            file = self.folder.path / "overlays" / f"{number:02}_{name}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            words += ["--config", str(file)]
        words += self.job.arguments
        if self.folder.last_checkpoint.is_file():
            words.append(f"--ckpt_path={self.folder.last_checkpoint}")
        return words

    def expect_stop(self) -> None:
        """From now on, an end of ``fit`` is an interruption and no failure."""
        self._stopping.set()

    def stop(self) -> None:
        """Asks ``fit`` to save and stop."""
        self.expect_stop()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop_when_grid_is_gone(self) -> None:
        """Waits for the end of the pipe."""
        while os.read(_INPUT, 1024):  # not through sys.stdin, whose lock a waiting thread would hold at exit
            pass
        self.expect_stop()
        time.sleep(_GRACE)
        self.stop()


def _reason(code: int, log: Path, start: int) -> str:
    """Why ``fit`` failed, in the last words of its log.

    >>> _reason(-9, Path("missing"), 0)
    'killed by SIGKILL, perhaps because the memory was full'
    """
    if code == 0:
        return ""
    if code < 0:
        name = signal.Signals(-code).name
        return f"killed by {name}{', perhaps because the memory was full' if name == 'SIGKILL' else ''}"
    with log.open("rb") as stream:
        stream.seek(start)
        lines = stream.read().decode("utf-8", errors="replace").splitlines()
    return last_words(lines) or f"ended with exit code {code} and said nothing"


def last_words(lines: Iterable[str]) -> str:
    """The line of a log that says what went wrong.

    >>> last_words(["error: data.root=x is no folder", "(`colorgan fit --help` lists all options)", ""])
    'data.root=x is no folder'
    >>> last_words(["Traceback (most recent call last):", "RuntimeError: CUDA error"])
    'RuntimeError: CUDA error'
    """
    spoken = [line.strip() for line in lines if line.strip()]
    for line in reversed(spoken):
        if line.startswith("error: "):
            return line.removeprefix("error: ")
    for line in reversed(spoken):
        if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line):
            return line
    return spoken[-1] if spoken else ""


def _device() -> str:
    """The first visible GPU, or the processor."""
    if tool := shutil.which("nvidia-smi"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            listed = subprocess.run(  # noqa: S603
                [tool, "--query-gpu=name", "--format=csv,noheader"],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
            return listed.stdout.splitlines()[0].strip() if listed.stdout.strip() else platform.machine()
    return f"{os.cpu_count()} CPU cores, {platform.machine()}"


def main() -> int:
    """Reads a job from the input and carries it out; a supervisor's exit code says how it ended."""
    with open(_INPUT, "rb", buffering=0, closefd=False) as pipe:
        supervisor = _Supervisor(Job(**json.loads(pipe.readline())))
    # handlers of our own, because a signal that is ignored here would be ignored by `fit` too
    signal.signal(signal.SIGINT, lambda number, frame: supervisor.expect_stop())  # the terminal tells `fit` itself
    signal.signal(signal.SIGTERM, lambda number, frame: supervisor.stop())
    threading.Thread(target=supervisor.stop_when_grid_is_gone, daemon=True).start()
    return _EXIT_CODES[supervisor.run()]


if __name__ == "__main__":
    sys.exit(main())
