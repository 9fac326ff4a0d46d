"""Protects the server from other websites that are open in the same browser."""

import ipaddress
import json
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_SAFE_METHODS = ("GET", "HEAD")


class SecurityMiddleware:
    """ASGI middleware that rejects requests from other websites and adds security headers to every response.

    Two attacks are prevented. In DNS rebinding, a website points its own host name at this machine; therefore the
    ``Host`` header must be a known name or an IP address, which cannot be rebound. In cross-site request forgery, a
    website sends requests whose responses it cannot read; therefore requests that change something must come from
    the server's own origin.

    Args:
        app: the wrapped application.
        local_only: whether only loopback addresses are accepted as hosts.
        host_names: accepted host names, in addition to ``localhost``.
        policy: the content security policy; by default that of a page whose files come from this server.
    """

    def __init__(self, app: ASGIApp, local_only: bool, host_names: Collection[str] = (), policy: str = _POLICY) -> None:
        self._app = app
        self._headers = {**_SECURITY_HEADERS, "content-security-policy": policy}
        self._local_only = local_only
        self._host_names = {"localhost", *(name.lower().rstrip(".") for name in host_names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rejects a request with status 403, or passes it to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        error = self._check(scope["method"], Headers(scope=scope))
        if error is None:
            await self._app(scope, receive, send_with_headers)
            return
        body = json.dumps({"error": error}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send_with_headers({"type": "http.response.start", "status": 403, "headers": headers})
        await send_with_headers({"type": "http.response.body", "body": body})

    def _check(self, method: str, headers: Headers) -> str | None:
        """The reason to reject a request, or ``None`` to accept it."""
        host = headers.get("host", "")
        if not self._is_known_host(host):
            return "unknown host name; open the address that colorgan printed when it started"
        if method in _SAFE_METHODS:
            return None
        origin = headers.get("origin")
        cross_origin = origin is not None and origin.partition("://")[2].lower() != host.lower()
        if cross_origin or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "requests from other websites are not allowed"
        return None

    def _is_known_host(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name = (parts.hostname or "").rstrip(".")
            _ = parts.port  # raises ValueError for an invalid port
        except ValueError:
            return False
        if parts.netloc != host or parts.username is not None:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._host_names
        return address.is_loopback or not self._local_only
