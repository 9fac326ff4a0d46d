"""Reading of regular files only, atomic writes, file digests and paths."""

import contextlib
import errno
import hashlib
import os
import re
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from colorgan.errors import CheckpointError

_READ_SIZE = 1 << 20
_UMASK_LOCK = threading.Lock()
_TEMPORARY_NAME = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp")
"""What :func:`tempfile.mkstemp` makes of the prefix and the suffix in :func:`atomic_write`."""
_MAX_PREFIX = 100


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


def digest(file: str | Path) -> str:
    """Computes the SHA-256 of a file, in hexadecimal."""
    sha = hashlib.sha256()
    with open_regular(file) as stream:
        while block := stream.read(_READ_SIZE):
            sha.update(block)
    return sha.hexdigest()


def digest_file(file: Path) -> Path:
    """The path of the file with the SHA-256 of ``file``, in the format of ``sha256sum``."""
    return file.with_name(file.name + ".sha256")


def check_digest(file: Path) -> None:
    """Compares a file with its digest file, if there is one.

    Raises:
        CheckpointError: if they differ.
    """
    sidecar = digest_file(file)
    if not sidecar.is_file():
        return
    expected = sidecar.read_text(encoding="ascii", errors="replace").split(" ")[0].strip()
    if digest(file) != expected:
        raise CheckpointError(
            f"{file} is damaged: its SHA-256 differs from that in {sidecar.name}; use another copy "
            f"(or delete {sidecar.name} if you changed the file on purpose)"
        )


def age(file: Path) -> tuple[float, str]:
    """Sort key that orders files from oldest to newest."""
    return file.stat().st_mtime, file.name


def newest_file(source: str, argument: str) -> str:
    """Returns the newest file that matches a pattern.

    Args:
        source: a glob pattern, or a path, which is returned unchanged.
        argument: name of the argument that contains it, for error messages.

    Raises:
        CheckpointError: if no file matches.
    """
    if not any(character in source for character in "*?["):
        return source
    pattern = Path(source)
    found = [file for file in Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))) if file.is_file()]
    if not found:
        raise CheckpointError(
            f"{argument}: no file matches {source}; train that run first, give the path of another checkpoint, or set "
            "it to null"
        )
    return str(max(found, key=age))


def display_path(path: str | Path) -> str:
    """Formats a path for messages: relative to the working directory if it is inside."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def default_cache_dir() -> Path:
    """Returns the folder for caches: ``$COLORGAN_CACHE``, or colorgan's folder in the system's cache folder.

    Its contents can be deleted at any time; they are recreated when needed.
    """
    chosen = os.environ.get("COLORGAN_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs  # here, because machines that only run ONNX files may lack it

    return platformdirs.user_cache_path("colorgan", appauthor=False)
