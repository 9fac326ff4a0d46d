"""Maps exceptions to HTTP responses of the form ``{"error": message}``."""

import errno
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from colorgan.errors import ColorganError
from colorgan.web.server.job_queue import QueueFullError
from colorgan.web.server.requests import BodyTooLargeError, BodyTooSlowError
from colorgan.web.server.session_store import ReferenceExpiredError, SessionExpiredError

_log = logging.getLogger(__name__)


async def _session_expired(request: Request, error: Exception) -> Response:
    return _error(404, "this upload has expired or does not exist; send the photo again", expired="photo")


async def _reference_expired(request: Request, error: Exception) -> Response:
    return _error(404, "the reference photo has expired or does not exist; send it again", expired="reference")


async def _queue_full(request: Request, error: Exception) -> Response:
    return _error(503, "too many photos are waiting; try again in a moment", {"retry-after": "2"})


async def _body_too_large(request: Request, error: Exception) -> Response:
    return _error(413, str(error))


async def _body_too_slow(request: Request, error: Exception) -> Response:
    return _error(408, str(error))


async def _invalid_input(request: Request, error: Exception) -> Response:
    return _error(422, str(error))


async def _cannot_store(request: Request, error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _error(507, "the server's disk is full")
    _log.error("cannot store a photo: %s", error)
    return _error(507, "the server cannot store the photo; see the terminal in which colorgan is running")


async def _out_of_memory(request: Request, error: Exception) -> Response:
    return _error(422, "the server does not have enough memory for this photo; make it smaller first")


async def _client_disconnected(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, f"HTTP {error.status_code}: {error.detail.lower()}", dict(error.headers or {}))


async def _internal_error(request: Request, error: Exception) -> Response:
    return _error(500, "internal server error; see the terminal in which colorgan is running")


def _error(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> Response:
    return JSONResponse({"error": message, **more}, status, headers)


EXCEPTION_HANDLERS: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    ReferenceExpiredError: _reference_expired,
    SessionExpiredError: _session_expired,
    QueueFullError: _queue_full,
    BodyTooLargeError: _body_too_large,
    BodyTooSlowError: _body_too_slow,
    ColorganError: _invalid_input,
    OSError: _cannot_store,
    MemoryError: _out_of_memory,
    ClientDisconnect: _client_disconnected,
    HTTPException: _http_error,
    Exception: _internal_error,
}
"""Handlers for :class:`starlette.applications.Starlette`."""
