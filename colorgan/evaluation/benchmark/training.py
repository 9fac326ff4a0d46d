"""Trains the runs of a grid, on this machine or on a Ray cluster, and keeps the report up to date."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from colorgan.evaluation.benchmark import cluster, local
from colorgan.evaluation.benchmark.grid import Grid, Run
from colorgan.evaluation.benchmark.page import write_latex, write_report
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.benchmark.results import collect_results
from colorgan.evaluation.benchmark.worker import Outcome


@dataclass(frozen=True)
class Workers:
    """Where the runs of a grid are trained.

    Attributes:
        ray: address of a Ray cluster, ``local`` for a new one; ``None`` trains one run after the other.
        cpus_per_run: CPU cores per run on a cluster.
        gpus_per_run: GPUs per run on a cluster.
    """

    ray: str | None = None
    cpus_per_run: float = 1.0
    gpus_per_run: float = 0.0


def train_grid(
    grid: Grid,
    all_runs: Sequence[Run],
    runs: Sequence[Run],
    folder: Path,
    fit: Sequence[str],
    workers: Workers,
    notify: Callable[[str], None],
) -> None:
    """Trains the selected runs and updates the report after each of them.

    Args:
        grid: the grid.
        all_runs: the runs of the report.
        runs: the runs to train.
        folder: folder of the runs and the report.
        fit: the command that trains a run.
        workers: where the runs are trained.
        notify: receives a line when a run starts or ends.
    """
    since = time.time()
    outcomes: Iterable[tuple[Run, Outcome]]
    if workers.ray is None:
        outcomes = local.train(runs, folder, fit, since, notify)
    else:
        outcomes = cluster.train(runs, folder, fit, since, workers.ray, workers.cpus_per_run, workers.gpus_per_run)
    for run, outcome in outcomes:
        update_report(grid, all_runs, folder)
        records = [record for other in runs if (record := GridRunFolder(folder, other.name).record())]
        ended = len(records)
        left = _time_left(time.time() - since, sum(record.ended >= since for record in records), len(runs) - ended)
        notify(f"[{ended}/{len(runs)}] {run.name}: {_describe(GridRunFolder(folder, run.name), outcome)}{left}")


def _time_left(seconds: float, ended: int, remaining: int) -> str:
    """An estimate from the runs that have ended since the start, in whichever process, as the end of a sentence.

    >>> _time_left(300, 2, 4), _time_left(7200, 1, 3), _time_left(60, 2, 0)
    ('; about 10 min left', '; about 6.0 h left', '')
    """
    if not remaining or not ended:
        return ""
    left = seconds / ended * remaining
    return f"; about {left / 3600:.1f} h left" if left >= 2 * 3600 else f"; about {max(1, round(left / 60))} min left"


def update_report(grid: Grid, runs: Sequence[Run], folder: Path, latex: bool = False) -> Path:
    """Writes the report of the results so far.

    Args:
        grid: the grid.
        runs: the runs of the report.
        folder: folder of the runs and the report.
        latex: also writes the tables as ``report.tex``.

    Returns:
        The path of the page.
    """
    results = collect_results(grid, runs, folder)
    if latex:
        write_latex(results, folder / "report.tex")
    return write_report(results, folder)


def _describe(folder: GridRunFolder, outcome: Outcome) -> str:
    record = folder.record()
    if record is None:
        return f"{outcome}; it resumes when the benchmark is started again"
    if record.status == "failed":
        return f"failed: {record.error} (log: {folder.log})"
    return f"finished after {record.seconds:.0f} s"
