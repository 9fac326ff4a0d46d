"""Commands in forked processes, which have everything imported and can be killed."""

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import albumentations  # noqa: F401 (imported before the processes are forked)
import torch

import colorgan.cli.trainer
from colorgan.cli import main

colorgan.cli.trainer  # noqa: B018 (likewise)


def exit_with(work: Callable[[], int]) -> NoReturn:
    """Ends a forked process with the result of a function; nothing of the test's own runs in it."""
    code = 70
    try:
        code = work()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Command:
    """A command in a forked process.

    Args:
        args: as on the command line.
        folder: working folder.
        log: file for everything it prints.
        **environment: variables.
    """

    def __init__(self, args: Sequence[str], folder: Path, log: Path, **environment: str) -> None:
        self.log = log
        self.started = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            exit_with(lambda: self._run(args, folder, environment))

    def _run(self, args: Sequence[str], folder: Path, environment: dict[str, str]) -> int:
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        os.chdir(folder)
        os.environ.update(environment)
        sys.path[:0] = environment.get("PYTHONPATH", "").split(os.pathsep)
        torch.set_num_threads(1)
        return main([*args])

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends a signal."""
        os.kill(self.pid, number)

    def wait(self, timeout: float = 60.0) -> int | None:
        """The exit code, negative after a signal; ``None`` if it has not ended in time, and is then killed."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        self.kill()
        os.waitpid(self.pid, 0)
        return None

    @property
    def output(self) -> str:
        """Everything that it has printed so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


def two_ranks(args: Sequence[str], folder: Path, log: Path, **environment: str) -> list[Command]:
    """A command in two processes, as ``torchrun`` starts them."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        number = port.getsockname()[1]
    options = ["--trainer.devices=2", "--trainer.strategy=ddp_find_unused_parameters_true"]
    environment |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(number),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "GROUP_RANK": "0",
        "TORCHELASTIC_RUN_ID": "test",
    }
    return [
        Command(
            [*args, *options], folder, log.with_suffix(f".{rank}"), RANK=str(rank), LOCAL_RANK=str(rank), **environment
        )
        for rank in range(2)
    ]
