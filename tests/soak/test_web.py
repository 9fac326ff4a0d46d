"""All attacks on the app, as users start it, with its own limits of time: ``pytest -m soak -s tests/soak/test_web.py``.

Each test prints what was tried, what failed, the longest wait of a user beside it and the memory that the server added.
"""

import contextlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.images import SAMPLE_PHOTOS
from tests.attacks.web_client import Answer, User, problem, send
from tests.attacks.web_corpus import CLOSED, Attack, attacks, get, post
from tests.web.conftest import photo_bytes

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and several loopback addresses"),
]

PHOTO = (SAMPLE_PHOTOS / "val" / "rocket_00.jpg").read_bytes()
ATTACKER, ANOTHER_USER = "127.0.0.1", "127.0.0.2"
MAX_BYTES = 1 << 30
MAX_WAIT = 60.0
"""Seconds in which a user gets a photo, with a preview, suggestions and the file, on a machine with other work."""
MAX_SECONDS = 75.0
"""Seconds until the last slow connection is closed: those for an upload, for the rest of its body, and some more."""
NUM_RESTARTS = 20


class Server:
    """``colorgan app`` with the shipped model, in a process of its own.

    Args:
        temporary: where it creates its temporary folder.
    """

    def __init__(self, temporary: Path) -> None:
        self.temporary = temporary
        self._errors = (temporary.parent / "stderr").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "colorgan", "app", "--port", "0", "--no-browser", "--max-upload", "2"],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("colorgan is running at http://"), self.errors()
        self.port = int(line.split()[4].rstrip("/").rpartition(":")[2])
        User(self.port).colorize(PHOTO)  # the first photo loads the model
        self._peak_at_start = self.peak_bytes()

    def peak_bytes(self) -> int:
        """The peak of its memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])

    def added_bytes(self) -> int:
        """How much the peak has grown since the first photo."""
        return self.peak_bytes() - self._peak_at_start

    def folders(self) -> list[Path]:
        """The folders of all servers that use this temporary folder."""
        return list(self.temporary.glob("colorgan-*"))

    def num_files(self) -> int:
        """Number of open files and connections."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def num_threads(self) -> int:
        """Number of threads."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def errors(self) -> str:
        """What it printed to stderr."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def kill(self) -> None:
        """Ends it with SIGKILL."""
        self.process.kill()
        self.process.communicate()
        self._errors.close()

    def stop(self) -> None:
        """Ends it as Ctrl-C does, and checks that it cleans up."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        errors = self.errors()
        self._errors.close()
        assert self.process.returncode == 0
        assert errors == ""
        assert self.folders() == []


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def server(temporary: Path) -> Iterator[Server]:
    server = Server(temporary)
    try:
        yield server
        server.stop()
    finally:
        server.process.kill()
        server.process.communicate()


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints although pytest captures."""

    def report_(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", end="")

    return report_


class Users:
    """Users who colorize photos one after another beside the attack, from its address and from another one."""

    def __init__(self, server: Server, photo: bytes = PHOTO) -> None:
        self._photo = photo
        self._ended = threading.Event()
        self._server = server
        self.waits: list[float] = []
        self.failures = 0

    def __enter__(self) -> "Users":
        self._pool = ThreadPoolExecutor(2)
        self._users = [self._pool.submit(self._work, address) for address in (ATTACKER, ANOTHER_USER)]
        return self

    def _work(self, address: str) -> None:
        while not self._ended.is_set():
            user = User(self._server.port, address)
            self.waits.append(user.colorize(self._photo))
            self.failures += user.failures
            time.sleep(0.2)

    def summary(self) -> str:
        """What the users saw."""
        photos = f"{len(self.waits)} photos of users beside them, longest {max(self.waits):.1f} s"
        return f"{photos}, {self.failures} requests sent again"

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        for user in self._users:
            user.result()
        self._pool.shutdown()
        assert max(self.waits) < MAX_WAIT


def large_photo() -> bytes:
    """A PNG file of 1.5 MB."""
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def attack(server: Server, kind: Attack, key: str) -> Answer:
    """Attacks, and like the page tries again while the server is busy."""
    for _ in range(60):
        answer = send(server.port, kind, key, MAX_SECONDS, ATTACKER)
        if answer.status != 503:
            break
        time.sleep(0.5)
    return answer


def check_end(server: Server, files_before: int) -> None:
    """Nothing is left of an attack: no connections, no files, no heap of threads, no messages."""
    limit = time.monotonic() + 30
    while server.num_files() > files_before + 5 and time.monotonic() < limit:
        time.sleep(0.5)
    assert server.num_files() <= files_before + 5
    assert server.num_threads() < 80  # the worker, the runtime's own, and at most 40 for files
    assert server.errors() == ""
    assert server.added_bytes() < MAX_BYTES
    assert sum(path.stat().st_size for path in server.temporary.rglob("*") if path.is_file()) < 24 * 2_000_000


def test_all_attacks(server: Server, report: Callable[[str], None]) -> None:
    key = User(server.port).upload(photo_bytes())
    files_before = server.num_files()
    with Users(server) as users, ThreadPoolExecutor(30) as pool:
        kinds = list(attacks())
        answers = list(
            pool.map(lambda kind: attack(server, kind, key), sorted(kinds, key=lambda kind: not kind.is_slow))
        )
    problems = list(filter(None, map(problem, sorted(kinds, key=lambda kind: not kind.is_slow), answers)))
    check_end(server, files_before)
    report(
        f"{len(kinds)} requests of {len({kind.kind for kind in kinds})} kinds: {len(problems)} wrong; "
        f"longest {max(answer.seconds for answer in answers):.0f} s; {users.summary()}; "
        f"{server.added_bytes() / 2**20:.0f} MiB added"
    )
    for kind, count in Counter(kind.kind for kind in kinds).items():
        report(f"    {count:3} {kind}")
    assert problems == []


def test_crowd(server: Server, report: Callable[[str], None]) -> None:
    """All attacks at once with 100 half-open connections, 100 slow senders and 20 clients that do not read."""
    key = User(server.port).upload(photo_bytes())
    large = large_photo()
    files_before = server.num_files()
    upload = get("/api/photos", "Content-Length: 1900000", method="POST")
    hints = get("/api/photos/{key}/colorized", "Content-Length: 100000", method="POST")
    crowd = [
        *[Attack("half-open", "", b"", (CLOSED,), keeps_silent=True)] * 50,
        *[Attack("half-open", "", b"GET / HT", (CLOSED,), keeps_silent=True)] * 50,
        *[Attack("slow sender", "header", b"GET / HTTP/1.1\r\nA: ", (CLOSED,), repeated=b"x")] * 25,
        *[Attack("slow sender", "JSON", hints, (CLOSED, 408), repeated=b" ")] * 25,
        *[Attack("slow sender", "upload", upload, (CLOSED, 408), repeated=b"x")] * 50,
        *[Attack("no reader", "", get("/page/vendor/preact.js") * 500, (CLOSED, 200), keeps_silent=True)] * 20,
    ]
    kinds = [*crowd, *attacks()]
    # Long requests of the crowd are slow while there are so many, and may have to make room.
    may_be_closed = [kind.is_slow or len(kind.data) > 100_000 for kind in kinds]
    kinds = [
        replace(kind, statuses=(*kind.statuses, CLOSED)) if closed else kind
        for kind, closed in zip(kinds, may_be_closed, strict=True)
    ]
    with Users(server, large) as users, ThreadPoolExecutor(len(kinds)) as pool:
        answers = list(pool.map(lambda kind: attack(server, kind, key), kinds))
    problems = list(filter(None, map(problem, kinds, answers)))
    check_end(server, files_before)
    report(
        f"{len(kinds)} at once, {len(crowd)} of them slow: {len(problems)} wrong; "
        f"longest {max(answer.seconds for answer in answers):.0f} s; {users.summary()}; "
        f"{server.added_bytes() / 2**20:.0f} MiB added"
    )
    assert problems == []


def test_connections_in_waves(server: Server, report: Callable[[str], None]) -> None:
    """2,000 half-open connections that are opened as fast as the client can."""
    files_before = server.num_files()
    with Users(server) as users, contextlib.ExitStack() as stack:
        for number in range(2000):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\n"[: number % 17])
    check_end(server, files_before)
    report(f"2,000 half-open connections: {users.summary()}")


def test_deleted_folder_is_made_again(server: Server, report: Callable[[str], None]) -> None:
    user = User(server.port)
    for _ in range(20):
        key = user.upload(PHOTO)
        for folder in server.folders():
            shutil.rmtree(folder)
        lost = send(server.port, Attack("lost", "", post(f"/api/photos/{key}/download", b"{}"), (404,)), key, 30)
        assert lost.status == 404
        user.colorize(PHOTO)
    assert server.errors() == ""
    report("20 times the temporary folder was deleted: 0 failed")


def test_folders_of_killed_servers_are_deleted(temporary: Path, report: Callable[[str], None]) -> None:
    for number in range(NUM_RESTARTS):
        server = Server(temporary)
        User(server.port).upload(PHOTO)
        assert len(server.folders()) == 1, f"after {number} servers were killed: {server.folders()}"
        server.kill()
    server = Server(temporary)
    second = Server(temporary)
    key = User(server.port).upload(PHOTO)
    third = Server(temporary)
    assert User(server.port).request(f"/api/photos/{key}/original", method="GET")
    second.process.send_signal(signal.SIGINT)
    second.process.communicate(timeout=30)
    third.kill()
    assert User(server.port).request(f"/api/photos/{key}/original", method="GET")
    server.process.send_signal(signal.SIGINT)
    server.process.communicate(timeout=30)
    last = Server(temporary)
    last.stop()
    report(f"{NUM_RESTARTS + 1} servers were killed: no folder left after the next start; 3 side by side kept theirs")
