"""A bounded job queue with a single worker thread, so that colorizing never blocks the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class QueueFullError(Exception):
    """The maximum number of jobs is already waiting."""


class JobQueue:
    """Runs one job at a time and lets a limited number of others wait.

    A network uses all cores anyway, and with one photo at a time the server never needs memory for two.

    Args:
        max_waiting: maximum number of jobs that may wait while another one runs.
    """

    def __init__(self, max_waiting: int = 8) -> None:
        self._max_jobs = max_waiting + 1
        self._num_jobs = 0
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="colorgan-worker")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in the worker thread and returns its result.

        Raises:
            QueueFullError: if too many jobs are waiting.
        """
        if self._num_jobs >= self._max_jobs:
            raise QueueFullError
        self._num_jobs += 1
        try:
            return await asyncio.wrap_future(self._executor.submit(function, *args, **kwargs))
        finally:
            self._num_jobs -= 1

    def close(self) -> None:
        """Waits for the running job and cancels the waiting ones."""
        self._executor.shutdown(cancel_futures=True)
