"""``colorgan app``: serves a page on which photos are colorized, with color hints."""

import argparse
import contextlib
import ipaddress
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence

from colorgan.cli.parsing.options import Parser, add_model_options, number
from colorgan.errors import ColorganError
from colorgan.images import MAX_PIXELS
from colorgan.inference.open_model import open_model

_EXAMPLES = """\
examples:
  colorgan app                                                   use the shipped model
  colorgan app --checkpoint checkpoints/RUN/checkpoints/best.ckpt
  ssh -L 7860:localhost:7860 server colorgan app --no-browser    run it on a remote server, through an SSH tunnel

By default, only this machine can reach the page; use --host to change that.
"""
_MAX_CONNECTIONS = 100
_SHUTDOWN_TIMEOUT = 5


def main(args: Sequence[str]) -> int:
    """Serves the page until interrupted.

    Args:
        args: command-line arguments.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if the model cannot be opened, the address is not available, or a library is missing.
    """
    options = _parser().parse_args(args)
    try:
        import uvicorn

        from colorgan.web.server import ColorizationService, ServerSettings, create_app, load_model_info
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "colorgan":
            raise
        raise ColorganError(
            f"`colorgan app` needs {missing}, which is not installed; run: pip install 'colorgan[app]'"
        ) from error

    with contextlib.closing(_listen(options.host, options.port)) as server_socket:
        url = _url(options.host, server_socket)
        local_only = ipaddress.ip_address(server_socket.getsockname()[0]).is_loopback
        model = open_model(options.checkpoint, options.device)
        service = ColorizationService(model, options.size, round(options.max_megapixels * 1_000_000))
        settings = ServerSettings(
            max_bytes=round(options.max_upload * 1_000_000),
            local_only=local_only,
            host_names=[*options.allow_name, *([] if local_only else [socket.gethostname(), socket.getfqdn()])],
        )
        app = create_app(service, load_model_info(options.checkpoint, model.card), settings)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="on",
                limit_concurrency=_MAX_CONNECTIONS,
                timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
            )
        )
        print(f"colorgan is running at {url} (press Ctrl-C to stop)", flush=True)
        if not local_only:
            print(
                f"warning: anyone who can reach {url} can use it; there is no password and no encryption",
                file=sys.stderr,
            )
        if options.browser and _has_display():
            threading.Thread(target=_open_browser, args=(url,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[server_socket])
    return 0


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


def _has_display() -> bool:
    """Whether a graphical browser can be opened; without a display, Python would start a text browser."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_browser(url: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "colorgan app",
        description="Colorize photos in the browser, and guide the model with color hints.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_model_options(parser)
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS",
        help="address to listen on (default: %(default)s, reachable from this machine only)",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=number(int, 0, 65535), default=7860, metavar="N",
        help="port to listen on; 0 chooses a free one (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--allow-name", action="append", default=[], metavar="NAME",
        help="host name under which browsers may open the page, in addition to localhost; may be repeated",
    )  # fmt: skip
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument(
        "--max-upload", type=number(float, 0.001, 100_000), default=200.0, metavar="MB",
        help="maximum size of an uploaded photo (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--max-megapixels", type=number(float, 0.001, MAX_PIXELS / 1e6), default=100.0, metavar="N",
        help="maximum number of megapixels of a photo (default: %(default)g)",
    )  # fmt: skip
    return parser
