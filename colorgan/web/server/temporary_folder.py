"""The private folder for uploads and results, and the space that they leave on its disk."""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from pathlib import Path

import filelock

_PREFIX = "colorgan-app-"
_LOCK_NAME = "lock"
_MIN_FREE_BYTES, _MIN_FREE_SHARE = 256 << 20, 0.05


class TemporaryFolder:
    """A folder in the system's temporary folder that only this user can read.

    It is locked for as long as the server runs. A folder that nobody has locked was left behind by a server that was
    killed, and the next server deletes it.
    """

    def __init__(self) -> None:
        remove_abandoned_folders()
        self._path: Path | None = None
        self._lock: filelock.BaseFileLock | None = None

    @property
    def path(self) -> Path:
        """The folder. If it was deleted, another one is made.

        Raises:
            OSError: if the folder cannot be created.
        """
        if self._path is None or not _is_own_folder(self._path):
            self._create()
        assert self._path is not None
        return self._path

    def _create(self) -> None:
        self.close()
        parent = Path(tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        # A new name, because anyone may have taken the old one in a folder that all users share.
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        lock = filelock.FileLock(path / _LOCK_NAME, thread_local=False)
        lock.acquire(blocking=False)
        self._path, self._lock = path, lock

    def touch(self) -> None:
        """Marks the folder as used, for services that delete old temporary files."""
        if self._path is not None:
            for path in (self._path / _LOCK_NAME, self._path):
                with contextlib.suppress(OSError):
                    os.utime(path)

    def close(self) -> None:
        """Deletes the folder."""
        if self._path is None or self._lock is None:
            return
        self._lock.release()
        if _is_own_folder(self._path):
            shutil.rmtree(self._path, ignore_errors=True)
        self._path = self._lock = None


def remove_abandoned_folders() -> None:
    """Deletes the folders of servers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock_file = folder / _LOCK_NAME
        if not _is_own_folder(folder) or lock_file.is_symlink() or not lock_file.is_file():
            continue
        try:
            with filelock.FileLock(lock_file, blocking=False):
                pass
        except (filelock.Timeout, OSError, NotImplementedError):  # in use, or on a file system without locks
            continue
        shutil.rmtree(folder, ignore_errors=True)


def check_space(folder: Path, num_bytes: int) -> None:
    """Checks that a disk has room for a file and some more, because other programs need the disk, too.

    Args:
        folder: a folder on the disk.
        num_bytes: size of the file.

    Raises:
        OSError: with ``ENOSPC``, if less than 256 MiB or 5 % of the disk would remain, whichever is smaller.
    """
    disk = shutil.disk_usage(folder)
    if disk.free - num_bytes < min(_MIN_FREE_BYTES, _MIN_FREE_SHARE * disk.total):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _is_own_folder(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())
