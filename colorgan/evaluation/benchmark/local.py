"""Runs of a grid on this machine, one after the other.

Several such processes may work on the same grid in the same folder: each takes the next run that nobody has claimed,
and goes on with what another one left when it died. That is how several runs share a large GPU.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from colorgan.evaluation.benchmark.plan import Run
from colorgan.evaluation.benchmark.records import RunFolder, outcome_since
from colorgan.evaluation.benchmark.worker import FIT, Job, Outcome, supervise

_POLL = 2.0
"""Seconds between two looks at the runs that other processes have claimed."""


def train(
    runs: Sequence[Run], grid: Path, since: float, say: Callable[[str], None], command: Sequence[str] = FIT
) -> Iterator[tuple[Run, Outcome]]:
    """Trains what is not over, in a process per run.

    Args:
        runs: in the order in which they are wanted.
        grid: folder of the grid.
        since: when the grid was started, in seconds since 1970.
        say: is told what is waited for.
        command: what trains.

    Yields:
        Each run of which this process has seen the end, and how it ended.
    """
    pending = list(runs)
    announced: set[str] = set()
    while pending:
        worked = False
        for run in list(pending):
            folder = RunFolder(grid, run.name)
            if outcome_since(folder, since):
                pending.remove(run)
                continue
            if folder.is_locked():
                continue
            outcome = supervise(Job.of(run, grid, command))
            if outcome != "busy":
                worked = True
                pending.remove(run)
                yield run, outcome
        if pending and not worked:
            news = {run.name for run in pending} - announced
            if news:
                say(f"waiting for {', '.join(sorted(news))}, which another process is training")
                announced |= news
            time.sleep(_POLL)
