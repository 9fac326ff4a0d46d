"""What the page sends, read with bounds and checked before anything is done with it."""

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
from colorgan.web.server.workpiece import Wishes

MOST_HINTS = 1000
"""On the page; it is drawn anew with each of them."""

LARGEST_JSON = 4 << 20
_PATIENCE = 30.0
"""Seconds that a sender may pause."""
_LONGEST_NAME = 2000


class TooLarge(ColorganError):  # noqa: N818 (said of what was sent)
    """More bytes were sent than are taken."""


async def save_body(request: Request, file: Path, most: int) -> None:
    """Writes what is sent into a file, and stops as soon as it is too much.

    Args:
        request: what is sent.
        file: where to.
        most: bytes that are taken.

    Raises:
        TooLarge: for more bytes.
        ColorganError: if the sender pauses for too long.
    """
    _check_length(request, most, "a photo")
    received = 0
    async with await anyio.open_file(file, "wb") as stream:
        chunks = request.stream()
        while True:
            try:
                chunk = await asyncio.wait_for(anext(chunks), _PATIENCE)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise ColorganError("the photo did not arrive: nothing came for too long; send it again") from error
            received += len(chunk)
            _check_bytes(received, most, "a photo")
            await stream.write(chunk)


async def read_json(request: Request, source: str = "what was sent") -> Any:
    """Decodes JSON of a bounded size.

    Raises:
        TooLarge: for more than 4 MiB.
        ColorganError: for anything that is not JSON.
    """
    _check_length(request, LARGEST_JSON, source)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        _check_bytes(len(body), LARGEST_JSON, source)
    try:
        return json.loads(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ColorganError(
            f"{source}: this is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ColorganError(f"{source}: this is not JSON that could be meant") from error


def sent_name(request: Request) -> str:
    """The name of a photo as its sender calls it; only ever for messages and downloads, never for a file here."""
    name = unquote(request.headers.get("x-file-name", "")).strip()[-_LONGEST_NAME:]
    return name or "the photo"


@dataclass(frozen=True)
class Spot:
    """A place on a photo, in its pixels."""

    x: float
    y: float
    radius: float


def spot_of(data: Any) -> Spot:
    """A place: ``{"x": 3, "y": 4, "radius": 5}``.

    Raises:
        ColorganError: if it is anything else.
    """
    fields = _fields(data, {"x", "y", "radius"})
    (dot,) = parse_hints({"hints": [{**fields, "color": "gray"}]}, "the spot")
    return Spot(dot.x, dot.y, dot.radius)


def hints_of(data: Any, source: str = "the hints") -> list[ColorHint]:
    """A list of hints, as it stands under ``hints`` in a file of hints.

    Raises:
        ColorganError: if it is anything else, or there are too many.
    """
    hints = parse_hints(data, source)
    if len(hints) > MOST_HINTS:
        raise ColorganError(f"{source}: the page works with at most {MOST_HINTS} hints, but these are {len(hints)}")
    return hints


def drawing_of(data: Any) -> tuple[list[ColorHint], Wishes]:
    """Hints and wishes: ``{"hints": […], "strength": 1, "format": "png", "metadata": false}``.

    Raises:
        ColorganError: naming what is wrong.
    """
    fields = _fields(data, {"hints", "strength", "format", "metadata"})
    return hints_of({"hints": fields.pop("hints", [])}), _wishes(fields)


def wishes_of(data: Any) -> Wishes:
    """Wishes: ``{"strength": 1, "format": "png", "metadata": false}``.

    Raises:
        ColorganError: naming what is wrong.
    """
    return _wishes(_fields(data, {"strength", "format", "metadata"}))


def _wishes(fields: Mapping[str, Any]) -> Wishes:
    strength, metadata = fields.get("strength", 1.0), fields.get("metadata", False)
    kind = {"png": "PNG", "jpeg": "JPEG"}.get(str(fields.get("format", "png")))
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise ColorganError("strength must be a number between 0 (gray) and 1 (as predicted)")
    if kind is None:
        raise ColorganError("format must be png or jpeg")
    if not isinstance(metadata, bool):
        raise ColorganError("metadata must be true or false")
    return Wishes(strength, kind, metadata)


def _fields(data: Any, known: set[str]) -> dict[str, Any]:
    if not isinstance(data, dict) or not data.keys() <= known:
        raise ColorganError(f"an object with {', '.join(sorted(known))} is needed")
    return dict(data)


def _check_length(request: Request, most: int, what: str) -> None:
    length = request.headers.get("content-length", "0")
    _check_bytes(int(length) if length.isdecimal() else 0, most, what)


def _check_bytes(count: int, most: int, what: str) -> None:
    if count > most:
        size = f"{most / 1e6:.3g} MB"
        raise TooLarge(f"{what} may have at most {size} here; send a smaller one")
