"""Trains the runs of a grid on several GPUs and machines with Ray (the extra ``ray``).

Each run is a task, which Ray schedules. If its worker dies, the task is rescheduled and the run resumes from its last
checkpoint. All machines must share the folder of the grid.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import Run, needed_runs
from colorgan.evaluation.benchmark.records import GridRunFolder, outcome_since
from colorgan.evaluation.benchmark.worker import Job, Outcome, supervise

_POLL_INTERVAL = 2.0
_MAX_RETRIES = 5
"""Times that a run is rescheduled after the death of its worker."""


def train(
    runs: Sequence[Run],
    folder: Path,
    command: Sequence[str],
    since: float,
    address: str = "local",
    cpus: float = 1.0,
    gpus: float = 0.0,
) -> Iterator[tuple[Run, Outcome]]:
    """Trains the runs that are not complete as tasks of a Ray cluster.

    Args:
        runs: in order of priority.
        folder: folder of the grid, the same on all machines.
        command: the command that trains a run.
        since: start of the grid in seconds since 1970; runs that failed earlier are retried.
        address: address of the cluster; ``auto`` joins the cluster of this machine, ``local`` starts a new one on it.
        cpus: CPU cores per run.
        gpus: GPUs per run; with 0.25, four runs share one GPU.

    Yields:
        Each run when it ends, with its outcome.

    Raises:
        ColorganError: if Ray is not installed, the cluster cannot be joined, or no machine has enough resources.
    """
    ray = _connect(address)
    try:
        _check_resources(ray.cluster_resources(), cpus, gpus)
        task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=_MAX_RETRIES)(_train_to_end)
        open_runs = [run for run in runs if outcome_since(GridRunFolder(folder, run.name), since) is None]
        tasks: dict[str, Any] = {}
        for run in open_runs:
            needed = [tasks[other.name] for other in needed_runs(run, open_runs)]
            tasks[run.name] = task.options(name=run.name).remote(Job.of(run, folder, command), since, *needed)
        pending = {tasks[run.name]: run for run in open_runs}
        while pending:
            ready, _ = ray.wait(list(pending), num_returns=1)
            for reference in ready:
                run = pending.pop(reference)
                yield run, _outcome(ray, reference)
    finally:
        ray.shutdown()


def _train_to_end(job: Job, since: float, *_: Outcome) -> Outcome:
    """The Ray task. It waits if the processes of a dead worker are still saving the run.

    Ray starts it when the outcomes of the runs that it needs are there.
    """
    while True:
        outcome = outcome_since(GridRunFolder(Path(job.grid), job.name), since) or supervise(job)
        if outcome != "busy":
            return outcome
        time.sleep(_POLL_INTERVAL)


def _outcome(ray: Any, reference: Any) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayError:  # its workers died repeatedly; the next start of the grid resumes the run
        return "interrupted"
    return outcome


def _connect(address: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # do not send usage statistics
    try:
        import ray
    except ImportError as error:
        raise ColorganError("--ray needs Ray, which is not installed; run: pip install ray") from error
    options: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            configure_logging=False,
            **options,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ColorganError(
            f"the Ray cluster {address!r} cannot be joined ({error}); `ray status` shows running clusters"
        ) from error
    return ray


def _check_resources(available: dict[str, float], cpus: float, gpus: float) -> None:
    """Rejects tasks that no machine can run, which would wait forever."""
    for name, required, option in (("CPU", cpus, "--cpus-per-run"), ("GPU", gpus, "--gpus-per-run")):
        if required > available.get(name, 0.0):
            raise ColorganError(
                f"{option} {required:g} is more than the {available.get(name, 0.0):g} {name}s of the Ray cluster; "
                "ask for less or join a larger cluster"
            )
