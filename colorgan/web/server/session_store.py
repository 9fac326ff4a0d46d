"""Keeps sessions for a limited time: each has a private folder and a key that cannot be guessed."""

import contextlib
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from colorgan.web.server.temporary_folder import TemporaryFolder

T = TypeVar("T")


class SessionExpiredError(Exception):
    """No session has this key, or it has expired."""


class ReferenceExpiredError(SessionExpiredError):
    """No photo has the key that settings name as their reference, or it has expired."""


@dataclass
class _Entry(Generic[T]):
    session: T
    folder: Path
    client: str
    last_used: float
    users: int = 0


class SessionStore(Generic[T]):
    """Sessions of one type, each with a private folder that is deleted with it.

    A session expires when it has not been used for ``lifetime`` seconds. When the store is full, the least recently
    used session of the client with the most sessions is removed, so that a client with many photos cannot remove those
    of others. Sessions in use are never removed.

    Args:
        root: the folder in which those of the sessions are created.
        max_sessions: maximum number of sessions.
        lifetime: seconds after which an unused session expires.
        clock: monotonic clock, in seconds.
    """

    def __init__(
        self, root: TemporaryFolder, max_sessions: int, lifetime: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root = root
        self._max_sessions = max_sessions
        self._lifetime = lifetime
        self._clock = clock
        self._entries: dict[str, _Entry[T]] = {}

    def create_folder(self) -> Path:
        """Creates a private folder with a name that cannot be guessed."""
        folder = self._root.path / secrets.token_urlsafe(24)
        folder.mkdir(mode=0o700)
        return folder

    def add(self, session: T, folder: Path, client: str) -> str:
        """Stores a session with its folder.

        Args:
            session: the session.
            folder: a folder made by :meth:`create_folder`.
            client: whose session it is.

        Returns:
            The key of the session.
        """
        self._entries[folder.name] = _Entry(session, folder, client, self._clock())
        self._make_room(folder.name)
        return folder.name

    @contextlib.contextmanager
    def use(self, key: str) -> Iterator[T]:
        """Provides a session and prevents its removal for the duration of the ``with`` block.

        Raises:
            SessionExpiredError: if there is no such session, or its folder was deleted.
        """
        entry = self._find(key)
        entry.users += 1
        try:
            yield entry.session
        finally:
            entry.users -= 1
            entry.last_used = self._clock()

    def check(self, key: str) -> None:
        """Checks that there is a session.

        Raises:
            SessionExpiredError: as :meth:`use`.
        """
        self._find(key)

    def _find(self, key: str) -> _Entry[T]:
        entry = self._entries.get(key)
        if entry is None:
            raise SessionExpiredError
        if not entry.folder.is_dir():
            self.remove(key)
            raise SessionExpiredError
        return entry

    def remove(self, key: str) -> None:
        """Removes a session, unless it is in use or does not exist."""
        entry = self._entries.get(key)
        if entry is not None and entry.users == 0:
            self._delete(key)

    def remove_expired(self) -> None:
        """Removes all expired sessions."""
        now = self._clock()
        for key, entry in list(self._entries.items()):
            if entry.users == 0 and now - entry.last_used > self._lifetime:
                self._delete(key)

    def _make_room(self, added: str) -> None:
        """Removes sessions beyond ``max_sessions``, but not the one that was just added."""
        self.remove_expired()
        while len(self._entries) > self._max_sessions:
            idle = {key: entry for key, entry in self._entries.items() if entry.users == 0 and key != added}
            if not idle:
                return
            shares = Counter(entry.client for entry in self._entries.values())
            self._delete(min(idle, key=lambda key: (-shares[idle[key].client], idle[key].last_used)))

    def _delete(self, key: str) -> None:
        shutil.rmtree(self._entries.pop(key).folder, ignore_errors=True)
