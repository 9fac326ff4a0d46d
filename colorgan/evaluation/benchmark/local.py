"""Trains the runs of a grid on this machine, one after the other.

Several such processes may work on the same grid in the same folder, for example to share a large GPU: each takes the
next run that no other process has locked, and resumes runs whose process has died.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from colorgan.evaluation.benchmark.grid import Run, needed_runs
from colorgan.evaluation.benchmark.records import GridRunFolder, outcome_since
from colorgan.evaluation.benchmark.worker import Job, Outcome, supervise

_POLL_INTERVAL = 2.0
"""Seconds between checks of the runs that other processes have locked."""


def train(
    runs: Sequence[Run], folder: Path, command: Sequence[str], since: float, notify: Callable[[str], None]
) -> Iterator[tuple[Run, Outcome]]:
    """Trains the runs that are not complete, each in its own process.

    Args:
        runs: in order of priority.
        folder: folder of the grid.
        command: the command that trains a run.
        since: start of the grid in seconds since 1970; runs that failed earlier are retried.
        notify: called with a message when runs of other processes are awaited.

    Yields:
        Each run that ended in this process, with its outcome.
    """
    pending = list(runs)
    announced: set[str] = set()
    while pending:
        trained = False
        for run in list(pending):
            run_folder = GridRunFolder(folder, run.name)
            if outcome_since(run_folder, since):
                pending.remove(run)
                continue
            if run_folder.is_locked() or needed_runs(run, pending):
                continue
            outcome = supervise(Job.of(run, folder, command))
            if outcome != "busy":
                trained = True
                pending.remove(run)
                yield run, outcome
        if pending and not trained:
            locked = {run.name for run in pending if not needed_runs(run, pending)} - announced
            if locked:
                notify(f"waiting for {', '.join(sorted(locked))}, which another process is training")
                announced |= locked
            time.sleep(_POLL_INTERVAL)
