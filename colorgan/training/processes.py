"""The processes of one training: what they decide together, and whether all are there."""

import os
import select
import threading
from collections.abc import Callable, Mapping
from typing import Any

_parents: list["ProcessWatch"] = []
_WATCH_INTERVAL = 0.2
_GRACE_PERIOD = 2.0
"""Seconds."""

_stores: list[Any] = []
"""Kept open, because the first process may serve them to the others."""


def decided_by_first_process(name: str, decide: Callable[[], str]) -> str:
    """Decides something in the first of the processes that ``torchrun`` has started, and tells all others.

    Lightning's own processes start after the first one and inherit its environment; they need none of this.

    Args:
        name: of what is decided.
        decide: returns it; called in the first process only.

    Returns:
        The same text in every process.
    """
    rank = os.environ.get("RANK")
    if rank is None or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return decide()
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]
    from torch.distributed.rendezvous import rendezvous

    if not _stores:
        _stores.append(next(rendezvous("env://"))[0])
    store = PrefixStore("colorgan", _stores[0])
    if int(rank) == 0:
        decided = decide()
        store.set(name, decided)
        return decided
    return str(store.get(name).decode())


def watch_parent() -> None:
    """Ends this process with the one that started it, if Lightning's first process did; it would wait in vain."""
    if os.environ.get("LOCAL_RANK", "0") != "0" and not {"RANK", "SLURM_PROCID"} & os.environ.keys():
        _parents.append(ProcessWatch({0: os.getppid()}, lambda _: os._exit(1)))


def leave_parent() -> None:
    """Ends what :func:`watch_parent` began, such as when the processes watch each other."""
    while _parents:
        _parents.pop().close()


class ProcessWatch:
    """Notices when one of several processes of this machine ends, while the main thread may be waiting for it.

    Args:
        pids: numbers of the processes by rank.
        on_end: called in a thread, once, with the rank of a process that has ended.
    """

    def __init__(self, pids: Mapping[int, int], on_end: Callable[[int], None]) -> None:
        self._handles = {rank: _handle(pid) for rank, pid in pids.items()}
        self._on_end = on_end
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="process-watch", daemon=True).start()

    def ended(self) -> list[int]:
        """The ranks of the processes that have ended."""
        return [rank for rank, has_ended in self._handles.items() if has_ended()]

    def close(self) -> None:
        """Stops watching."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(_WATCH_INTERVAL):
            if ended := self.ended():
                # the main thread may be about to finish, or to receive an error of the connection
                if not self._closed.wait(_GRACE_PERIOD):
                    self._on_end(ended[0])
                return


def _handle(pid: int) -> Callable[[], bool]:
    """Returns a function that tells whether a process has ended, also if another one gets its number."""
    try:
        descriptor = os.pidfd_open(pid)  # type: ignore[attr-defined,unused-ignore]  # Linux
    except ProcessLookupError:
        return lambda: True
    except (AttributeError, OSError):
        return lambda: not _exists(pid)
    return lambda: bool(select.select([descriptor], [], [], 0)[0])  # readable once it has ended


def _exists(pid: int) -> bool:
    if os.name == "nt":  # where any signal ends a process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
