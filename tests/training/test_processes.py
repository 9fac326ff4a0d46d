"""Processes of one training agree on their folder, and notice when one of them ends."""

import multiprocessing
import os
import queue
import signal
import socket
import time
from typing import Any

import pytest
import torch

from colorgan.training.processes import ProcessWatch, decided_by_first_process

context = multiprocessing.get_context("fork")


def test_single_process_decides_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    assert decided_by_first_process("folder", lambda: "here") == "here"


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no distributed training")
def test_processes_of_torchrun_get_the_decision_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MASTER_PORT", str(free.getsockname()[1]))
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    decided: Any = context.Queue()

    def decide(rank: int) -> None:
        os.environ["RANK"] = str(rank)
        names = ("folder", "other")
        decided.put([decided_by_first_process(name, lambda name=name: f"{name} of {rank}") for name in names])
        time.sleep(2 * (rank == 0))  # the first one serves the others

    processes = [context.Process(target=decide, args=(rank,)) for rank in range(3)]
    for process in processes:
        process.start()
    assert [decided.get(timeout=60) for _ in processes] == [["folder of 0", "other of 0"]] * 3
    for process in processes:
        process.join()


@pytest.fixture
def sleeper() -> Any:
    process = context.Process(target=time.sleep, args=(300,))
    process.start()
    yield process
    process.kill()
    process.join()


def test_end_of_a_process_is_noticed_once(sleeper: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorgan.training.processes._GRACE_PERIOD", 0.1)
    noticed: queue.Queue[int] = queue.Queue()
    watch = ProcessWatch({3: sleeper.pid, 4: os.getpid()}, noticed.put)
    assert watch.ended() == []
    os.kill(sleeper.pid, signal.SIGKILL)  # it is not waited for: its number stays
    assert noticed.get(timeout=30) == 3
    assert watch.ended() == [3]
    with pytest.raises(queue.Empty):
        noticed.get(timeout=0.5)


def test_closed_watch_notices_nothing(sleeper: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorgan.training.processes._GRACE_PERIOD", 0.5)
    noticed: queue.Queue[int] = queue.Queue()
    watch = ProcessWatch({1: sleeper.pid}, noticed.put)
    os.kill(sleeper.pid, signal.SIGKILL)
    time.sleep(0.3)  # within the grace period, as of a process that finishes
    watch.close()
    with pytest.raises(queue.Empty):
        noticed.get(timeout=1)
