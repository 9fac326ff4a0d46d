"""Writing of files that are either complete or as they were."""

import contextlib
import errno
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

_UMASK_LOCK = threading.Lock()
_TEMPORARY_NAME = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp")
"""What :func:`tempfile.mkstemp` makes of the prefix and the suffix in :func:`atomic_write`."""
_MAX_PREFIX = 100


@contextlib.contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yields a temporary file in the folder of ``path`` that atomically replaces ``path`` if the block succeeds.

    The data are synced to disk first, so that a crash at any moment leaves either the old or the new file intact.

    Args:
        path: the file to write; its folder is created if it does not exist.

    Raises:
        OSError: if the file cannot be written; it names ``path``, which is left as it was.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     with atomic_write(Path(folder, "metrics.json")) as temporary:
        ...         _ = temporary.write_text("{}")
        ...     [file.name for file in Path(folder).iterdir()]
        ['metrics.json']
    """
    target = Path(path)
    try:
        with _temporary_file(target) as temporary:
            yield temporary
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
            _sync_folder(target.parent)
    except OSError as error:
        if error.args and (error.filename is None or _is_temporary(error.filename, target)):
            raise OSError(error.errno, error.strerror or str(error), str(target)) from error
        raise


def write_text(path: str | Path, text: str) -> None:
    r"""Writes a text file in UTF-8 with :func:`atomic_write`; the same text gives the same bytes on every system.

    Args:
        path: the file to write; its folder is created if it does not exist.
        text: its content, with lines that end in ``\n``.

    Raises:
        OSError: if the file cannot be written; it names ``path``, which is left as it was.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def _temporary_file(target: Path) -> Iterator[Path]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target.parent)) from error
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=_temporary_prefix(target), suffix=".tmp")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        with contextlib.suppress(OSError):  # the folder may have been deleted or become read-only
            Path(name).unlink(missing_ok=True)


def _is_temporary(name: object, target: Path) -> bool:
    path = Path(os.fsdecode(name)) if isinstance(name, str | bytes | os.PathLike) else Path()
    return path.name.startswith(_temporary_prefix(target)) and path.suffix == ".tmp"


def _temporary_prefix(target: Path) -> str:
    """The target's name, cut: the longest names that file systems allow leave no room for more characters."""
    return f".{os.fsencode(target.name)[:_MAX_PREFIX].decode(errors='ignore')}."


def remove_temporary_files(folder: Path) -> None:
    """Removes what processes that were killed within :func:`atomic_write` have left directly in a folder.

    Args:
        folder: which nobody writes into meanwhile; it need not exist.
    """
    for file in folder.glob(".*.tmp"):
        if _TEMPORARY_NAME.fullmatch(file.name) and file.is_file() and not file.is_symlink():
            file.unlink(missing_ok=True)


def _umask() -> int:
    with _UMASK_LOCK:  # reading the mask means setting it: two threads at once would leave it at 0
        mask = os.umask(0)
        os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
