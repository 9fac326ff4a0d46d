"""Training in several processes ends when one of them is gone."""

import contextlib
import functools
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from colorgan.errors import ColorganError, TrainingInterruptedError
from colorgan.inference.run_folder import RunFolder
from colorgan.training.processes import ProcessWatch, leave_parent

_PATIENCE = 5.0
"""Seconds between the end of a connection and that of the process at its other end."""


class RankWatch(Callback):
    """Ends all processes with one sentence if one of them is killed or fails.

    The others would wait for it, for up to half an hour, or end with a traceback of their connections. Each process
    watches those of the same machine. On other machines, the connections report it.
    """

    def __init__(self) -> None:
        self._watch: ProcessWatch | None = None
        self._last: Path | None = None
        self._rank = 0
        self._ranks: list[int] = []

    def attach(self, trainer: Trainer) -> None:
        """Makes a trainer start the watch as soon as its processes are connected, before they decode photos.

        Hooks of callbacks come later, after a barrier at which a process may wait for days.
        """
        trainer.strategy.setup_environment = functools.partial(self._connect, trainer)  # type: ignore[method-assign]

    def _connect(self, trainer: Trainer) -> None:
        type(trainer.strategy).setup_environment(trainer.strategy)
        if trainer.world_size == 1 or not torch.distributed.is_initialized():
            return
        leave_parent()
        _disarm_observer(trainer)
        places: list[tuple[str, int]] = [("", 0)] * trainer.world_size
        torch.distributed.all_gather_object(places, (socket.gethostname(), os.getpid()))
        self._rank, own = trainer.global_rank, places[trainer.global_rank]
        others = {rank: pid for rank, (host, pid) in enumerate(places) if host == own[0] and pid != own[1]}
        self._ranks = [*others]
        self._last = RunFolder(Path(trainer.default_root_dir)).last_checkpoint if trainer.state.fn == "fit" else None
        self._watch = ProcessWatch(others, self._stop)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Stops to watch when all processes have finished."""
        if self._watch is not None:
            trainer.strategy.barrier("finished")
            self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Waits for the others if all stop together, and explains the error of a connection.

        Raises:
            ColorganError: instead of an exception that another process has caused by its end.
            SystemExit: likewise, if another process says so.
        """
        watch = self._watch
        if watch is not None and isinstance(exception, TrainingInterruptedError | SystemExit):
            with contextlib.suppress(RuntimeError):  # of the connection to a process that has left otherwise
                trainer.strategy.barrier("stopped")
        self._close()
        if trainer.world_size == 1 or not isinstance(exception, RuntimeError):
            return
        deadline = time.monotonic() + _PATIENCE
        while not (ended := watch.ended() if watch is not None else []) and time.monotonic() < deadline:
            time.sleep(0.05)
        if ended or isinstance(exception, torch.distributed.DistError) or "/gloo/" in str(exception):
            if self._speaks(ended):
                raise ColorganError(self._sentence(ended)) from exception
            raise SystemExit(1) from exception

    def _stop(self, rank: int) -> None:
        """Ends this process while its main thread is waiting for another one."""
        if self._watch is not None and self._speaks(ended := self._watch.ended()):
            print(f"error: {self._sentence(ended)}", file=sys.stderr, flush=True)  # noqa: T201 (nothing catches it)
        os._exit(1)

    def _close(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _speaks(self, ended: list[int]) -> bool:
        """Whether this is the first of the processes that are left."""
        return self._rank < min({*self._ranks} - {*ended}, default=self._rank + 1)

    def _sentence(self, ended: list[int]) -> str:
        who = f"process {', '.join(map(str, ended))}" if ended else "another process"
        resume = f"; resume with --ckpt_path {self._last}" if self._last is not None and self._last.is_file() else ""
        return (
            f"{who} of this training has ended (killed, out of memory, or with an error of its own), so that the "
            f"others cannot go on{resume}"
        )


def _disarm_observer(trainer: Trainer) -> None:
    """Keeps Lightning from killing this process, before it can say why, when one of those it started has ended.

    Its observer looks at a list, of which the launcher gets a copy.
    """
    launcher = trainer.strategy.launcher
    processes = getattr(launcher, "procs", [])
    if processes and all(isinstance(process, subprocess.Popen) for process in processes):
        launcher.procs = [*processes]  # type: ignore[union-attr]
        processes.clear()
