"""What visitors have brought: each thing in a folder of its own, under a name that nobody guesses, for a while."""

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Gone(Exception):  # noqa: N818 (it was there once, or never was)
    """There is nothing of that name, or no longer."""


@dataclass
class _Item(Generic[T]):
    content: T
    folder: Path
    touched: float
    users: int = 0


class Shelf(Generic[T]):
    """Things of one kind, each with a private folder that goes with it.

    A thing that nobody has touched for a while is thrown away; if there is no room left, so is the one that has not
    been touched for longest. What is being used stays.

    Args:
        root: the private folder that all the others are made in.
        room: how many things are kept, at most.
        keep: for how many seconds an untouched thing is kept.
        clock: seconds that only go forward.
    """

    def __init__(self, root: Path, room: int, keep: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._room = room
        self._keep = keep
        self._clock = clock
        self._items: dict[str, _Item[T]] = {}

    def folder(self) -> Path:
        """A new private folder, whose name nobody guesses."""
        folder = self._root / secrets.token_urlsafe(24)
        folder.mkdir(mode=0o700)
        return folder

    def put(self, content: T, folder: Path) -> str:
        """Keeps a thing together with its folder.

        Returns:
            The name under which it is found again.
        """
        self.sweep(self._room - 1)
        self._items[folder.name] = _Item(content, folder, self._clock())
        return folder.name

    @contextlib.contextmanager
    def using(self, name: str) -> Iterator[T]:
        """A thing, which is not thrown away while it is used.

        Raises:
            Gone: if it is not there.
        """
        item = self._items.get(name)
        if item is None:
            raise Gone
        item.users += 1
        try:
            yield item.content
        finally:
            item.users -= 1
            item.touched = self._clock()

    def drop(self, name: str) -> None:
        """Throws a thing away, unless it is being used or is not there."""
        item = self._items.get(name)
        if item is not None and item.users == 0:
            self._throw(name)

    def sweep(self, most: int | None = None) -> None:
        """Throws away what has not been touched for too long, and the oldest beyond ``most`` things."""
        now = self._clock()
        idle = sorted((item.touched, name) for name, item in self._items.items() if item.users == 0)
        excess = len(self._items) - (self._room if most is None else most)
        for number, (touched, name) in enumerate(idle):
            if number < excess or now - touched > self._keep:
                self._throw(name)

    def _throw(self, name: str) -> None:
        shutil.rmtree(self._items.pop(name).folder, ignore_errors=True)
