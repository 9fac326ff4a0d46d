"""The ASGI application: the page, and the HTTP API that it uses."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from colorgan import __version__
from colorgan.errors import ColorganError
from colorgan.images import MEDIA_TYPES, extensions, printable
from colorgan.inference.card import ModelInfo
from colorgan.inference.hints import hint_entry
from colorgan.web.server.album import Album
from colorgan.web.server.colorization_service import ColorizationService, LookSettings
from colorgan.web.server.download import Download, DownloadLimit
from colorgan.web.server.error_handlers import EXCEPTION_HANDLERS
from colorgan.web.server.file_names import colorized_name, safe_path
from colorgan.web.server.job_queue import JobQueue
from colorgan.web.server.parsing import (
    MAX_HINTS,
    parse_album,
    parse_album_photo,
    parse_colored_spot,
    parse_colorization,
    parse_crop,
    parse_hint_file,
    parse_spot,
)
from colorgan.web.server.photo_session import PhotoSession
from colorgan.web.server.requests import client, read_json, save_body, uploaded_name
from colorgan.web.server.samples import list_samples, sample_photo
from colorgan.web.server.security import SecurityMiddleware
from colorgan.web.server.session_store import ReferenceExpiredError, SessionExpiredError, SessionStore
from colorgan.web.server.temporary_folder import TemporaryFolder

PAGE = Path(__file__).parent.parent / "page"

_MAX_PHOTOS, _MAX_ALBUMS = 24, 8
_SESSION_LIFETIME = 3600.0
_CLEANUP_INTERVAL = 60.0
_PATIENCE = 30.0
"""Seconds for which an uploaded photo waits for a place in the queue."""


@dataclass(frozen=True)
class ServerSettings:
    """Limits and addresses of the server.

    Attributes:
        max_bytes: maximum size of an uploaded photo.
        local_only: whether only this machine may connect.
        host_names: host names of the server, in addition to ``localhost``.
        session_lifetime: seconds after which an unused photo or album is deleted.
        max_waiting: maximum number of jobs that may wait while another one runs; half of them of one client.
    """

    max_bytes: int = 200_000_000
    local_only: bool = True
    host_names: Collection[str] = ()
    session_lifetime: float = _SESSION_LIFETIME
    max_waiting: int = 8


def create_app(service: ColorizationService, models: Sequence[ModelInfo], settings: ServerSettings) -> ASGIApp:
    """Creates the ASGI application.

    Args:
        service: the models, shared by all users.
        models: descriptions of the models, shown on the page.
        settings: limits and addresses.
    """
    endpoints = _Endpoints(service, models, settings)
    app = Starlette(
        routes=[
            Route("/", endpoints.index),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/api/info", endpoints.info),
            Route("/api/samples/{name}", endpoints.sample),
            Route("/api/photos", endpoints.upload_photo, methods=["POST"]),
            Route("/api/photos/{key}", endpoints.delete_photo, methods=["DELETE"]),
            Route("/api/photos/{key}/original", endpoints.original),
            Route("/api/photos/{key}/colorized", endpoints.colorized, methods=["POST"]),
            Route("/api/photos/{key}/variants", endpoints.variants, methods=["POST"]),
            Route("/api/photos/{key}/suggestions", endpoints.suggestions, methods=["POST"]),
            Route("/api/photos/{key}/shown", endpoints.shown, methods=["POST"]),
            Route("/api/photos/{key}/palette", endpoints.palette),
            Route("/api/photos/{key}/download", endpoints.download, methods=["POST"]),
            Route("/api/hints", endpoints.check_hints, methods=["POST"]),
            Route("/api/albums", endpoints.create_album, methods=["POST"]),
            Route("/api/albums/{key}/photos", endpoints.add_to_album, methods=["POST"]),
            Route("/api/albums/{key}/archive", endpoints.archive),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=endpoints.lifespan,
    )
    return SecurityMiddleware(app, settings.local_only, settings.host_names)


class _Endpoints:
    def __init__(self, service: ColorizationService, models: Sequence[ModelInfo], settings: ServerSettings) -> None:
        self._service = service
        self._models = models
        self._settings = settings
        self._downloads = DownloadLimit()
        self._folder: TemporaryFolder
        self._queue: JobQueue
        self._photos: SessionStore[PhotoSession]
        self._albums: SessionStore[Album]

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Keeps all uploads in one private temporary folder, which is deleted on shutdown."""
        self._folder = TemporaryFolder()
        self._queue = JobQueue(self._settings.max_waiting)
        self._photos = SessionStore(self._folder, _MAX_PHOTOS, self._settings.session_lifetime)
        self._albums = SessionStore(self._folder, _MAX_ALBUMS, self._settings.session_lifetime)
        cleanup = asyncio.create_task(self._remove_expired_sessions())
        try:
            yield
        finally:
            cleanup.cancel()
            self._queue.close()
            self._folder.close()

    async def _remove_expired_sessions(self) -> None:
        while True:
            await asyncio.sleep(min(_CLEANUP_INTERVAL, self._settings.session_lifetime))
            self._photos.remove_expired()
            self._albums.remove_expired()
            self._folder.touch()

    # -- the page ------------------------------------------------------------------------------------------------------

    async def index(self, request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})

    async def info(self, request: Request) -> Response:
        return JSONResponse(
            {
                "version": __version__,
                "model": asdict(self._models[0]),
                "models": [model.name for model in self._models],
                "mix": self._service.weights,
                "max_bytes": self._settings.max_bytes,
                "max_pixels": self._service.max_pixels,
                "max_hints": MAX_HINTS,
                "session_minutes": round(self._settings.session_lifetime / 60),
                "extensions": sorted(extensions()),
                "samples": [asdict(sample) for sample in list_samples()],
            }
        )

    async def sample(self, request: Request) -> Response:
        if (photo := sample_photo(request.path_params["name"], "color" in request.query_params)) is None:
            raise HTTPException(404)
        return Response(photo, media_type=MEDIA_TYPES["JPEG"])

    # -- single photos -------------------------------------------------------------------------------------------------

    async def upload_photo(self, request: Request) -> Response:
        name, folder = uploaded_name(request), self._photos.create_folder()
        try:
            await save_body(request, folder / "photo", self._settings.max_bytes)
            await self._queue.wait_for_room(client(request), _PATIENCE)
            photo = await self._queue.run(client(request), PhotoSession, folder / "photo", name, self._service)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        key = self._photos.add(photo, folder, client(request))
        return JSONResponse({"key": key, "name": name, "width": photo.width, "height": photo.height}, 201)

    async def delete_photo(self, request: Request) -> Response:
        self._photos.remove(request.path_params["key"])
        return Response(status_code=204)

    async def original(self, request: Request) -> Response:
        crop = parse_crop(request.query_params.get("crop"))
        with self._photos.use(request.path_params["key"]) as photo:
            view = await self._queue.run(client(request), photo.original, crop)
        return Response(view, media_type=MEDIA_TYPES["JPEG"])

    async def colorized(self, request: Request) -> Response:
        wish = parse_colorization(await self._read_json_about_photo(request), "crop")
        with self._photos.use(request.path_params["key"]) as photo, self._reference(wish.look) as reference:
            view = await self._queue.run(client(request), photo.view, wish, reference)
        return Response(view, media_type=MEDIA_TYPES["JPEG"])

    async def variants(self, request: Request) -> Response:
        wish = parse_colorization(await self._read_json_about_photo(request))
        with self._photos.use(request.path_params["key"]) as photo, self._reference(wish.look) as reference:
            variants = await self._queue.run(client(request), photo.variants, wish, reference)
        return JSONResponse({"variants": variants})

    async def suggestions(self, request: Request) -> Response:
        spot = parse_spot(await self._read_json_about_photo(request))
        with self._photos.use(request.path_params["key"]) as photo:
            suggestions = await self._queue.run(client(request), photo.suggestions, spot)
        return JSONResponse({"suggestions": [asdict(suggestion) for suggestion in suggestions]})

    async def shown(self, request: Request) -> Response:
        spot = parse_colored_spot(await self._read_json_about_photo(request))
        with self._photos.use(request.path_params["key"]) as photo:
            return JSONResponse(asdict(await self._queue.run(client(request), photo.shown, spot)))

    async def palette(self, request: Request) -> Response:
        with self._photos.use(request.path_params["key"]) as photo:
            return JSONResponse({"colors": await self._queue.run(client(request), photo.main_colors)})

    async def download(self, request: Request) -> Response:
        wish = parse_colorization(await self._read_json_about_photo(request), "format", "metadata")
        with (
            self._photos.use(request.path_params["key"]) as photo,
            self._reference(wish.look) as reference,
            contextlib.ExitStack() as until_sent,
        ):
            until_sent.enter_context(self._downloads.one_of(client(request)))
            file = await self._queue.run(client(request), photo.colorize, wish, reference)
            until_sent.enter_context(file)
            name = colorized_name(photo.name, wish.output.format)
            size = os.fstat(file.fileno()).st_size
            ends = until_sent.pop_all()
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "content-length": str(size),
        }
        return Download(file, ends, media_type=MEDIA_TYPES[wish.output.format], headers=headers)

    @contextlib.contextmanager
    def _reference(self, settings: LookSettings) -> Iterator[PhotoSession | None]:
        """Provides the photo that the settings refer to, if any."""
        if settings.reference is None:
            yield None
            return
        with contextlib.ExitStack() as in_use:
            try:
                reference = in_use.enter_context(self._photos.use(settings.reference))
            except SessionExpiredError as error:
                raise ReferenceExpiredError from error
            yield reference

    async def _read_json_about_photo(self, request: Request) -> Any:
        """Reads JSON without keeping the photo from being removed: the client decides how long that takes."""
        self._photos.check(request.path_params["key"])
        return await read_json(request)

    async def check_hints(self, request: Request) -> Response:
        source = f"hints file {printable(uploaded_name(request))}"
        hints = parse_hint_file(await read_json(request, source), source)
        return JSONResponse(
            {"hints": [{**hint_entry(hint), "color": "#{:02x}{:02x}{:02x}".format(*hint.rgb)} for hint in hints]}
        )

    # -- albums --------------------------------------------------------------------------------------------------------

    async def create_album(self, request: Request) -> Response:
        settings, options = parse_album(await read_json(request))
        palette = None
        with self._reference(settings) as reference:
            if reference is not None:
                palette = await self._queue.run(client(request), getattr, reference, "palette")
        folder = self._albums.create_folder()
        album = Album(folder, self._service, options, settings.look(palette), settings.mix)
        key = self._albums.add(album, folder, client(request))
        return JSONResponse({"key": key}, 201)

    async def add_to_album(self, request: Request) -> Response:
        """Adds a photo, which is either the body or, with hints and a look of its own, one that JSON names."""
        with self._albums.use(request.path_params["key"]) as album:
            album.check_open()
            if request.headers.get("content-type") == "application/json":
                return JSONResponse({"path": await self._add_uploaded(request, album)}, 201)
            name = uploaded_name(request)
            with tempfile.TemporaryDirectory(dir=album.folder) as folder:
                file = Path(folder, "photo")
                try:
                    await save_body(request, file, self._settings.max_bytes)
                except ColorganError as error:
                    album.record_failure(f"cannot upload {safe_path(name)}: {error}")
                    raise
                await self._queue.wait_for_room(client(request), _PATIENCE)
                path = await self._queue.run(client(request), album.add, file, name)
        return JSONResponse({"path": path}, 201)

    async def _add_uploaded(self, request: Request, album: Album) -> str:
        key, path, wish = parse_album_photo(await read_json(request))
        wish = replace(wish, output=album.options)
        with self._photos.use(key) as photo, self._reference(wish.look) as reference:
            name, colorize = path or photo.name, partial(photo.colorize, wish, reference)
            return await self._queue.run(client(request), album.add_colorized, name, colorize)

    async def archive(self, request: Request) -> Response:
        with self._albums.use(request.path_params["key"]) as album:
            archive = await self._queue.run(client(request), album.close)
        return FileResponse(archive, media_type="application/zip", filename="colorized.zip")
