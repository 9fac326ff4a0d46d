"""Who may talk to the server: only its own page, under a name that is this machine's."""

import ipaddress
import json
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_SAFE_METHODS = ("GET", "HEAD")


class Guard:
    """Refuses what other websites make a browser send, and tells browsers to be strict.

    A page of a stranger may point its own name at this machine (DNS rebinding); therefore the name that the browser
    speaks to must be one of ours, or an IP address, which nobody can point elsewhere. It may send forms and photos here
    without being able to read the answer (request forgery); therefore whatever changes something must come from our
    own page.

    Args:
        app: what is guarded.
        local: whether only addresses of this machine itself are expected.
        names: host names under which the server is known, beside ``localhost``.
    """

    def __init__(self, app: ASGIApp, local: bool, names: Collection[str] = ()) -> None:
        self._app = app
        self._local = local
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers in the place of the application, or lets it answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send_strictly)
            return
        body = json.dumps({"error": refusal}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send_strictly({"type": "http.response.start", "status": 403, "headers": headers})
        await send_strictly({"type": "http.response.body", "body": body})

    def _refusal(self, method: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if not self._known(host):
            return "this server does not answer under that name; open the address that it printed when it started"
        if method in _SAFE_METHODS:
            return None
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "this request came from another website, which is not allowed"
        return None

    def _known(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name = (parts.hostname or "").rstrip(".")
            _ = parts.port  # raises for what is no port
        except ValueError:
            return False
        if parts.netloc != host or parts.username is not None:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return address.is_loopback or not self._local
