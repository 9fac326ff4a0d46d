"""The line in front of the one worker that colors: bounded, and never in the way of the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Busy(Exception):  # noqa: N818 (a state of affairs: whoever meets it comes back a little later)
    """As much is waiting as may wait."""


class Line:
    """One worker, and a bounded number of jobs that wait for it.

    One photo is colored at a time: a network uses all cores anyway, and the memory for one photo is the memory needed.

    Args:
        waiting: how many jobs may wait while one is worked on.
    """

    def __init__(self, waiting: int = 8) -> None:
        self._most = waiting + 1
        self._jobs = 0
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="colorgan-worker")

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs work in its turn and returns what it returns.

        Raises:
            Busy: if too many are waiting already.
        """
        if self._jobs >= self._most:
            raise Busy
        self._jobs += 1
        try:
            return await asyncio.wrap_future(self._worker.submit(work, *args, **kwargs))
        finally:
            self._jobs -= 1

    def close(self) -> None:
        """Lets the job at work end; those that wait are given up."""
        self._worker.shutdown(cancel_futures=True)
