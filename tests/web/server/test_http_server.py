"""Connections that send or read too slowly, over real sockets."""

import contextlib
import http.client
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from colorgan.web.server import ConnectionLimits, http_server
from colorgan.web.server.http_server import client_of
from tests.web.conftest import running

FAST = ConnectionLimits(10, 6, header_seconds=0.5, drain_seconds=0.5, stall_seconds=0.5)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /receive HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"

ANY_LOOPBACK_ADDRESS = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, only 127.0.0.1 is configured")


async def index(request: Request) -> Response:
    return PlainTextResponse(request.client.host if request.client else "")


async def large(request: Request) -> Response:
    return Response(bytes(50_000_000))


async def refuse(request: Request) -> Response:
    return Response(status_code=413)


async def receive(request: Request) -> Response:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        return Response(status_code=400)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    routes = [
        Route("/", index),
        Route("/large", large),
        Route("/refuse", refuse, methods=["POST"]),
        Route("/receive", receive, methods=["POST"]),
    ]
    with running(http_server(Starlette(routes=routes), FAST)) as number:
        yield number


@pytest.fixture
def connect(port: int) -> Iterator[Callable[..., socket.socket]]:
    """Connects from one of the loopback addresses, which count as different clients."""
    with contextlib.ExitStack() as stack:

        def connect_(data: bytes = b"", address: str = "127.0.0.1") -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", port), 10, (address, 0))
            stack.enter_context(connection)
            connection.sendall(data)
            return connection

        yield connect_


def response_of(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of one response."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(1 << 16):
            received += data
    return received


def seconds_until_closed(connection: socket.socket, send: bytes = b"") -> float:
    """How long the server keeps a connection open while something is sent again and again."""
    start = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() < start + 10:
        try:
            connection.sendall(send)
            if not connection.recv(1 << 16):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start


def test_half_open_connection_is_closed(connect: Callable[..., socket.socket]) -> None:
    assert 0.4 < seconds_until_closed(connect()) < 4
    assert 0.4 < seconds_until_closed(connect(GET[:20])) < 4


def test_trickled_headers_have_a_total_deadline(connect: Callable[..., socket.socket]) -> None:
    assert 0.4 < seconds_until_closed(connect(b"GET / HTTP/1.1\r\n"), b"a: b\r\n") < 4
    second = connect(GET)
    assert response_of(second)[0] == 200
    assert 0.4 < seconds_until_closed(second, b"a") < 4


def test_body_after_the_response_is_cut_off(connect: Callable[..., socket.socket]) -> None:
    headers = b"POST /refuse HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = connect(headers)
    assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
    assert 0.4 < seconds_until_closed(connection, b"1\r\nx\r\n") < 4


def test_client_that_does_not_read_is_closed(connect: Callable[..., socket.socket]) -> None:
    connection = connect(GET.replace(b"/ ", b"/large "))
    time.sleep(2)
    assert len(rest_of(connection)) < 50_000_000


def test_connection_that_keeps_to_the_limits_stays_open(connect: Callable[..., socket.socket]) -> None:
    connection = connect()
    for _ in range(6):
        time.sleep(0.2)
        connection.sendall(GET)
        assert response_of(connection)[0] == 200
    slow_body = connect(POST % 5)
    for _ in range(5):
        time.sleep(0.2)
        slow_body.sendall(b"x")
    assert response_of(slow_body) == (200, b"5")


def made_room(connections: list[socket.socket]) -> bool:
    """Whether one of them is closed without a response; which one depends on the load of the machine."""
    closed = select.select(connections, [], [], 10)[0]
    return bool(closed) and rest_of(closed[0]) == b""


@pytest.mark.parametrize(
    "half", [b"", b"GET / HTTP", b"POST /receive HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nx"]
)
def test_slow_connections_do_not_take_the_places_of_others(connect: Callable[..., socket.socket], half: bytes) -> None:
    slow = [connect(half) for _ in range(20)]
    # connections of the last moment are not judged yet, and on a busy machine they may be many
    deadline = time.monotonic() + 10
    while (status := response_of(connect(GET))[0]) == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status == 200
    assert made_room(slow)


def test_slowest_connection_makes_room(connect: Callable[..., socket.socket]) -> None:
    headers = POST % 100_000
    fast = connect(headers + bytes(50_000))
    time.sleep(0.1)
    slow = [connect(headers + b"x") for _ in range(8)]
    fast.sendall(bytes(50_000))
    assert response_of(fast) == (200, b"100000")
    assert made_room(slow)


@ANY_LOOPBACK_ADDRESS
def test_clients_have_separate_shares(connect: Callable[..., socket.socket]) -> None:
    headers = POST % 2
    first = connect(headers + b"x", "127.0.0.9")
    time.sleep(0.1)
    for _ in range(20):
        connect(headers + b"x")
    first.sendall(b"x")
    assert response_of(first) == (200, b"2")


def test_malformed_requests_print_nothing(
    connect: Callable[..., socket.socket], capfd: pytest.CaptureFixture[str]
) -> None:
    assert rest_of(connect(b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    assert capfd.readouterr() == ("", "")


@ANY_LOOPBACK_ADDRESS
def test_address_comes_from_a_proxy_on_this_machine_only(connect: Callable[..., socket.socket]) -> None:
    forwarded = GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n")
    assert response_of(connect(forwarded)) == (200, b"203.0.113.7")
    assert response_of(connect(forwarded, "127.0.0.9")) == (200, b"127.0.0.9")


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:2", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_client_of(host: str, client: str) -> None:
    assert client_of(host) == client
