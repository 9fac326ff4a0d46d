"""Grids on a local Ray cluster."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark import cluster
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.records import GridRunFolder
from tests.evaluation.benchmark.test_local import is_alive, starts, wait_for
from tests.helpers import FAKE_FIT

WriteGrid = Callable[..., Path]


def test_missing_ray_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ColorganError, match="run: pip install ray"):
        next(cluster.train([], tmp_path, FAKE_FIT, time.time()))


def test_insufficient_resources_are_rejected() -> None:
    resources = {"CPU": 2.0}
    cluster._check_resources(resources, cpus=2, gpus=0)
    with pytest.raises(ColorganError, match="--cpus-per-run 4 is more than the 2 CPUs"):
        cluster._check_resources(resources, cpus=4, gpus=0)
    with pytest.raises(ColorganError, match="--gpus-per-run 0.25 is more than the 0 GPUs"):
        cluster._check_resources(resources, cpus=1, gpus=0.25)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_grid_survives_the_death_of_a_worker(write_grid: WriteGrid, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra ray")
    slow: dict[str, Any] = {"epochs": 60, "seconds": 0.3}
    groups = {"a": {"runs": {"x": slow, "y": slow, "z": None, "bad": {"fail": "no data"}}}}
    runs, folder = read_grid(write_grid(seeds=[1], groups=groups)).runs(), tmp_path / "out"
    victim, other = (GridRunFolder(folder, f"a-{name}-seed1") for name in "xy")
    killed: list[int] = []

    def kill_the_worker() -> None:
        for folder_of_run in (victim, other):
            wait_for(folder_of_run.last_checkpoint.is_file, 120)
        assert victim.record() is None
        assert other.record() is None  # they run at the same time
        (fit, _) = starts(folder, victim.name)[0]
        worker = parent(parent(fit))  # the parent of fit is its supervisor, whose parent is the Ray worker
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: not is_alive(fit), 30)
        killed.append(worker)

    thread = threading.Thread(target=kill_the_worker)
    thread.start()
    cpus_per_run = max(1, (os.cpu_count() or 2) // 2)
    results = cluster.train(runs, folder, FAKE_FIT, time.time(), cpus=cpus_per_run)
    outcomes = {run.name: outcome for run, outcome in results}
    thread.join()
    assert len(killed) == 1
    assert outcomes == {
        "a-x-seed1": "finished",
        "a-y-seed1": "finished",
        "a-z-seed1": "finished",
        "a-bad-seed1": "failed",
    }
    attempts = starts(folder, victim.name)
    assert len(attempts) == 2
    assert attempts[1][1] > 0  # resumed from its last checkpoint
    assert len(starts(folder, "a-y-seed1")) == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_grid_survives_the_loss_of_a_machine(write_grid: WriteGrid, tmp_path: Path) -> None:
    """A cluster of two machines, each with a core; one is switched off in the middle."""
    pytest.importorskip("ray", reason="needs the extra ray")
    from ray.cluster_utils import Cluster

    slow: dict[str, Any] = {"epochs": 100, "seconds": 0.3}
    groups = {"a": {"runs": {"w": slow, "x": slow, "y": None, "z": None}}}
    runs, folder = read_grid(write_grid(seeds=[1], groups=groups)).runs(), tmp_path / "out"
    machines = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        lost = machines.add_node(num_cpus=1)
        names = ["a-w-seed1", "a-x-seed1"]

        def switch_off() -> None:
            for name in names:
                wait_for(GridRunFolder(folder, name).last_checkpoint.is_file, 240)
            machines.remove_node(lost, allow_graceful=False)

        thread = threading.Thread(target=switch_off)
        thread.start()
        outcomes = {
            run.name: outcome for run, outcome in cluster.train(runs, folder, FAKE_FIT, time.time(), machines.address)
        }
        thread.join()
        assert lost not in machines.worker_nodes
    finally:
        machines.shutdown()
    assert outcomes == {f"a-{name}-seed1": "finished" for name in "wxyz"}
    attempts = sorted((starts(folder, name) for name in names), key=len)
    assert [len(each) for each in attempts] == [1, 2]  # one run was on the machine that was lost
    assert attempts[1][1][1] > 0  # it resumed from its last checkpoint
    assert all(len(starts(folder, f"a-{name}-seed1")) == 1 for name in "yz")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
