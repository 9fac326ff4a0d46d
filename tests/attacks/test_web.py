"""Malformed, forged and slow requests to the app, one of each kind, while a user colorizes a photo.

``tests/soak/test_web.py`` sends all of them to the real server.
"""

import contextlib
import io
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.web.server import ColorizationService, ConnectionLimits, ServerSettings, create_app, http_server
from tests.attacks.web_client import User, problem, send
from tests.attacks.web_corpus import Attack, attacks, get, post
from tests.helpers import Painter
from tests.web.conftest import MAX_PIXELS, MODEL_INFO, photo_bytes, running, stored_files

LIMITS = ConnectionLimits(header_seconds=0.5, drain_seconds=0.5)
ATTACKS = list(attacks())
OF_EACH_KIND = list({attack.kind: attack for attack in reversed(ATTACKS)}.values())


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the server creates its temporary folder."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def port(temporary: Path) -> Iterator[int]:
    """Port of a server with short limits and a quick model."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tempfile.tempdir", str(temporary))
        for name in ("_JSON_SECONDS", "_UPLOAD_SECONDS", "_MAX_PAUSE"):
            patched.setattr(f"colorgan.web.server.requests.{name}", 0.5)
        service = ColorizationService(Painter(), None, MAX_PIXELS)
        app = create_app(service, [MODEL_INFO], ServerSettings(max_bytes=2_000_000))
        with running(http_server(app, LIMITS)) as number:
            yield number


@pytest.fixture(scope="module")
def key(port: int) -> str:
    return User(port).upload(photo_bytes())


@pytest.mark.parametrize("attack", OF_EACH_KIND, ids=lambda attack: attack.kind)
def test_request_is_answered_or_closed(port: int, key: str, attack: Attack, capfd: pytest.CaptureFixture[str]) -> None:
    assert problem(attack, send(port, attack, key, 15)) == ""
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "data",
    [b"", b"GET / HT", get("/api/photos", "Content-Length: 900000", method="POST") + b"x"],
    ids=["silent", "half a header", "slow upload"],
)
def test_user_is_served_beside_many_open_connections(port: int, data: bytes) -> None:
    attack = Attack("crowd", "", data, (0, 408), keeps_silent=True)
    with ThreadPoolExecutor(100) as pool:
        answers = [pool.submit(send, port, attack, "", 30) for _ in range(100)]
        assert User(port).colorize(photo_bytes()) < 20
        assert {problem(attack, answer.result()) for answer in answers} == {""}


several_addresses = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, only 127.0.0.1 is configured")


@several_addresses
def test_user_is_served_beside_a_client_that_keeps_the_queue_full(port: int, key: str) -> None:
    hints = b'{"hints": [{"x": 1, "y": 1, "radius": 9, "color": "red"}], "strength": 0.%d}'
    with ThreadPoolExecutor(20) as pool:
        jobs = [
            pool.submit(
                send,
                port,
                Attack("crowd", "", post("/api/photos/{key}/download", hints % number), (200, 503)),
                key,
                60,
                "127.0.0.8",
            )
            for number in range(1, 60)
        ]
        user = User(port, "127.0.0.9")
        assert user.colorize(photo_bytes()) < 20
        assert user.retries == 0
        assert {answer.result().status for answer in jobs} <= {200, 503}


@several_addresses
def test_uploads_of_one_client_do_not_remove_those_of_others(port: int) -> None:
    first = User(port, "127.0.0.7")
    key = first.upload(photo_bytes())
    for _ in range(30):
        User(port, "127.0.0.6").upload(photo_bytes())
    assert first.request(f"/api/photos/{key}/original", method="GET").startswith(b"\xff\xd8")


@several_addresses
def test_files_that_nobody_reads_are_few(port: int) -> None:
    user, lazy = User(port, "127.0.0.5"), "127.0.0.4"
    key = user.upload(noise_photo())
    request = post(f"/api/photos/{key}/download", b"{}")
    with contextlib.ExitStack() as stack:
        statuses = []
        for _ in range(7):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(20)
            connection.bind((lazy, 0))
            connection.connect(("127.0.0.1", port))
            connection.sendall(request)
            statuses.append(connection.recv(12))
        assert statuses == [b"HTTP/1.1 200"] * 4 + [b"HTTP/1.1 503"] * 3
        assert user.request(f"/api/photos/{key}/download", b"{}").startswith(b"\x89PNG")
    assert User(port, lazy).request(f"/api/photos/{key}/download", b"{}").startswith(b"\x89PNG")


def noise_photo() -> bytes:
    """A photo whose colorized file exceeds the buffers of a connection."""
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_rejected_uploads_leave_nothing_on_the_disk(port: int, temporary: Path) -> None:
    attack = Attack("crowd", "", post("/api/photos", bytes(900_000)), (422,))
    stored = stored_files(temporary)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(port, attack, "", 30), range(16)))
    assert {problem(attack, answer) for answer in answers} == {""}
    assert stored_files(temporary) == stored
