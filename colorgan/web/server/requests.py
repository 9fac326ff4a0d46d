"""Reads and validates requests: bodies of limited size, and JSON that is checked before it is used."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
from starlette.requests import Request

from colorgan.errors import ColorganError
from colorgan.inference.hint_file import ColorHint, parse_hints
from colorgan.web.server.colorization_service import OutputOptions

MAX_HINTS = 1000
"""Maximum number of hints on the page, which redraws all of them on every change."""

MAX_JSON_BYTES = 4 << 20
_CHUNK_TIMEOUT = 30.0
"""Seconds to wait for the next chunk of an upload."""
_MAX_NAME_LENGTH = 2000


class BodyTooLargeError(ColorganError):
    """The body of a request exceeds its size limit."""


async def save_body(request: Request, file: Path, max_bytes: int) -> None:
    """Streams the body of an upload into a file, and stops as soon as it exceeds the limit.

    Args:
        request: the request.
        file: the file to write.
        max_bytes: maximum size of the body.

    Raises:
        BodyTooLargeError: if the body is larger.
        ColorganError: if the upload stalls.
    """
    _check_content_length(request, max_bytes, "the photo")
    received = 0
    async with await anyio.open_file(file, "wb") as stream:
        chunks = request.stream()
        while True:
            try:
                chunk = await asyncio.wait_for(anext(chunks), _CHUNK_TIMEOUT)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise ColorganError("the upload of the photo stalled; send it again") from error
            received += len(chunk)
            _check_size(received, max_bytes, "the photo")
            await stream.write(chunk)


async def read_json(request: Request, source: str = "the request") -> Any:
    """Decodes a JSON body of limited size.

    Args:
        request: the request.
        source: name of the data in messages.

    Raises:
        BodyTooLargeError: if the body is larger than 4 MiB.
        ColorganError: if the body is not valid JSON.
    """
    _check_content_length(request, MAX_JSON_BYTES, source)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        _check_size(len(body), MAX_JSON_BYTES, source)
    try:
        return json.loads(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ColorganError(
            f"{source}: invalid JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ColorganError(f"{source}: invalid JSON (not UTF-8, or nested too deeply)") from error


def uploaded_name(request: Request) -> str:
    """The file name given by the client. Use it in messages and downloads only, never as a path on the server."""
    name = unquote(request.headers.get("x-file-name", "")).strip()[-_MAX_NAME_LENGTH:]
    return name or "the photo"


@dataclass(frozen=True)
class Spot:
    """Position and radius of a hint whose color is not chosen yet, in pixels of the photo."""

    x: float
    y: float
    radius: float


def parse_spot(data: Any) -> Spot:
    """Parses ``{"x": 3, "y": 4, "radius": 5}``.

    Raises:
        ColorganError: if the data has another form.
    """
    fields = _check_fields(data, {"x", "y", "radius"})
    (hint,) = parse_hints({"hints": [{**fields, "color": "gray"}]}, "the spot")
    return Spot(hint.x, hint.y, hint.radius)


def parse_hint_file(data: Any, source: str = "the hints") -> list[ColorHint]:
    """Parses the content of a ``hints.json``.

    Args:
        data: the decoded JSON.
        source: name of the data in messages.

    Raises:
        ColorganError: if a hint is invalid, or there are too many.
    """
    hints = parse_hints(data, source)
    if len(hints) > MAX_HINTS:
        raise ColorganError(f"{source}: the page supports at most {MAX_HINTS} hints, received {len(hints)}")
    return hints


def parse_colorization(data: Any) -> tuple[list[ColorHint], OutputOptions]:
    """Parses ``{"hints": […], "strength": 1, "format": "png", "metadata": false}``; all keys are optional.

    Raises:
        ColorganError: naming the invalid key.
    """
    fields = _check_fields(data, {"hints", "strength", "format", "metadata"})
    return parse_hint_file({"hints": fields.pop("hints", [])}), _output_options(fields)


def parse_output_options(data: Any) -> OutputOptions:
    """Parses ``{"strength": 1, "format": "png", "metadata": false}``; all keys are optional.

    Raises:
        ColorganError: naming the invalid key.
    """
    return _output_options(_check_fields(data, {"strength", "format", "metadata"}))


def _output_options(fields: Mapping[str, Any]) -> OutputOptions:
    strength, metadata = fields.get("strength", 1.0), fields.get("metadata", False)
    format_name = fields.get("format", "png")
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise ColorganError(
            f"strength must be a number between 0 (gray) and 1 (as predicted), received {_shorten(strength)}"
        )
    if format_name not in ("png", "jpeg"):
        raise ColorganError(f"format must be png or jpeg, received {_shorten(format_name)}")
    if not isinstance(metadata, bool):
        raise ColorganError(f"metadata must be true or false, received {_shorten(metadata)}")
    return OutputOptions(strength, format_name.upper(), metadata)


def _check_fields(data: Any, allowed: set[str]) -> dict[str, Any]:
    expected = f"expected a JSON object with the keys {', '.join(sorted(allowed))}"
    if not isinstance(data, dict):
        raise ColorganError(f"{expected}, received {_shorten(data)}")
    if unknown := sorted(data.keys() - allowed):
        raise ColorganError(f"{expected}, received the unknown key {_shorten(unknown[0])}")
    return dict(data)


def _shorten(value: Any, max_length: int = 60) -> str:
    """A JSON value, short enough for a message."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= max_length else f"{text[: max_length - 3]}..."


def _check_content_length(request: Request, max_bytes: int, subject: str) -> None:
    length = request.headers.get("content-length", "0")
    _check_size(int(length) if length.isdecimal() else 0, max_bytes, subject)


def _check_size(num_bytes: int, max_bytes: int, subject: str) -> None:
    if num_bytes > max_bytes:
        raise BodyTooLargeError(f"{subject} exceeds the limit of {max_bytes / 1e6:.3g} MB; send a smaller one")
