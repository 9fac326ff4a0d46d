"""Threads for work that releases the global lock: decoding, NumPy, compression, networks."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def available_cores() -> int:
    """Number of CPU cores available to this process, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def map_ahead(function: Callable[[T], R], items: Iterable[T], num_threads: int) -> Iterator[R]:
    """Yields ``function(item)`` of each item in order, while threads compute the next ones.

    Unlike :meth:`concurrent.futures.Executor.map`, it takes items only as results are taken, so that memory stays
    bounded. With one thread, it computes without any.

    Args:
        function: called in the threads.
        items: consumed in the calling thread, at most ``2 * num_threads`` ahead.
        num_threads: number of threads, at least 1.

    Example:
        >>> list(map_ahead(abs, [-1, -2, -3], 2))
        [1, 2, 3]
    """
    if num_threads == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(num_threads)
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= 2 * num_threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
