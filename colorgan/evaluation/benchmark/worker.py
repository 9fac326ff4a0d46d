"""Trains one run of a grid in its own process, stops it when the grid ends, and records the outcome.

The grid starts a small supervisor process, which executes this module without importing torch and starts ``fit``. The
supervisor reads the job from a pipe and then waits for the pipe to close, which happens however the grid ends. So no
run outlives its grid, and a run that is stopped has saved a checkpoint from which it can resume.
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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Literal, cast

from colorgan import __version__
from colorgan.evaluation.benchmark.grid import Run
from colorgan.evaluation.benchmark.records import GridRunFolder, Record
from colorgan.inference import run_folder
from colorgan.system.signals import STOP_SIGNALS

Outcome = Literal["finished", "failed", "interrupted", "busy"]

KILLED = "killed by "
"""How the error of a run begins whose process was killed."""
_EXIT_CODES: dict[Outcome, int] = {"finished": 0, "failed": 1, "interrupted": 3, "busy": 75}
_GRACE_PERIOD = 0.5
"""Seconds between the end of the grid and the signal to ``fit``, which may have received the same Ctrl-C itself."""
_WATCH_INTERVAL = 1.0
"""Seconds between the questions whether a run is to be stopped."""
_STDIN = 0
"""Descriptor of the pipe from the grid."""
_INTERRUPTED_CODES = {code for number in STOP_SIGNALS for code in (128 + number, -number)}


@dataclass(frozen=True)
class Job:
    """The input of a supervisor.

    Attributes:
        grid: folder of the grid.
        name: name of the run.
        digest: hash of its configuration.
        overlays: names and texts of the layers of its configuration.
        arguments: arguments of the command after the overlays.
        command: the command that trains, to which ``--config FILE`` is appended for each overlay.
    """

    grid: str
    name: str
    digest: str
    overlays: Sequence[tuple[str, str]]
    arguments: Sequence[str]
    command: Sequence[str]

    @classmethod
    def of(cls, run: Run, folder: Path, command: Sequence[str]) -> "Job":
        """The job that trains a run.

        Args:
            run: the run.
            folder: folder of the grid.
            command: the command that trains a colorizer, which ends with ``fit``.
        """
        runs = str(GridRunFolder(folder.absolute(), run.name).path.parent)
        overlays = [(overlay.name, run.text_of(overlay, runs)) for overlay in run.variant.overlays]
        full_command = (*command[:-1], *filter(None, [run.variant.command]), command[-1])
        return cls(str(folder.absolute()), run.name, run.digest, overlays, run.arguments, full_command)


def supervise(job: Job, should_stop: Callable[[], bool] | None = None) -> Outcome:
    """Trains a run in its own process and waits for it.

    Args:
        job: the run.
        should_stop: asked every second while the run trains; the run is interrupted when it returns true.

    Returns:
        The outcome; ``busy`` if another process is training the run.

    Raises:
        KeyboardInterrupt: after the run has saved a checkpoint and stopped.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "colorgan.evaluation.benchmark.worker"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    with cast("IO[bytes]", process.stdin) as pipe:
        with contextlib.suppress(BrokenPipeError):  # it died at once, which its exit code shows
            pipe.write(json.dumps(asdict(job)).encode() + b"\n")
            pipe.flush()
        try:
            code = _wait(process, pipe, should_stop)
        except BaseException:
            pipe.close()
            process.wait()
            raise
    return next((outcome for outcome, number in _EXIT_CODES.items() if number == code), "failed")


def _wait(process: subprocess.Popen[bytes], pipe: IO[bytes], should_stop: Callable[[], bool] | None) -> int:
    while should_stop is not None and process.poll() is None:
        if should_stop():
            pipe.close()
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_WATCH_INTERVAL)
    return process.wait()


class _Supervisor:
    """Starts, stops and waits for the process of ``fit``."""

    def __init__(self, job: Job) -> None:
        self.job, self.folder = job, GridRunFolder(Path(job.grid), job.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def run(self) -> Outcome:
        with self.folder.lock() as descriptor:
            if descriptor is None:
                return "busy"
            attempts = self.folder.begin_attempt(self.job.digest)
            self.folder.remove_record()
            started = time.monotonic()
            log_start = self.folder.log.stat().st_size if self.folder.log.exists() else 0
            code = self._fit(descriptor)
            seconds = self.folder.end_attempt(time.monotonic() - started)
            if code != 0 and (self._stopping.is_set() or code in _INTERRUPTED_CODES):
                return "interrupted"
            self.folder.write_record(
                Record(
                    status="finished" if code == 0 else "failed",
                    digest=self.job.digest,
                    error=_failure_reason(code, self.folder.log, log_start),
                    seconds=round(seconds, 1),
                    attempts=attempts,
                    ended=time.time(),
                    host=socket.gethostname(),
                    device=_device(),
                    version=__version__,
                )
            )
            return "finished" if code == 0 else "failed"

    def _fit(self, descriptor: int) -> int:
        """Runs ``fit``, which inherits the lock, so that no other process trains this run meanwhile."""
        inherited = () if os.name == "nt" else (descriptor,)
        with self.folder.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (the command comes from the command line)
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, run_folder.VARIABLE: str(self.folder.path)},
                pass_fds=inherited,
            )
            if self._stopping.is_set():
                self._process.terminate()
            return self._process.wait()

    def _command(self) -> list[str]:
        command = [*self.job.command]
        for number, (name, text) in enumerate(self.job.overlays):
            file = self.folder.path / "overlays" / f"{number:02}_{name}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            command += ["--config", str(file)]
        command += self.job.arguments
        if self.folder.last_checkpoint.is_file():
            command.append(f"--ckpt_path={self.folder.last_checkpoint}")
        return command

    def expect_stop(self) -> None:
        """Treats any later failure of ``fit`` as an interruption."""
        self._stopping.set()

    def stop(self) -> None:
        """Makes ``fit`` save a checkpoint and stop."""
        self.expect_stop()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop_when_pipe_closes(self) -> None:
        """Waits until the grid ends or dies, then stops ``fit``."""
        while os.read(_STDIN, 1024):  # not sys.stdin, whose lock a waiting thread would hold at exit
            pass
        self.expect_stop()
        time.sleep(_GRACE_PERIOD)
        self.stop()


def _failure_reason(code: int, log: Path, start: int) -> str:
    """The reason why ``fit`` failed, from its exit code and its log.

    >>> _failure_reason(-9, Path("missing"), 0)
    'killed by SIGKILL, possibly because the machine ran out of memory'
    """
    if code == 0:
        return ""
    if code < 0:
        name = signal.Signals(-code).name
        return f"{KILLED}{name}{', possibly because the machine ran out of memory' if name == 'SIGKILL' else ''}"
    with log.open("rb") as stream:
        stream.seek(start)
        lines = stream.read().decode("utf-8", errors="replace").splitlines()
    return find_error(lines) or f"ended with exit code {code} and no output"


def find_error(lines: Iterable[str]) -> str:
    """Finds the error message in a log: the last ``error:``, else the last exception, else the last line.

    >>> find_error(["error: there is no folder x", "(`colorgan fit --help` lists all options)", ""])
    'there is no folder x'
    >>> find_error(["Traceback (most recent call last):", "RuntimeError: CUDA error"])
    'RuntimeError: CUDA error'
    """
    messages = [line.strip() for line in lines if line.strip()]
    for line in reversed(messages):
        if line.startswith("error: "):
            return line.removeprefix("error: ")
    for line in reversed(messages):
        if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line):
            return line
    return messages[-1] if messages else ""


def _device() -> str:
    """Name of the first visible GPU, or of the processor."""
    if tool := shutil.which("nvidia-smi"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            query = subprocess.run(  # noqa: S603
                [tool, "--query-gpu=name", "--format=csv,noheader"],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
            return query.stdout.splitlines()[0].strip() if query.stdout.strip() else platform.machine()
    return f"{os.cpu_count()} CPU cores, {platform.machine()}"


def main() -> int:
    """Trains the job that is read from the standard input.

    Returns:
        The exit code, which stands for the outcome.
    """
    with open(_STDIN, "rb", buffering=0, closefd=False) as pipe:
        supervisor = _Supervisor(Job(**json.loads(pipe.readline())))
    # handlers instead of SIG_IGN, which `fit` would inherit
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, lambda number, frame: supervisor.stop())
    signal.signal(signal.SIGINT, lambda number, frame: supervisor.expect_stop())  # `fit` receives it from the terminal
    threading.Thread(target=supervisor.stop_when_pipe_closes, daemon=True).start()
    return _EXIT_CODES[supervisor.run()]


if __name__ == "__main__":
    sys.exit(main())
