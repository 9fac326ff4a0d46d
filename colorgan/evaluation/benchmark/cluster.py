"""Runs of a grid on several GPUs and machines, placed by Ray (the extra ``ray``).

Ray decides where and when; a task is one run. A task whose worker dies is put elsewhere and goes on from the run's last
checkpoint. The folder of the grid must be one that all machines see.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.plan import Run
from colorgan.evaluation.benchmark.records import RunFolder, outcome_since
from colorgan.evaluation.benchmark.worker import FIT, Job, Outcome, supervise

_POLL = 2.0
_RETRIES = 5
"""How often a run is put elsewhere after its worker has died."""


def train(
    runs: Sequence[Run],
    grid: Path,
    since: float,
    address: str = "local",
    cpus: float = 1.0,
    gpus: float = 0.0,
    command: Sequence[str] = FIT,
) -> Iterator[tuple[Run, Outcome]]:
    """Trains what is not over, as tasks of a Ray cluster.

    Args:
        runs: in the order in which they are wanted.
        grid: folder of the grid, the same on all machines.
        since: when the grid was started, in seconds since 1970.
        address: of the cluster; ``auto`` for the one that this machine belongs to, ``local`` for a new one on it.
        cpus: CPU cores that a run takes.
        gpus: share of a GPU that a run takes; 0.25 puts four runs on one.
        command: what trains.

    Yields:
        Each run when it is over, and how it ended.

    Raises:
        ColorganError: if Ray is not installed, the cluster cannot be reached, or no machine of it is large enough.
    """
    ray = _connect(address)
    try:
        _check_resources(ray.cluster_resources(), cpus, gpus)
        task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=_RETRIES)(_run_to_its_end)
        wanted = [run for run in runs if outcome_since(RunFolder(grid, run.name), since) is None]
        waiting = {task.options(name=run.name).remote(Job.of(run, grid, command), since): run for run in wanted}
        while waiting:
            done, _ = ray.wait(list(waiting), num_returns=1)
            for reference in done:
                run = waiting.pop(reference)
                yield run, _outcome(ray, reference)
    finally:
        ray.shutdown()


def _run_to_its_end(job: Job, since: float) -> Outcome:
    """The task. The rest of a worker that has died may still be saving the run, or have ended it."""
    while True:
        outcome = outcome_since(RunFolder(Path(job.grid), job.name), since) or supervise(job)
        if outcome != "busy":
            return outcome
        time.sleep(_POLL)


def _outcome(ray: Any, reference: Any) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayError:  # its workers died again and again; the run goes on with the next grid
        return "interrupted"
    return outcome


def _connect(address: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report to its makers
    try:
        import ray
    except ImportError as error:
        raise ColorganError("--ray needs Ray: pip install 'colorgan[ray]'") from error
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
            f"the Ray cluster {address!r} cannot be joined ({error}); `ray status` shows what runs"
        ) from error
    return ray


def _check_resources(available: dict[str, float], cpus: float, gpus: float) -> None:
    """A task that fits nowhere would wait for ever."""
    for name, wanted, option in (("CPU", cpus, "--cpus-per-run"), ("GPU", gpus, "--gpus-per-run")):
        if wanted > available.get(name, 0.0):
            raise ColorganError(
                f"{option} {wanted:g} is more than the {available.get(name, 0.0):g} {name}s of the Ray cluster; "
                "ask for less or join a larger one"
            )
