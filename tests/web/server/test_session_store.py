import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from colorgan.web.server import ColorizationService, ServerSettings, create_app
from colorgan.web.server.session_store import SessionExpiredError, SessionStore
from colorgan.web.server.temporary_folder import TemporaryFolder
from tests.helpers import Painter
from tests.web.conftest import MAX_PIXELS, MODEL_INFO, photo_bytes, stored_files, upload


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(temp_root: Path) -> Iterator[TemporaryFolder]:
    root = TemporaryFolder()
    yield root
    root.close()


@pytest.fixture
def store(root: TemporaryFolder, clock: Clock) -> SessionStore[str]:
    return SessionStore(root, max_sessions=3, lifetime=100, clock=clock)


def add(store: SessionStore[str], session: str, client: str = "one") -> str:
    folder = store.create_folder()
    (folder / "photo").write_text(session)
    return store.add(session, folder, client)


def files_in(tmp_path: Path) -> set[str]:
    return {file.read_text() for file in tmp_path.rglob("photo")}


def test_unused_sessions_expire(store: SessionStore[str], clock: Clock, tmp_path: Path, temp_root: Path) -> None:
    unused, used = add(store, "unused"), add(store, "used")
    clock.now = 60
    with store.use(used) as session:
        assert session == "used"
    clock.now = 101
    store.remove_expired()
    assert files_in(tmp_path) == {"used"}
    with pytest.raises(SessionExpiredError), store.use(unused):
        pass
    clock.now = 161
    store.remove_expired()
    assert stored_files(temp_root) == []


def test_full_store_removes_least_recently_used_session(store: SessionStore[str], clock: Clock, tmp_path: Path) -> None:
    first = add(store, "0")
    for number in range(1, 5):
        clock.now += 1
        with store.use(first):
            pass
        add(store, str(number))
    assert files_in(tmp_path) == {"0", "3", "4"}


def test_session_in_use_is_not_removed(store: SessionStore[str], clock: Clock, tmp_path: Path) -> None:
    key = add(store, "used")
    with store.use(key):
        clock.now = 1000
        store.remove_expired()
        store.remove(key)
        assert files_in(tmp_path) == {"used"}
    store.remove(key)
    assert files_in(tmp_path) == set()
    store.remove(key)


def test_client_with_most_sessions_makes_room(store: SessionStore[str], clock: Clock, tmp_path: Path) -> None:
    add(store, "0", "one")
    for number in range(1, 9):
        clock.now += 1
        add(store, str(number), "two")
    assert files_in(tmp_path) == {"0", "7", "8"}


def test_deleted_root_is_made_again(
    store: SessionStore[str], root: TemporaryFolder, tmp_path: Path, temp_root: Path
) -> None:
    lost = add(store, "lost")
    shutil.rmtree(temp_root)
    with pytest.raises(SessionExpiredError), store.use(lost):
        pass
    with pytest.raises(SessionExpiredError):
        store.check(lost)
    kept = add(store, "kept")
    store.check(kept)
    assert files_in(tmp_path) == {"kept"}
    root.close()
    assert list(temp_root.iterdir()) == []


def test_keys_cannot_be_guessed(store: SessionStore[str]) -> None:
    keys = {add(store, "x") for _ in range(20)}
    assert len(keys) == 20
    assert min(map(len, keys)) >= 32


def test_server_removes_expired_sessions(temp_root: Path) -> None:
    service = ColorizationService(Painter(), None, MAX_PIXELS)
    app = create_app(service, [MODEL_INFO], ServerSettings(session_lifetime=0.05))
    with TestClient(app, base_url="http://localhost") as client:
        key = upload(client, photo_bytes())
        client.portal.call(asyncio.sleep, 0.2)
        assert client.get(f"/api/photos/{key}/original").status_code == 404
        assert not list(temp_root.rglob("photo"))
