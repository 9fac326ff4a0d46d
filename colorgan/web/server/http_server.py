"""The HTTP server: uvicorn, with limits on what connections may hold up."""

import asyncio
import ipaddress
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_CHECK_INTERVAL = 0.5
_SETTLE_SECONDS = 1.0
"""A new connection is left alone for this long, in which its request arrives and is read, unless the client is slow."""
_CREDIT_BYTES, _CREDIT_SECONDS = 4096, 0.1
"""What a request is taken to have sent before it began: the less time it had, the less its own speed counts."""
_RESUMED_BYTES = 48 << 10
"""What a client has taken at least, each time that asyncio resumes writing: from 64 to 16 KiB of its buffer."""
_SHUTDOWN_TIMEOUT = 5


@dataclass(frozen=True)
class ConnectionLimits:
    """Limits of the connections of a server.

    Attributes:
        connections: maximum number of connections. For a moment, there may be twice as many.
        per_client: maximum number of connections of one client; see :func:`client_of`.
        header_seconds: time for the headers of a request, from the connection or from their first byte.
        drain_seconds: time for the rest of a body after the response, and for the end of a connection.
        stall_seconds: time in which a client must take the next 48 KiB of a response.
    """

    connections: int = 100
    per_client: int = 64
    header_seconds: float = 10.0
    drain_seconds: float = 5.0
    stall_seconds: float = 30.0


def http_server(app: ASGIApp, limits: ConnectionLimits | None = None) -> uvicorn.Server:
    """Creates a server for an application.

    It takes the addresses of clients from the ``X-Forwarded-For`` header if the connection comes from a reverse proxy
    on this machine, or from one of the addresses in the environment variable ``FORWARDED_ALLOW_IPS``.

    Args:
        app: the ASGI application.
        limits: limits of the connections. Default: those of :class:`ConnectionLimits`.
    """
    limits = limits or ConnectionLimits()
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=type("LimitedProtocol", (LimitedProtocol,), {"limits": limits}),
            log_level="error",  # malformed requests are no news for the terminal
            access_log=False,
            server_header=False,
            proxy_headers=True,
            ws="none",
            lifespan="on",
            backlog=64,  # also how many are accepted before requests are read again
            limit_concurrency=2 * limits.connections,
            timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
        )
    )


def client_of(host: str) -> str:
    """What counts as one client: an IPv4 address, or the 64-bit network of an IPv6 address.

    Example:
        >>> client_of("203.0.113.7"), client_of("::ffff:203.0.113.7"), client_of("2001:db8::1:2:3")
        ('203.0.113.7', '203.0.113.7', '2001:db8::/64')
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


class LimitedProtocol(H11Protocol):
    """HTTP connection that cannot be held open by a client that sends or reads too slowly, or not at all.

    uvicorn limits the time between two requests, but not that for the headers of a request, for the rest of a body that
    nobody reads, or for a response that the client does not read. When there are too many connections, the slowest
    one of the client with the most is closed instead of turning away the next client, so that idle connections do not
    take the places of others. Bodies that the application reads have deadlines in :mod:`colorgan.web.server.requests`.

    Attributes:
        limits: the limits.
        peer: the client at the other end of the connection, which may be a reverse proxy.
        request_start: time of the first byte of the present request, or from which the server waits for it.
    """

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._phase: tuple[object, ...] = ()
        self._phase_start = 0.0
        self._num_bytes = 0
        self._is_writing_paused = False
        self.peer = ""
        self.request_start = 0.0

    @property
    def bytes_per_second(self) -> float:
        """How fast the present request is received, or its response sent."""
        return (_CREDIT_BYTES + self._num_bytes) / (_CREDIT_SECONDS + self.loop.time() - self.request_start)

    @property
    def waits_for_client(self) -> bool:
        """Whether the client has to send or to read something before the request can be completed."""
        return self._is_writing_paused or self.transport.is_closing() or self._is_receiving

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Makes room for the connection, and starts to watch it."""
        super().connection_made(transport)
        self.request_start = self.loop.time()
        self.peer = client_of(self.client[0]) if self.client else ""
        self._check()
        if len(self.connections) >= 2 * self.limits.connections:
            self._make_room(min_age=0)
        self.loop.call_later(_SETTLE_SECONDS, self._make_room)

    def _make_room(self, min_age: float = _SETTLE_SECONDS) -> None:
        """Closes a connection of the client with the most if there are too many, of that client or of all.

        It closes the slowest of those that keep the server waiting, and of equally slow ones the oldest.
        """
        connections = [other for other in self.connections if isinstance(other, LimitedProtocol)]
        ((client, count),) = Counter(other.peer for other in connections).most_common(1) or [("", 0)]
        if count <= self.limits.per_client and len(connections) <= self.limits.connections:
            return
        latest = self.loop.time() - min_age
        slow = [
            other
            for other in connections
            if other.peer == client and other.waits_for_client and other.request_start <= latest
        ]
        if slow:
            min(slow, key=lambda other: (other.bytes_per_second, other.request_start)).drop()

    @property
    def _is_receiving(self) -> bool:
        """Whether the request is incomplete."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def drop(self) -> None:
        """Closes the connection at once."""
        self.connections.discard(self)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops watching the connection."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what is received."""
        if self._num_bytes == 0:
            self.request_start = self.loop.time()
        self._num_bytes += len(data)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Starts to count anew."""
        self.request_start, self._num_bytes = self.loop.time(), 0
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Notes that the client has to read first."""
        self._is_writing_paused = True
        super().pause_writing()

    def resume_writing(self) -> None:
        """Notes that the client has read something."""
        self._is_writing_paused = False
        self._num_bytes += _RESUMED_BYTES
        super().resume_writing()

    def _check(self) -> None:
        """Closes the connection if it has been in the same phase for too long."""
        phase, limit = self._current_phase()
        now = self.loop.time()
        if phase != self._phase:
            self._phase, self._phase_start = phase, now
        elif limit is not None and now - self._phase_start > limit:
            self.drop()
            return
        self._timer = self.loop.call_later(min(_CHECK_INTERVAL, self.limits.drain_seconds), self._check)

    def _current_phase(self) -> tuple[tuple[object, ...], float | None]:
        """The present phase, which differs for each request, and its maximum duration in seconds."""
        if self.transport.is_closing():
            return ("closing",), self.limits.drain_seconds
        if self._is_writing_paused:
            return ("sending", self.cycle, self._num_bytes), self.limits.stall_seconds
        if self.conn.their_state is h11.IDLE:
            return ("headers", self.cycle), self.limits.header_seconds
        if self._is_receiving and self.cycle.response_complete:
            return ("draining", self.cycle), self.limits.drain_seconds
        return ("running", self.cycle), None
