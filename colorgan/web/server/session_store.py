"""Keeps sessions for a limited time: each has a private folder and a key that cannot be guessed."""

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class SessionExpiredError(Exception):
    """No session has this key, or it has expired."""


@dataclass
class _Entry(Generic[T]):
    session: T
    folder: Path
    last_used: float
    users: int = 0


class SessionStore(Generic[T]):
    """Sessions of one type, each with a private folder that is deleted with it.

    A session expires when it has not been used for ``lifetime`` seconds. When the store is full, the least recently
    used session is removed. Sessions in use are never removed.

    Args:
        root: private folder in which the folders of the sessions are created.
        max_sessions: maximum number of sessions.
        lifetime: seconds after which an unused session expires.
        clock: monotonic clock, in seconds.
    """

    def __init__(
        self, root: Path, max_sessions: int, lifetime: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root = root
        self._max_sessions = max_sessions
        self._lifetime = lifetime
        self._clock = clock
        self._entries: dict[str, _Entry[T]] = {}

    def create_folder(self) -> Path:
        """Creates a private folder with a name that cannot be guessed."""
        folder = self._root / secrets.token_urlsafe(24)
        folder.mkdir(mode=0o700)
        return folder

    def add(self, session: T, folder: Path) -> str:
        """Stores a session with its folder.

        Args:
            session: the session.
            folder: a folder made by :meth:`create_folder`.

        Returns:
            The key of the session.
        """
        self._evict(self._max_sessions - 1)
        self._entries[folder.name] = _Entry(session, folder, self._clock())
        return folder.name

    @contextlib.contextmanager
    def use(self, key: str) -> Iterator[T]:
        """Provides a session and prevents its removal for the duration of the ``with`` block.

        Raises:
            SessionExpiredError: if there is no such session.
        """
        entry = self._entries.get(key)
        if entry is None:
            raise SessionExpiredError
        entry.users += 1
        try:
            yield entry.session
        finally:
            entry.users -= 1
            entry.last_used = self._clock()

    def remove(self, key: str) -> None:
        """Removes a session, unless it is in use or does not exist."""
        entry = self._entries.get(key)
        if entry is not None and entry.users == 0:
            self._delete(key)

    def remove_expired(self) -> None:
        """Removes all expired sessions."""
        self._evict(self._max_sessions)

    def _evict(self, max_sessions: int) -> None:
        """Removes expired sessions, and the least recently used ones beyond ``max_sessions``."""
        now = self._clock()
        idle = sorted((entry.last_used, key) for key, entry in self._entries.items() if entry.users == 0)
        excess = len(self._entries) - max_sessions
        for index, (last_used, key) in enumerate(idle):
            if index < excess or now - last_used > self._lifetime:
                self._delete(key)

    def _delete(self, key: str) -> None:
        shutil.rmtree(self._entries.pop(key).folder, ignore_errors=True)
