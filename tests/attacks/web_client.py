"""Clients of a web server under attack: those that attack, and a user who only wants a photo colorized."""

import http.client
import json
import re
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.attacks.web_corpus import CLOSED, Attack


@dataclass(frozen=True)
class Answer:
    """How the server answered.

    Attributes:
        status: status of the first response, or ``CLOSED``.
        text: what was received.
        is_closed: whether the server closed the connection.
        seconds: time until the response; until the end of the connection if the attack is slow.
    """

    status: int
    text: bytes
    is_closed: bool
    seconds: float


def send(port: int, attack: Attack, key: str, seconds: float, address: str = "127.0.0.1") -> Answer:
    """Attacks a server.

    Args:
        port: port of the server on 127.0.0.1.
        attack: what is sent.
        key: key of an uploaded photo.
        seconds: time after which the client gives up.
        address: loopback address from which the attack comes.
    """
    start = time.monotonic()
    received, is_closed = b"", False
    with socket.create_connection(("127.0.0.1", port), seconds, (address, 0)) as connection:
        connection.settimeout(seconds)
        with suppress(OSError):  # the server may answer, and close the connection, before everything is sent
            connection.sendall(attack.data.replace(b"{key}", key.encode()))
        connection.settimeout(seconds if not attack.is_slow else 0.05 if len(attack.repeated) < 100 else 0.001)
        while time.monotonic() < start + seconds and not is_closed:
            try:
                if attack.repeated:
                    connection.sendall(attack.repeated)
                data = connection.recv(1 << 16)
                received += data
                is_closed = not data
            except TimeoutError:
                continue
            except OSError:
                is_closed = True
            if received and not attack.is_slow:
                break
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
    status = int(match[1]) if match else CLOSED
    return Answer(status, received, is_closed, time.monotonic() - start)


def problem(attack: Attack, answer: Answer) -> str:
    """What is wrong with an answer, or an empty string."""
    what = f"{attack.kind}, {attack.name}"
    if answer.status == CLOSED and not answer.is_closed:
        return f"{what}: no answer within {answer.seconds:.0f} s"
    if answer.status not in attack.statuses:
        return f"{what}: status {answer.status}, not {attack.statuses}: {answer.text[:300]!r}"
    if attack.is_slow and not answer.is_closed:
        return f"{what}: still connected after {answer.seconds:.0f} s"
    if b"Traceback" in answer.text or b"/colorgan/" in answer.text:
        return f"{what}: details leaked: {answer.text[:300]!r}"
    return ""


class User:
    """Someone who uses the page; like it, the user tries again while the server is busy or closes the connection.

    Args:
        port: port of the server on 127.0.0.1.
        address: loopback address of the user.

    Attributes:
        retries: how often the server was busy.
        failures: how often it closed the connection without an answer.
    """

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._port = port
        self._address = address
        self.retries = self.failures = 0

    def request(self, path: str, body: bytes = b"", method: str = "POST") -> bytes:
        """Sends a request, and returns the body of the response."""
        for attempt in range(40):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, 60, (self._address, 0))
            try:
                connection.request(method, path, body, {"Host": "localhost", "X-File-Name": "photo.png"})
                response = connection.getresponse()
                content = response.read()
            except ConnectionError:
                self.failures += 1
                if attempt == 2:
                    raise
                time.sleep(0.5)
                continue
            finally:
                connection.close()
            if response.status != 503:
                assert response.status < 300, (path, response.status, content[:300])
                return content
            self.retries += 1
            time.sleep(0.5)
        raise AssertionError(f"{path}: the server was busy for too long")

    def post(self, path: str, data: Any) -> bytes:
        """Posts JSON."""
        return self.request(path, json.dumps(data).encode())

    def upload(self, photo: bytes) -> str:
        """Uploads a photo, and returns its key."""
        key: str = json.loads(self.request("/api/photos", photo))["key"]
        return key

    def colorize(self, photo: bytes) -> float:
        """Loads the page, uploads a photo, colorizes it with a hint and downloads it; returns the seconds it took."""
        start = time.monotonic()
        assert b"<html" in self.request("/", method="GET")
        key = self.upload(photo)
        hint = {"x": 3, "y": 4, "color": "#d02030", "radius": 3}
        assert self.post(f"/api/photos/{key}/colorized", {"hints": [hint]}).startswith(b"\xff\xd8")
        assert self.post(f"/api/photos/{key}/suggestions", {"x": 3, "y": 4, "radius": 3})
        assert self.post(f"/api/photos/{key}/download", {"hints": [hint]}).startswith(b"\x89PNG")
        self.request(f"/api/photos/{key}", method="DELETE")
        return time.monotonic() - start
