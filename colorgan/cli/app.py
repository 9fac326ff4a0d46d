"""``colorgan app``: serves a page on which photos are colorized, with color hints."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from colorgan.cli.parsing.options import SHIPPED_MODEL, ModelOptions, Option, Range
from colorgan.cli.serving import host_names, is_local, listen, missing_library, serve, url_of

if TYPE_CHECKING:
    from colorgan.inference import PhotoColorizer
    from colorgan.inference.card import ModelInfo


def app(
    *,
    model: ModelOptions = SHIPPED_MODEL,
    host: Annotated[str, Option(metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, Range(0, 65535), Option(metavar="N")] = 7860,
    allow_name: Annotated[Sequence[str], Option(metavar="NAME")] = (),
    no_browser: bool = False,
    max_upload: Annotated[float, Range(0.001, 100_000), Option(metavar="MB", rare=True)] = 200.0,
    max_megapixels: Annotated[float, Range(0.001, 178), Option(metavar="N", rare=True)] = 100.0,
) -> int:
    """Colorize photos in the browser, with color hints.

    By default, only this machine can reach the page; use --host to change that.

    Args:
        model: the models, their working size and their device.
        host: address to listen on; the default is reachable from this machine only.
        port: port to listen on; 0 chooses a free one.
        allow_name: host name under which browsers may open the page, in addition to localhost; may be repeated.
        no_browser: do not open a browser.
        max_upload: maximum size of an uploaded photo.
        max_megapixels: maximum number of megapixels of a photo; Pillow's own limit is 178.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if the model cannot be opened, the address is not available, or a library is missing.

    Examples:
        colorgan app
            opens the page in your browser
        ssh -L 7860:localhost:7860 server colorgan app --no-browser
            on another machine, through an SSH tunnel
    """
    try:
        from colorgan.web.server import ColorizationService, ServerSettings, create_app, http_server
    except ModuleNotFoundError as error:
        raise missing_library("app", error) from error

    with contextlib.closing(listen(host, port)) as server_socket:
        url = url_of(host, server_socket)
        photo_colorizer = model.open()
        models = _model_infos(model, photo_colorizer)
        names = [info.name for info in models]
        service = ColorizationService(photo_colorizer, model.size, round(max_megapixels * 1_000_000), names)
        settings = ServerSettings(
            max_bytes=round(max_upload * 1_000_000),
            local_only=is_local(server_socket),
            host_names=host_names(server_socket, allow_name),
        )
        application = create_app(service, models, settings)
        print(f"colorgan is running at {url} (press Ctrl-C to stop)", flush=True)
        serve(http_server(application), server_socket, url, open_browser=not no_browser)
    return 0


def _model_infos(options: ModelOptions, model: "PhotoColorizer") -> "list[ModelInfo]":
    """Describes each of the models."""
    from colorgan.inference import MixedColorizer
    from colorgan.web.server import load_model_info

    models = model.models if isinstance(model, MixedColorizer) else [model]
    paths = options.checkpoint or (None,)
    return [load_model_info(path, each.card) for path, each in zip(paths, models, strict=True)]
