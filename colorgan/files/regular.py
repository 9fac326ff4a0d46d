"""Opening of files that can be read to their end, which pipes and devices cannot."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from colorgan.errors import CheckpointError


def open_regular(path: "str | os.PathLike[str]") -> BinaryIO:
    """Opens a file for reading, unless it is a pipe, a socket or a device: those could block or never end.

    Args:
        path: the file; a symbolic link is followed.

    Raises:
        OSError: if it cannot be opened, or is no regular file.
    """
    _check_regular(path, Path(path).stat())  # before it is opened, because opening some devices has effects
    file = open(path, "rb", opener=_open_nonblocking)  # noqa: SIM115 (Path.open takes no opener)
    try:
        _check_regular(path, os.fstat(file.fileno()))
    except BaseException:
        file.close()
        raise
    return file


def _check_regular(path: "str | os.PathLike[str]", status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", os.fspath(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file but a pipe, a socket or a device", os.fspath(path))


def _open_nonblocking(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


@contextlib.contextmanager
def open_checkpoint(file: Path) -> Iterator[BinaryIO]:
    """Opens a checkpoint or another file of weights with :func:`open_regular`.

    Raises:
        CheckpointError: if it cannot be opened, or is no regular file.
    """
    try:
        stream = open_regular(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CheckpointError(f"{file} cannot be read ({reason}); give the path of a regular file") from error
    with stream:
        yield stream
