"""``colorgan app``: a page on this machine where photos are colored, with hints."""

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
  colorgan app                                                   with the model that ships
  colorgan app --checkpoint checkpoints/RUN/checkpoints/best.ckpt
  ssh -L 7860:localhost:7860 server colorgan app --no-browser    on another machine, for you alone

Only this machine can reach the page, unless you name another --host.
"""
_MOST_CONNECTIONS = 100
_SHUTDOWN_SECONDS = 5


def main(args: Sequence[str]) -> int:
    """Runs the command until it is interrupted.

    Args:
        args: its words.

    Returns:
        0.

    Raises:
        ColorganError: if the model, the address or the libraries of the page are not there.
    """
    given = _parser().parse_args(args)
    try:
        import uvicorn

        from colorgan.web.server.about import about_model
        from colorgan.web.server.site import Settings, create_site
        from colorgan.web.server.workpiece import Colorist
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "colorgan":
            raise
        raise ColorganError(f"the page needs {missing}, which is not installed: pip install 'colorgan[app]'") from error

    with contextlib.closing(_listen(given.host, given.port)) as server_socket:
        address = _address(given.host, server_socket)
        local = ipaddress.ip_address(server_socket.getsockname()[0]).is_loopback
        model = open_model(given.checkpoint, given.device)
        colorist = Colorist(model, given.size, round(given.max_megapixels * 1_000_000))
        settings = Settings(
            max_bytes=round(given.max_upload * 1_000_000),
            local=local,
            names=[*given.allow_name, *([] if local else [socket.gethostname(), socket.getfqdn()])],
        )
        site = create_site(colorist, about_model(given.checkpoint, model.card), settings)
        server = uvicorn.Server(
            uvicorn.Config(
                site,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="on",
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            )
        )
        print(f"the page is at {address} (Ctrl-C ends it)", flush=True)
        if not local:
            print(
                f"warning: everybody who can reach {address} can use it; there is no password and no encryption",
                file=sys.stderr,
            )
        if given.browser and _has_screen():
            threading.Thread(target=_open_browser, args=(address,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[server_socket])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that an address in use is known before a model is loaded."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0].lower()
        raise ColorganError(
            f"cannot listen on {host}, port {port} ({reason}); choose another --port, or --host 127.0.0.1"
        ) from error


def _address(host: str, server_socket: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    everywhere = ipaddress.ip_address(server_socket.getsockname()[0]).is_unspecified
    return f"http://{socket.gethostname() if everywhere else name}:{server_socket.getsockname()[1]}/"


def _has_screen() -> bool:
    """Whether a browser can be shown; on a terminal alone, Python would start a text browser in it."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_browser(address: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(address)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "colorgan app",
        description="Open a page to color photos in the browser, with dots of color where you know better.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_model_options(parser)
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS",
        help="address to listen on (default: %(default)s, which only this machine can reach)",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=number(int, 0, 65535), default=7860, metavar="N",
        help="port to listen on; 0 takes any that is free (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--allow-name", action="append", default=[], metavar="NAME",
        help="a host name under which browsers may reach the page, beside localhost; may be repeated",
    )  # fmt: skip
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument(
        "--max-upload", type=number(float, 0.001, 100_000), default=200.0, metavar="MB",
        help="largest file that is taken (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--max-megapixels", type=number(float, 0.001, MAX_PIXELS / 1e6), default=100.0, metavar="N",
        help="largest photo that is taken (default: %(default)g)",
    )  # fmt: skip
    return parser
