"""What commands that serve a page share: the socket, the address, the browser, and the end."""

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
from typing import TYPE_CHECKING

from colorgan.errors import ColorganError
from colorgan.system.signals import STOP_SIGNALS

if TYPE_CHECKING:
    import uvicorn


def serve(server: "uvicorn.Server", server_socket: socket.socket, url: str, *, open_browser: bool) -> None:
    """Runs a server until it is stopped.

    Args:
        server: the server.
        server_socket: its listening socket.
        url: the address of the page.
        open_browser: whether to open it, where there is a display.
    """
    if not is_local(server_socket):
        print(
            f"warning: anyone who can reach {url} can use it; there is no password and no encryption", file=sys.stderr
        )
    if open_browser and _has_display():
        threading.Thread(target=_open_browser, args=(url,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt), _signals_call(server.handle_exit):
        server.run(sockets=[server_socket])


def listen(host: str, port: int) -> socket.socket:
    """Opens the listening socket, so that an address in use is reported before anything is loaded.

    Raises:
        ColorganError: if the address is not available.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0].lower()
        raise ColorganError(
            f"cannot listen on {host}, port {port} ({reason}); choose another --port, or --host 127.0.0.1"
        ) from error


def is_local(server_socket: socket.socket) -> bool:
    """Whether only this machine can connect."""
    return ipaddress.ip_address(server_socket.getsockname()[0]).is_loopback


def host_names(server_socket: socket.socket, allowed: Sequence[str]) -> list[str]:
    """The names under which browsers may open the page: those of this machine if others can connect, and more.

    Args:
        server_socket: the listening socket.
        allowed: names that the user allows.
    """
    return [*allowed, *([] if is_local(server_socket) else [socket.gethostname(), socket.getfqdn()])]


def missing_library(command: str, error: ModuleNotFoundError) -> ColorganError:
    """What to say if the server cannot be imported.

    Args:
        command: the command that needs it.
        error: the error, which is raised again if it is about a module of colorgan.
    """
    missing = (error.name or "").partition(".")[0]
    if missing == "colorgan":
        raise error
    return ColorganError(
        f"`colorgan {command}` needs {missing}, which is not installed; run: pip install starlette anyio uvicorn h11"
    )


def url_of(host: str, server_socket: socket.socket) -> str:
    """The address of the page, as it is printed."""
    address, port = server_socket.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"http://{socket.gethostname() if ipaddress.ip_address(address).is_unspecified else name}:{port}/"


@contextlib.contextmanager
def _signals_call(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handles the end of the terminal like Ctrl-C, so that temporary files are deleted then, too; uvicorn does not."""
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
