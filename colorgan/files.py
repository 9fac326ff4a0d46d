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

SEAL = b"colorgan-sha256"
"""Two bytes of the file's format and a SHA-256 follow this mark at the end of a sealed file; see :func:`seal_of`."""

_READ_SIZE = 1 << 20
_HEX_LENGTH = 64
_SEAL_LENGTH = len(SEAL) + 2 + _HEX_LENGTH
_MAX_DIGEST_FILE = 4096
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


def seal_of(content: bytes | memoryview) -> str | None:
    """The SHA-256 at the end of a sealed file, which is that of everything before it; ``None`` if there is none.

    Args:
        content: the file, or at least its last 81 bytes.

    Example:
        >>> seal_of(b"weights" + SEAL + b": " + b"a1" * 32) == "a1" * 32, seal_of(b"weights")
        (True, None)
    """
    end = bytes(content[-_SEAL_LENGTH:])
    sealed = re.fullmatch(re.escape(SEAL) + rb"..([0-9a-f]{64})", end, re.DOTALL)
    return sealed[1].decode() if sealed else None


def seal_digest(content: bytes | memoryview) -> str:
    """The SHA-256 that :func:`seal_of` must be: that of everything before it."""
    return hashlib.sha256(memoryview(content)[:-_HEX_LENGTH]).hexdigest()


def check_digest(file: Path) -> bool:
    """Compares a file with its digest file and with the digest at its own end, where they exist.

    Returns:
        Whether there was one of them.

    Raises:
        CheckpointError: if a digest differs, or the digest file is none.
    """
    sidecar = digest_file(file)
    has_sidecar = sidecar.is_file()
    if has_sidecar and sidecar.stat().st_size > _MAX_DIGEST_FILE:
        raise CheckpointError(f"{sidecar} is too large for a SHA-256; write it again with sha256sum, or delete it")
    with open_checkpoint(file) as stream:
        size = os.fstat(stream.fileno()).st_size
        stream.seek(max(size - _SEAL_LENGTH, 0))
        seal = seal_of(stream.read(_SEAL_LENGTH))
        if not (has_sidecar or seal):
            return False
        stream.seek(0)
        sha, remaining = hashlib.sha256(), size - (_HEX_LENGTH if seal else 0)
        while block := stream.read(min(_READ_SIZE, remaining)):
            sha.update(block)
            remaining -= len(block)
        is_whole = seal is None or sha.hexdigest() == seal
        sha.update(stream.read())
    if has_sidecar:
        expected = sidecar.read_text(encoding="ascii", errors="replace").split(" ")[0].strip()
        if sha.hexdigest() != expected:
            raise CheckpointError(
                f"{file} is damaged: its SHA-256 differs from that in {sidecar.name}; use another copy "
                f"(or delete {sidecar.name} if you changed the file on purpose)"
            )
    elif not is_whole:
        raise CheckpointError(f"{file} is damaged: its SHA-256 differs from that at its end; use another copy")
    return True


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


def refuse_url(path: str | Path) -> None:
    """Refuses the address of a file that is not on this machine.

    Raises:
        CheckpointError: if ``path`` is a URL.

    Example:
        >>> refuse_url("models/best.ckpt")
        >>> refuse_url(Path("https://example.org/best.ckpt"))
        Traceback (most recent call last):
        ...
        colorgan.errors.CheckpointError: https://example.org/best.ckpt is a URL; ...
    """
    # a Path has only one of the two slashes left
    if address := re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/+", str(path)):
        shown = f"{address[1]}://{str(path)[address.end() :]}"
        raise CheckpointError(f"{shown} is a URL; download the file and give its local path")


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
    refuse_url(source)
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
