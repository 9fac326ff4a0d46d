import asyncio
from pathlib import Path

import pytest

from colorgan.web.server.shelf import Gone, Shelf


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(tmp_path: Path, clock: Clock) -> Shelf[str]:
    return Shelf(tmp_path, room=3, keep=100, clock=clock)


def put(shelf: Shelf[str], content: str) -> str:
    folder = shelf.folder()
    (folder / "photo").write_text(content)
    return shelf.put(content, folder)


def contents(tmp_path: Path) -> set[str]:
    return {file.read_text() for file in tmp_path.rglob("photo")}


def test_what_is_untouched_is_thrown_away(shelf: Shelf[str], clock: Clock, tmp_path: Path) -> None:
    old, used = put(shelf, "old"), put(shelf, "used")
    clock.now = 60
    with shelf.using(used) as content:
        assert content == "used"
    clock.now = 101
    shelf.sweep()
    assert contents(tmp_path) == {"used"}
    with pytest.raises(Gone), shelf.using(old):
        pass
    clock.now = 161
    shelf.sweep()
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_makes_room(shelf: Shelf[str], clock: Clock, tmp_path: Path) -> None:
    first = put(shelf, "0")
    for number in range(1, 5):
        clock.now += 1
        with shelf.using(first):
            pass
        put(shelf, str(number))
    assert contents(tmp_path) == {"0", "3", "4"}


def test_what_is_used_stays(shelf: Shelf[str], clock: Clock, tmp_path: Path) -> None:
    name = put(shelf, "used")
    with shelf.using(name):
        clock.now = 1000
        shelf.sweep()
        shelf.drop(name)
        assert contents(tmp_path) == {"used"}
    shelf.drop(name)
    assert contents(tmp_path) == set()
    shelf.drop(name)


def test_names_cannot_be_guessed(shelf: Shelf[str]) -> None:
    names = {put(shelf, "x") for _ in range(20)}
    assert len(names) == 20
    assert min(map(len, names)) >= 32


def test_the_server_sweeps_by_itself(temporary: Path) -> None:
    from starlette.testclient import TestClient

    from colorgan.web.server.site import Settings, create_site
    from colorgan.web.server.workpiece import Colorist
    from tests.helpers import Painter
    from tests.web.conftest import ABOUT, MAX_PIXELS, encoded, send

    site = create_site(Colorist(Painter(), None, MAX_PIXELS), ABOUT, Settings(keep=0.05))
    with TestClient(site, base_url="http://localhost") as client:
        key = send(client, encoded())
        client.portal.call(asyncio.sleep, 0.2)
        assert client.get(f"/api/photos/{key}/before").status_code == 404
        assert not list(temporary.rglob("photo"))
