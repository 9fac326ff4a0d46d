"""A bounded job queue with a single worker thread, so that colorizing never blocks the event loop."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class QueueFullError(Exception):
    """The maximum number of jobs is already waiting, of all clients or of this one."""


class JobQueue:
    """Runs one job at a time and lets a limited number of others wait.

    A network uses all cores anyway, and with one photo at a time the server never needs memory for two.

    Args:
        max_waiting: maximum number of jobs that may wait while another one runs. One client may have half as many jobs,
            so that it cannot take all places.
    """

    def __init__(self, max_waiting: int = 8) -> None:
        self._max_jobs = max_waiting + 1
        self._max_jobs_per_client = max(1, max_waiting // 2)
        self._num_jobs: Counter[str] = Counter()
        self._num_patient: Counter[str] = Counter()
        self._job_ended = asyncio.Event()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="colorgan-worker")

    async def run(self, client: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in the worker thread and returns its result.

        Args:
            client: who asks for it.
            function: the function.
            args: its arguments.
            kwargs: its keyword arguments.

        Raises:
            QueueFullError: if too many jobs are waiting.
        """
        if not self._has_room(client):
            raise QueueFullError
        self._num_jobs[client] += 1
        try:
            return await asyncio.wrap_future(self._executor.submit(function, *args, **kwargs))
        finally:
            self._num_jobs -= Counter([client])  # clients without jobs are forgotten
            self._job_ended.set()

    async def wait_for_room(self, client: str, seconds: float) -> None:
        """Waits until the client may add a job, for those that should not be rejected after a long upload.

        Args:
            client: who is going to call :meth:`run`.
            seconds: maximum time to wait.

        Raises:
            QueueFullError: if there is no room in time, or the client waits in too many places already.
        """
        if self._num_patient[client] >= self._max_jobs:
            raise QueueFullError
        self._num_patient[client] += 1
        try:
            async with asyncio.timeout(seconds):
                while not self._has_room(client):
                    self._job_ended.clear()
                    await self._job_ended.wait()
        except TimeoutError as error:
            raise QueueFullError from error
        finally:
            self._num_patient -= Counter([client])

    def _has_room(self, client: str) -> bool:
        return self._num_jobs.total() < self._max_jobs and self._num_jobs[client] < self._max_jobs_per_client

    def close(self) -> None:
        """Waits for the running job and cancels the waiting ones."""
        self._executor.shutdown(cancel_futures=True)
