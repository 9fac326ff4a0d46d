"""The server of a user study: it sends the page and stores the answers."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from colorgan.web.server.error_handlers import EXCEPTION_HANDLERS
from colorgan.web.server.requests import MAX_JSON_BYTES, read_json
from colorgan.web.server.security import SecurityMiddleware
from colorgan.web.server.temporary_folder import check_space

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The policy within the page allows its own script and style by their hashes; a browser applies both policies."""


def create_study_app(
    page: str,
    folder: Path,
    store: Callable[[Any], object],
    local_only: bool = True,
    host_names: Collection[str] = (),
) -> ASGIApp:
    """Creates the ASGI application of a study.

    Args:
        page: the page.
        folder: folder of the answers, on whose disk room must be left.
        store: checks and stores the decoded JSON of a participant's answers; raises
            :class:`~colorgan.errors.ColorganError` if they are invalid.
        local_only: whether only this machine may connect.
        host_names: host names of the server, in addition to ``localhost``.
    """

    async def index(request: Request) -> Response:
        return Response(page, media_type="text/html; charset=utf-8")

    async def add_answers(request: Request) -> Response:
        data = await read_json(request, "the answers")
        check_space(folder, MAX_JSON_BYTES)
        await run_in_threadpool(store, data)
        return JSONResponse({}, 201)

    app = Starlette(
        routes=[Route("/", index), Route("/answers", add_answers, methods=["POST"])],
        exception_handlers=EXCEPTION_HANDLERS,
    )
    return SecurityMiddleware(app, local_only, host_names, _POLICY)
