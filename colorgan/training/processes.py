"""What the processes of one training share before Lightning connects them."""

import os
from collections.abc import Callable
from typing import Any

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
    from torch.distributed import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    if not _stores:
        _stores.append(next(rendezvous("env://"))[0])
    store = PrefixStore("colorgan", _stores[0])
    if int(rank) == 0:
        decided = decide()
        store.set(name, decided)
        return decided
    return str(store.get(name).decode())
