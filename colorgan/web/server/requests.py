"""Reads requests: uploads and JSON of limited size, within a limited time."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
from starlette.requests import Request

from colorgan.errors import ColorganError
from colorgan.web.server.http_server import client_of
from colorgan.web.server.temporary_folder import check_space

MAX_JSON_BYTES = 1 << 20
"""Maximum size of JSON: a kilobyte for each hint. Decoding blocks the server."""

_JSON_SECONDS = 15.0
_UPLOAD_SECONDS = 30.0
_MIN_UPLOAD_SPEED = 64 << 10
"""Bytes per second. An upload must be complete within the seconds above and those that it takes at this speed."""
_MAX_PAUSE = 30.0
"""Seconds to wait for the next chunk of an upload."""
_CHECKED_BYTES = 8 << 20
"""How often an upload looks for free space on the disk."""
_MAX_NAME_LENGTH = 2000


class BodyTooLargeError(ColorganError):
    """The body of a request exceeds its size limit."""


class BodyTooSlowError(ColorganError):
    """The body of a request did not arrive in time."""


async def save_body(request: Request, file: Path, max_bytes: int) -> None:
    """Streams the body of an upload into a file, and stops as soon as it exceeds the limit.

    Args:
        request: the request.
        file: the file to write.
        max_bytes: maximum size of the body.

    Raises:
        BodyTooLargeError: if the body is larger.
        BodyTooSlowError: if the upload stalls.
        OSError: if the disk is full.
    """
    subject = "the photo"
    check_space(file.parent, _check_content_length(request, max_bytes, subject))
    received, checked = 0, 0
    async with await anyio.open_file(file, "wb") as stream:
        async for chunk in _receive(request, subject, _UPLOAD_SECONDS, _MIN_UPLOAD_SPEED):
            received += len(chunk)
            _check_size(received, max_bytes, subject)
            if received - checked >= _CHECKED_BYTES:
                checked = received
                check_space(file.parent, 0)
            await stream.write(chunk)


async def read_json(request: Request, source: str = "the request") -> Any:
    """Decodes a JSON body of limited size.

    Args:
        request: the request.
        source: name of the data in messages.

    Raises:
        BodyTooLargeError: if the body is larger than 1 MiB.
        BodyTooSlowError: if it does not arrive within 15 seconds.
        ColorganError: if the body is not valid JSON.
    """
    _check_content_length(request, MAX_JSON_BYTES, source)
    body = bytearray()
    async for chunk in _receive(request, source, _JSON_SECONDS):
        body += chunk
        _check_size(len(body), MAX_JSON_BYTES, source)
    try:
        return json.loads(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ColorganError(
            f"{source}: invalid JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ColorganError(
            f"{source}: invalid JSON (not UTF-8, nested too deeply, or a number with too many digits)"
        ) from error


async def _receive(request: Request, subject: str, seconds: float, min_speed: float = math.inf) -> AsyncIterator[bytes]:
    """Yields the body in chunks, as long as it keeps to its deadline.

    Args:
        request: the request.
        subject: what is received, in messages.
        seconds: time for the whole body, to which ``min_speed`` adds.
        min_speed: bytes per second.

    Raises:
        BodyTooSlowError: if it does not.
    """
    clock = asyncio.get_running_loop().time
    deadline, chunks = clock() + seconds, aiter(request.stream())
    while True:
        try:
            chunk = await asyncio.wait_for(anext(chunks), min(deadline - clock(), _MAX_PAUSE))
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise BodyTooSlowError(f"{subject} arrived too slowly; send it again") from error
        deadline += len(chunk) / min_speed
        yield chunk


def client(request: Request) -> str:
    """The client of a request; see :func:`colorgan.web.server.http_server.client_of`."""
    return client_of(request.client.host) if request.client else ""


def uploaded_name(request: Request) -> str:
    """The file name given by the client. Use it in messages and downloads only, never as a path on the server."""
    name = unquote(request.headers.get("x-file-name", "")).strip()[-_MAX_NAME_LENGTH:]
    return name or "the photo"


def _check_content_length(request: Request, max_bytes: int, subject: str) -> int:
    """Checks the announced size of a body, and returns it."""
    text = request.headers.get("content-length", "0")
    length = int(text) if text.isdecimal() and len(text) < 20 else 0
    _check_size(length, max_bytes, subject)
    return length


def _check_size(num_bytes: int, max_bytes: int, subject: str) -> None:
    if num_bytes > max_bytes:
        raise BodyTooLargeError(f"{subject} exceeds the limit of {max_bytes / 1e6:.3g} MB; send a smaller one")
