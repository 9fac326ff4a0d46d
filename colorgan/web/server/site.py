"""The routes: what the page can ask for, and how errors become sentences."""

import asyncio
import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from colorgan.errors import ColorganError
from colorgan.images.reading import extensions, printable
from colorgan.images.writing import MEDIA_TYPES
from colorgan.web.server.about import About
from colorgan.web.server.album import Album
from colorgan.web.server.guard import Guard
from colorgan.web.server.line import Busy, Line
from colorgan.web.server.names import colored_name, safe_path
from colorgan.web.server.requests import (
    MOST_HINTS,
    TooLarge,
    drawing_of,
    hints_of,
    read_json,
    save_body,
    sent_name,
    spot_of,
    wishes_of,
)
from colorgan.web.server.shelf import Gone, Shelf
from colorgan.web.server.workpiece import Colorist, Workpiece

PAGE = Path(__file__).parent.parent / "page"

_PHOTOS, _ALBUMS = 24, 8
_KEEP = 3600.0
_SWEEP = 60.0
_MOST_UPLOADS = 4
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Settings:
    """What the server allows.

    Attributes:
        max_bytes: of a photo that is sent.
        local: whether the server is meant for this machine alone.
        names: host names under which it is known, beside ``localhost``.
        keep: seconds after which an untouched photo is thrown away.
        waiting: how many jobs may wait for the one that is worked on.
    """

    max_bytes: int = 200_000_000
    local: bool = True
    names: Collection[str] = ()
    keep: float = _KEEP
    waiting: int = 8


def create_site(colorist: Colorist, about: About, settings: Settings) -> ASGIApp:
    """Makes the server's application.

    Args:
        colorist: what colors; visitors share nothing else.
        about: what the page says about the model.
        settings: what is allowed.
    """
    site = _Site(colorist, about, settings)
    application = Starlette(
        routes=[
            Route("/", site.page),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/api/about", site.tell),
            Route("/api/photos", site.take_photo, methods=["POST"]),
            Route("/api/photos/{key}", site.drop_photo, methods=["DELETE"]),
            Route("/api/photos/{key}/before", site.before),
            Route("/api/photos/{key}/colored", site.colored, methods=["POST"]),
            Route("/api/photos/{key}/suggestions", site.suggestions, methods=["POST"]),
            Route("/api/photos/{key}/file", site.file, methods=["POST"]),
            Route("/api/hints", site.check_hints, methods=["POST"]),
            Route("/api/albums", site.open_album, methods=["POST"]),
            Route("/api/albums/{key}/photos", site.add_to_album, methods=["POST"]),
            Route("/api/albums/{key}/archive", site.archive),
        ],
        exception_handlers={
            Gone: _gone,
            Busy: _busy,
            TooLarge: _too_large,
            ColorganError: _sentence,
            OSError: _no_room,
            MemoryError: _no_memory,
            ClientDisconnect: _left,
            HTTPException: _no_such_page,
            Exception: _broken,
        },
        lifespan=site.lifespan,
    )
    return Guard(application, local=settings.local, names=settings.names)


class _Site:
    def __init__(self, colorist: Colorist, about: About, settings: Settings) -> None:
        self._colorist = colorist
        self._about = about
        self._settings = settings
        self._uploads = asyncio.Semaphore(_MOST_UPLOADS)
        self._line: Line
        self._photos: Shelf[Workpiece]
        self._albums: Shelf[Album]

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Everything that visitors send lies in one private folder, which is gone when the server ends."""
        root = Path(tempfile.mkdtemp(prefix="colorgan-"))
        self._line = Line(self._settings.waiting)
        self._photos = Shelf(root, _PHOTOS, self._settings.keep)
        self._albums = Shelf(root, _ALBUMS, self._settings.keep)
        sweeper = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            self._line.close()
            shutil.rmtree(root, ignore_errors=True)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP, self._settings.keep))
            self._photos.sweep()
            self._albums.sweep()

    # -- the page ------------------------------------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})

    async def tell(self, request: Request) -> Response:
        return JSONResponse(
            {
                "model": asdict(self._about),
                "version": version("colorgan"),
                "takes_hints": self._colorist.model.takes_hints,
                "max_bytes": self._settings.max_bytes,
                "max_pixels": self._colorist.max_pixels,
                "max_hints": MOST_HINTS,
                "keep_minutes": round(self._settings.keep / 60),
                "endings": sorted(extensions()),
            }
        )

    # -- one photo -----------------------------------------------------------------------------------------------------

    async def take_photo(self, request: Request) -> Response:
        name, folder = sent_name(request), self._photos.folder()
        try:
            await self._receive(request, folder / "photo")
            piece = await self._line.do(Workpiece, folder / "photo", name, self._colorist)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        key = self._photos.put(piece, folder)
        return JSONResponse({"key": key, "name": name, "width": piece.width, "height": piece.height}, 201)

    async def drop_photo(self, request: Request) -> Response:
        self._photos.drop(request.path_params["key"])
        return Response(status_code=204)

    async def before(self, request: Request) -> Response:
        with self._photos.using(request.path_params["key"]) as piece:
            return Response(piece.before, media_type=MEDIA_TYPES["JPEG"])

    async def colored(self, request: Request) -> Response:
        with self._photos.using(request.path_params["key"]) as piece:
            hints, wishes = drawing_of(await read_json(request))
            picture = await self._line.do(piece.colored, hints, wishes.strength)
        return Response(picture, media_type=MEDIA_TYPES["JPEG"])

    async def suggestions(self, request: Request) -> Response:
        with self._photos.using(request.path_params["key"]) as piece:
            spot = spot_of(await read_json(request))
            found = await self._line.do(piece.suggestions, spot.x, spot.y, spot.radius)
        return JSONResponse({"suggestions": [asdict(suggestion) for suggestion in found]})

    async def file(self, request: Request) -> Response:
        with self._photos.using(request.path_params["key"]) as piece:
            hints, wishes = drawing_of(await read_json(request))
            result = await self._line.do(piece.finish, hints, wishes)
            name = colored_name(piece.name, wishes.kind)
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "content-length": str(os.fstat(result.fileno()).st_size),
        }
        return StreamingResponse(_chunks(result), media_type=MEDIA_TYPES[wishes.kind], headers=headers)

    async def check_hints(self, request: Request) -> Response:
        source = f"the hints in {printable(sent_name(request))}"
        hints = hints_of(await read_json(request, source), source)
        return JSONResponse(
            {"hints": [{**asdict(hint), "color": "#{:02x}{:02x}{:02x}".format(*hint.rgb)} for hint in hints]}
        )

    # -- many photos ---------------------------------------------------------------------------------------------------

    async def open_album(self, request: Request) -> Response:
        wishes = wishes_of(await read_json(request))
        folder = self._albums.folder()
        return JSONResponse({"key": self._albums.put(Album(folder, self._colorist, wishes), folder)}, 201)

    async def add_to_album(self, request: Request) -> Response:
        with self._albums.using(request.path_params["key"]) as album:
            album.check_open()
            name = sent_name(request)
            with tempfile.TemporaryDirectory(dir=album.folder) as folder:
                photo = Path(folder, "photo")
                try:
                    await self._receive(request, photo)
                except ColorganError as error:
                    album.leave_out(f"cannot take {safe_path(name)}: {error}")
                    raise
                place = await self._line.do(album.add, photo, name)
        return JSONResponse({"place": place}, 201)

    async def archive(self, request: Request) -> Response:
        with self._albums.using(request.path_params["key"]) as album:
            archive = await self._line.do(album.close)
        return FileResponse(archive, media_type="application/zip", filename="colored.zip")

    async def _receive(self, request: Request, file: Path) -> None:
        """Takes a photo in its turn; until then its sender is held up by the network."""
        async with self._uploads:
            await save_body(request, file, self._settings.max_bytes)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


# -- errors ------------------------------------------------------------------------------------------------------------


def _answer(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers)


async def _gone(request: Request, error: Exception) -> Response:
    return _answer(404, "what was sent is no longer here; send it again")


async def _busy(request: Request, error: Exception) -> Response:
    return _answer(503, "too many photos are waiting; try again in a moment", {"retry-after": "2"})


async def _too_large(request: Request, error: Exception) -> Response:
    return _answer(413, str(error))


async def _sentence(request: Request, error: Exception) -> Response:
    return _answer(422, str(error))


async def _no_room(request: Request, error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _answer(507, "the disk of the computer that colors is full")
    raise error


async def _no_memory(request: Request, error: Exception) -> Response:
    return _answer(422, "the computer that colors has not enough memory for this photo; make it smaller first")


async def _left(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def _no_such_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, "there is nothing at this address", dict(error.headers or {}))


async def _broken(request: Request, error: Exception) -> Response:
    return _answer(500, "something went wrong on the server; the terminal that it was started from says what")
