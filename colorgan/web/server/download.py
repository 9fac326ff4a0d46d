"""Sends colorized files, a few at a time to one client."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from colorgan.web.server.job_queue import QueueFullError

_MAX_DOWNLOADS = 4
_CHUNK_SIZE = 1 << 18


class DownloadLimit:
    """Limits the colorized files of one client that are on the disk until the client has read them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    @contextlib.contextmanager
    def one_of(self, client: str) -> Iterator[None]:
        """Counts a download of a client for the duration of the ``with`` block.

        Raises:
            QueueFullError: if the client has as many as it may have.
        """
        if self._counts[client] >= _MAX_DOWNLOADS:
            raise QueueFullError
        self._counts[client] += 1
        try:
            yield
        finally:
            self._counts -= Counter([client])


class Download(StreamingResponse):
    """Sends a file, and closes what is no longer needed then, even if the client is gone before the first byte.

    Args:
        file: the file, positioned at its start.
        ends: what to close.
        options: those of a response.
    """

    def __init__(self, file: BinaryIO, ends: contextlib.ExitStack, **options: Any) -> None:
        super().__init__(iter(lambda: file.read(_CHUNK_SIZE), b""), **options)
        self._ends = ends

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the response, as the protocol ASGI wants it."""
        with self._ends:
            await super().__call__(scope, receive, send)
