"""Requests that a server must survive: malformed, oversized, slow, forged, and bodies that are no photos or hints."""

import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tests.images.jpegs import many_scans

CLOSED = 0
"""Stands for a connection that the server closes without an answer."""


@dataclass(frozen=True)
class Attack:
    """Bytes for the server, and how it may answer.

    Attributes:
        kind: the kind of attack.
        name: what is special about this one.
        data: what is sent; ``{key}`` stands for the key of an uploaded photo of 90 x 60 pixels.
        statuses: the statuses of acceptable answers.
        repeated: what is sent afterward, again and again, until the server closes the connection.
        keeps_silent: whether the client then waits until the server closes the connection.
    """

    kind: str
    name: str
    data: bytes
    statuses: tuple[int, ...]
    repeated: bytes = b""
    keeps_silent: bool = False

    @property
    def is_slow(self) -> bool:
        """Whether the server has to end it."""
        return self.keeps_silent or bool(self.repeated)


def get(path: str, *headers: str, method: str = "GET", host: str = "localhost") -> bytes:
    """A request without a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")


def post(path: str, body: bytes, *headers: str, host: str = "localhost") -> bytes:
    """A request with a body of known length."""
    return get(path, *headers, f"Content-Length: {len(body)}", method="POST", host=host) + body


def attacks() -> Iterator[Attack]:
    """Yields all attacks, each kind together."""
    yield from _request_lines()
    yield from _headers()
    yield from _lengths()
    yield from _chunks()
    yield from _slow()
    yield from _paths()
    yield from _hosts()
    yield from _origins()
    yield from _json()
    yield from _hints()
    yield from _sessions()
    yield from _uploads()
    yield from _names()


def _request_lines() -> Iterator[Attack]:
    for name, data in {
        "zeros": bytes(100),
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        "version": b"GET / HTTP/9.9.9\r\n\r\n",
        "no version": b"GET /\r\n\r\n",
        "no target": b"GET HTTP/1.1\r\n\r\n",
        "no method": b" / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "control character": b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "not ASCII": "GET /ü HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
        "SOCKS": b"\x05\x01\x00\r\n\r\n",
        "RTSP": b"OPTIONS * RTSP/1.0\r\n\r\n",
        "random": np.random.default_rng(0).bytes(5000) + b"\r\n\r\n",
    }.items():
        yield Attack("request line", name, data, (400,))
    yield Attack("request line", "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 403))
    yield Attack("request line", "long", get("/" + "a" * 100_000), (400, 404))
    yield Attack("request line", "old version without host", b"GET / HTTP/1.0\r\n\r\n", (403,))
    yield Attack("request line", "CONNECT", get("localhost:80", method="CONNECT"), (404, 405))
    yield Attack("request line", "asterisk", get("*", method="OPTIONS"), (403, 404, 405))
    yield Attack("request line", "absolute", get("http://evil.example/"), (404,))
    for method in ("TRACE", "PUT", "PATCH", "PROPFIND", "A" * 1000):
        yield Attack("method", method[:10], get("/api/photos", method=method), (405,))
    yield Attack("method", "DELETE of the page", get("/", method="DELETE"), (405,))


def _headers() -> Iterator[Attack]:
    start = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
    for name, header in {
        "no colon": b"nonsense",
        "space before colon": b"A : b",
        "zero": b"A: \x00",
        "empty name": b": b",
        "two hosts": b"Host: localhost",
    }.items():
        yield Attack("header", name, start + header + b"\r\n\r\n", (400,))
    yield Attack("header", "folded host", start + b" .evil.example\r\n\r\n", (400, 403))
    for name, header in {
        "control character": b"A: \x07",
        "one long": b"A: " + b"b" * 100_000,
        "many": b"\r\n".join(b"A%d: b" % number for number in range(10_000)),
    }.items():
        yield Attack("header", name, start + header + b"\r\n\r\n", (200, 400))
    yield Attack("header", "one of 10 MB", start + b"A: " + b"b" * 10_000_000 + b"\r\n\r\n", (CLOSED, 400))
    for name, header in {
        "cookies": "Cookie: " + "a=b; " * 2000,
        "not ASCII": "A: ü",
        "upgrade": "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "ranges": "Range: bytes=" + ",".join(f"{number}-{number}" for number in range(2000)),
        "range beyond": "Range: bytes=999999999-",
        "forwarded": "X-Forwarded-For: " + "evil, " * 1000,
        "forwarded scheme": "X-Forwarded-Proto: javascript",
        "forwarded host": "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example",
        "override": "X-HTTP-Method-Override: DELETE",
        "encodings": "Accept-Encoding: " + "gzip, " * 1000,
    }.items():
        yield Attack("header", name, get("/", header), (200, 206, 400, 416))


def _lengths() -> Iterator[Attack]:
    for name, value in {
        "negative": "-5",
        "signed": "+5",
        "hexadecimal": "0x5",
        "no number": "many",
        "5,000 digits": "9" * 5000,
        "two values": "5, 6",
        "spaces": "5 5",
    }.items():
        yield Attack("length", name, get("/api/photos", f"Content-Length: {value}", method="POST"), (400,))
    for name, value in {"gigabytes": 10**12, "20 digits": 10**18}.items():
        yield Attack("length", name, get("/api/photos", f"Content-Length: {value}", method="POST") + b"x", (413,))
    yield Attack(
        "length",
        "JSON of 2 MB",
        get("/api/albums", "Content-Length: 2000000", method="POST") + b" " * 2_000_000,
        (413,),
    )
    yield Attack("length", "none", get("/api/photos", method="POST"), (422,))
    yield Attack("length", "body of a GET", get("/", "Content-Length: 5") + b"12345", (200,))
    yield Attack(
        "length",
        "another request in the body",
        post("/api/albums", b"{}") + b"GET /nothing HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        (201,),
    )


def _chunks() -> Iterator[Attack]:
    start = get("/api/photos", "Transfer-Encoding: chunked", method="POST")
    for name, body in {
        "no number": b"many\r\n",
        "negative": b"-1\r\n",
        "too large a number": b"f" * 30 + b"\r\n",
        "wrong end": b"1\r\nxyz\r\n",
        "endless extension": b"1;" + b"a" * 100_000,
    }.items():
        yield Attack("chunks", name, start + body, (CLOSED, 400))
    yield Attack("chunks", "empty", start + b"0\r\n\r\n", (422,))
    yield Attack("chunks", "large trailer", start + b"0\r\n" + b"A: b\r\n" * 30_000, (CLOSED, 400, 422))
    yield Attack(
        "chunks", "gzip", get("/api/photos", "Transfer-Encoding: gzip, chunked", method="POST") + b"0\r\n\r\n", (400,)
    )
    yield Attack(
        "chunks",
        "with a length",
        get("/api/photos", "Transfer-Encoding: chunked", "Content-Length: 5", method="POST") + b"0\r\n\r\n",
        (400, 422),
    )


def _slow() -> Iterator[Attack]:
    yield Attack("half-open", "nothing", b"", (CLOSED,), keeps_silent=True)
    yield Attack("half-open", "half a request line", b"GET / HT", (CLOSED,), keeps_silent=True)
    yield Attack("half-open", "half a header", b"GET / HTTP/1.1\r\nHost: loc", (CLOSED,), keeps_silent=True)
    yield Attack("half-open", "second request", get("/api/info"), (200,), keeps_silent=True)
    yield Attack("slow header", "trickle", b"GET / HTTP/1.1\r\nA: ", (CLOSED,), repeated=b"x")
    yield Attack("slow header", "lines", b"GET / HTTP/1.1\r\n", (CLOSED, 400), repeated=b"A: b\r\n")
    yield Attack("slow header", "empty lines", b"", (CLOSED, 400), repeated=b"\r\n")
    yield Attack("slow header", "of the second request", get("/api/info"), (200,), repeated=b"G")
    for path in (
        "/api/photos",
        "/api/albums",
        "/api/hints",
        "/api/photos/{key}/colorized",
        "/api/photos/{key}/download",
    ):
        announced = get(path, "Content-Length: 1000", method="POST")
        chunked = get(path, "Transfer-Encoding: chunked", method="POST")
        yield Attack("slow body", f"nothing {path}", announced, (408,), keeps_silent=True)
        yield Attack("slow body", f"trickle {path}", announced, (408,), repeated=b" ")
        yield Attack("slow body", f"chunks without end {path}", chunked, (408,), repeated=b"1\r\n \r\n")
    for path, status in (("/", 405), ("/nothing", 404), ("/api/photos/nothing/colorized", 404)):
        chunked = get(path, "Transfer-Encoding: chunked", method="POST")
        yield Attack("body that nobody reads", path, chunked, (status,), repeated=b"1\r\n \r\n")
    yield Attack(
        "body that nobody reads",
        "of another website",
        get("/api/photos", "Transfer-Encoding: chunked", "Origin: http://evil.example", method="POST"),
        (403,),
        repeated=b"400\r\n" + bytes(0x400) + b"\r\n",
    )
    yield Attack(
        "body without end",
        "fast JSON",
        get("/api/albums", "Transfer-Encoding: chunked", method="POST"),
        (408, 413),
        repeated=b"4000\r\n" + b" " * 0x4000 + b"\r\n",
    )
    yield Attack(
        "expected",
        "continue",
        get("/api/photos", "Content-Length: 1000", "Expect: 100-continue", method="POST"),
        (100,),
        keeps_silent=True,
    )


def _paths() -> Iterator[Attack]:
    for path in (
        "/page/../server/app.py",
        "/page/%2e%2e/server/app.py",
        "/page/..%2fserver/app.py",
        "/page/..%5cserver%5capp.py",
        "/page/%252e%252e/server/app.py",
        "/page/....//server/app.py",
        "/page//etc/passwd",
        "/page/%00",
        "/page/main.js%00.html",
        "/page/" + "a" * 3000,
        "/page/" + "a/" * 3000,
        "/page/%ff%fe",
        "/page/%ed%a0%80",
        "//etc/passwd",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/photos/../../etc/passwd",
        "/api/photos/..%2f..%2fetc%2fpasswd/original",
        "/api/photos/%00/original",
        "/api/albums/./archive",
        "/page/C:/Windows/win.ini",
        "/page/CON",
        "/.git/config",
        "/server-status",
    ):
        yield Attack("path", path[:60], get(path), (404,))


def _hosts() -> Iterator[Attack]:
    for host in (
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80",
        "user@localhost",
        "localhost:80:80",
        "localhost:port",
        "[::1",
        "0x7f.1",
        "localhost/../evil",
        "8.8.8.8",
        "localhost\\evil",
        "lo\xadcalhost",
    ):
        statuses = (400, 403)
        yield Attack("host", host or "empty", get("/api/info", host=host), statuses)
        yield Attack("host", f"{host or 'empty'}, POST", post("/api/albums", b"{}", host=host), statuses)


def _origins() -> Iterator[Attack]:
    for header in (
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: http://localhost:9",
        "Origin: http://localhost.evil.example",
        "Origin: http://localhost@evil.example",
        "Origin: ",
        "Origin: http://[",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: nonsense",
    ):
        yield Attack("origin", header, post("/api/albums", b"{}", header), (403,))
    yield Attack("origin", "deletion", get("/api/photos/{key}", "Origin: http://evil.example", method="DELETE"), (403,))
    yield Attack(
        "origin",
        "form",
        post("/api/albums", b"a=b", "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site"),
        (403,),
    )
    yield Attack(
        "origin",
        "preflight",
        get("/api/photos", "Origin: http://evil.example", "Access-Control-Request-Method: POST", method="OPTIONS"),
        (403,),
    )


def _json() -> Iterator[Attack]:
    for name, body in {
        "empty": b"",
        "half": b"{",
        "deep lists": b"[" * 500_000,
        "deep objects": b'{"a":' * 100_000,
        "closed deep lists": b"[" * 100_000 + b"]" * 100_000,
        "many lists": b"[" + b"[]," * 300_000 + b"[]]",
        "not UTF-8": b'"\xff\xfe"',
        "UTF-16": '{"strength": 1}'.encode("utf-16"),
        "surrogate": b'{"\\ud800": 1}',
        "zero": b'{"\x00": 1}',
        "long key": b'{"' + b"a" * 1_000_000 + b'": 1}',
        "list": b"[]",
        "null": b"null",
        "number": b"1",
        "huge number": b'{"strength": ' + b"9" * 4000 + b"}",
        "number of 100,000 digits": b'{"strength": ' + b"9" * 100_000 + b"}",
        "exponent": b'{"strength": 1e400}',
        "long exponent": b'{"strength": 1e' + b"9" * 10_000 + b"}",
        "NaN": b'{"strength": NaN}',
        "negative": b'{"strength": -Infinity}',
        "text": b'{"strength": "1"}',
        "true": b'{"strength": true}',
        "format": b'{"format": "../../x"}',
        "format of another type": b'{"format": ["png"]}',
        "metadata": b'{"metadata": 1}',
        "unknown": b'{"__proto__": {}}',
        "form": b"strength=1",
        "multipart": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
        "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "pickle": b"cos\nsystem\n(S'touch x'\ntR.",
    }.items():
        yield Attack("JSON", name, post("/api/albums", body), (422,))
    for content_type in ("text/plain", "application/xml", "image/png", "multipart/form-data; boundary=x", "\x7f"):
        header = f"Content-Type: {content_type}"
        yield Attack("content type", content_type, post("/api/photos", b"no photo", header), (400, 422))
    yield Attack(
        "content type", "compressed", post("/api/albums", zlib.compress(b"{}"), "Content-Encoding: gzip"), (422,)
    )


def _hints() -> Iterator[Attack]:
    valid = {"x": 1, "y": 1, "radius": 2, "color": "red"}
    for name, changed in {
        "outside": {"x": 90},
        "far outside": {"x": 2**31 - 1},
        "negative": {"y": -1},
        "NaN": {"x": float("nan")},
        "infinite": {"radius": float("inf")},
        "NaN radius": {"radius": float("nan")},
        "no radius": {"radius": 0},
        "negative radius": {"radius": -3},
        "huge radius": {"radius": 1e300},
        "huge integer": {"radius": 10**400},
        "list": {"x": [1]},
        "color": {"color": "url(http://evil.example)"},
        "long color": {"color": "a" * 500_000},
        "color of another type": {"color": [255, 0, 0]},
        "script": {"color": "<script>"},
        "surrogate": {"color": "\ud800"},
    }.items():
        body = json.dumps({"hints": [valid | changed]}).encode()
        yield Attack("hint", name, post("/api/photos/{key}/colorized", body), (422,))
        if "color" not in changed:
            spot = {"x": 1, "y": 1, "radius": 2} | changed
            yield Attack("spot", name, post("/api/photos/{key}/suggestions", json.dumps(spot).encode()), (422,))
    many = json.dumps({"hints": [valid] * 1001}).encode()
    yield Attack("hint", "1,001", post("/api/photos/{key}/colorized", many), (422,))
    yield Attack("hint", "unknown key", post("/api/hints", b'{"hints": [{"z": 1}]}', "X-File-Name: <b>"), (422,))
    yield Attack("hint", "file", post("/api/hints", b"GIF89a", "X-File-Name: %0d%0aSet-Cookie:%20a"), (422,))
    largest = json.dumps({"hints": [valid | {"radius": 2**31 - 1}] * 1000}).encode()
    yield Attack("hint", "1,000 that cover the photo", post("/api/photos/{key}/colorized", largest), (200,))
    tiny = json.dumps({"x": 0, "y": 0, "radius": 5e-324}).encode()
    yield Attack("spot", "smallest radius", post("/api/photos/{key}/suggestions", tiny), (200,))


def _sessions() -> Iterator[Attack]:
    for key in ("nothing", "a" * 1000, "%2e%2e", "..%2f..", "%00", "0", "' OR 1=1 --".replace(" ", "%20")):
        yield Attack("session", key[:20], post(f"/api/photos/{key}/download", b"{}"), (404,))
        yield Attack("session", f"archive {key[:20]}", get(f"/api/albums/{key}/archive"), (404,))
    yield Attack("session", "photo as an album", post("/api/albums/{key}/photos", b"x"), (404,))
    yield Attack("session", "list", get("/api/photos"), (405,))
    yield Attack("session", "deletion of another", get("/api/photos/nothing", method="DELETE"), (204,))


def _uploads() -> Iterator[Attack]:
    for name, content in {
        "empty": b"",
        "text": b"no photo",
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
        "ZIP": b"PK\x03\x04" + bytes(1000),
        "PDF": b"%PDF-1.7\n" + bytes(1000),
        "MP4": b"\x00\x00\x00\x18ftypmp42" + bytes(1000),
        "HTML": b"<html><script>alert(1)</script>",
        "PNG of 4 billion pixels": _png(65535, 65535),
        "PNG of 50,000 pixels a side": _png(50_000, 50_000),
        "PNG of no pixels": _png(0, 0),
        "PNG with a text of 64 MB": _png(8, 8, [(b"zTXt", b"a\0\0" + zlib.compress(bytes(64 << 20)))]),
        "PNG with a profile of 64 MB": _png(8, 8, [(b"iCCP", b"a\0\0" + zlib.compress(bytes(64 << 20)))]),
        "cut PNG": _picture("PNG")[:300],
        "cut JPEG": _picture("JPEG")[:400],
        "JPEG of 4 billion pixels": _large_jpeg(),
        "JPEG of 15,000 scans": many_scans(9000, 15_000)[:1_900_000],
        "GIF of 4 billion pixels": b"GIF89a\xff\xff\xff\xff\x80\x00\x00"
        + bytes(6)
        + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;",
        "TIFF loop": b"II*\0\x08\0\0\0\x01\0\0\x01\x04\0\x01\0\0\0\x01\0\0\0\x08\0\0\0",
        "zeros": bytes(300_000),
        "noise": np.random.default_rng(1).bytes(300_000),
    }.items():
        yield Attack("upload", name, post("/api/photos", content, "X-File-Name: a.jpg"), (422,))
    yield Attack("upload", "too large", post("/api/photos", bytes(3_000_000)), (413, 422))


def _names() -> Iterator[Attack]:
    photo = _picture("PNG")
    for name in (
        "../../etc/cron.d/x",
        "%2e%2e%2f%2e%2e%2fx",
        "C:%5cx.png",
        "%00.png",
        "a%0d%0aSet-Cookie: b=c",
        "x" * 10_000,
        "%ed%a0%80",
        "<script>",
        "%e2%80%aegpj.exe",
    ):
        yield Attack("name", name[:40], post("/api/photos", photo, f"X-File-Name: {name}"), (201,))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width: int, height: int, extra: list[tuple[bytes, bytes]] | None = None) -> bytes:
    """A PNG file with a few bytes of pixels, however many it claims to have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), *(extra or []), (b"IDAT", zlib.compress(bytes(50))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _picture(image_format: str) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(2).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, image_format)
    return file.getvalue()


def _large_jpeg() -> bytes:
    """A JPEG file whose header claims 65,535 pixels a side."""
    data = bytearray(_picture("JPEG"))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = b"\xff\xff\xff\xff"
    return bytes(data)
