"""``colorgan app``: serves a page on which photos are colorized, with color hints."""

import contextlib
import ipaddress
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Annotated

from colorgan.cli.parsing.options import SHIPPED_MODEL, ModelOptions, Option, Range
from colorgan.errors import ColorganError
from colorgan.system.signals import STOP_SIGNALS

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
        missing = (error.name or "").partition(".")[0]
        if missing == "colorgan":
            raise
        raise ColorganError(
            f"`colorgan app` needs {missing}, which is not installed; run: pip install starlette anyio uvicorn h11"
        ) from error

    with contextlib.closing(_listen(host, port)) as server_socket:
        url = _url(host, server_socket)
        local_only = ipaddress.ip_address(server_socket.getsockname()[0]).is_loopback
        photo_colorizer = model.open()
        models = _model_infos(model, photo_colorizer)
        names = [info.name for info in models]
        service = ColorizationService(photo_colorizer, model.size, round(max_megapixels * 1_000_000), names)
        settings = ServerSettings(
            max_bytes=round(max_upload * 1_000_000),
            local_only=local_only,
            host_names=[*allow_name, *([] if local_only else [socket.gethostname(), socket.getfqdn()])],
        )
        application = create_app(service, models, settings)
        server = http_server(application)
        print(f"colorgan is running at {url} (press Ctrl-C to stop)", flush=True)
        if not local_only:
            print(
                f"warning: anyone who can reach {url} can use it; there is no password and no encryption",
                file=sys.stderr,
            )
        if not no_browser and _has_display():
            threading.Thread(target=_open_browser, args=(url,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt), _signals_call(server.handle_exit):
            server.run(sockets=[server_socket])
    return 0


def _model_infos(options: ModelOptions, model: "PhotoColorizer") -> "list[ModelInfo]":
    """Describes each of the models."""
    from colorgan.inference import MixedColorizer
    from colorgan.web.server import load_model_info

    models = model.models if isinstance(model, MixedColorizer) else [model]
    paths = options.checkpoint or (None,)
    return [load_model_info(path, each.card) for path, each in zip(paths, models, strict=True)]


def _listen(host: str, port: int) -> socket.socket:
    """Opens the listening socket, so that an address in use is reported before the model is loaded."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0].lower()
        raise ColorganError(
            f"cannot listen on {host}, port {port} ({reason}); choose another --port, or --host 127.0.0.1"
        ) from error


def _url(host: str, server_socket: socket.socket) -> str:
    address, port = server_socket.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"http://{socket.gethostname() if ipaddress.ip_address(address).is_unspecified else name}:{port}/"


@contextlib.contextmanager
def _signals_call(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handles the end of the terminal like Ctrl-C, so that the photos are deleted then, too; uvicorn does not."""
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        handler(number, frame)

    others = [number for number in STOP_SIGNALS if number not in (signal.SIGINT, signal.SIGTERM)]
    previous = {number: signal.signal(number, handle) for number in others}
    try:
        yield
    finally:
        for number, earlier in previous.items():
            signal.signal(number, earlier)
    for stop in received:
        signal.raise_signal(stop)


def _has_display() -> bool:
    """Whether a graphical browser can be opened; without a display, Python would start a text browser."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_browser(url: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)
