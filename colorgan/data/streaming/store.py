"""Where shards are read from: a folder, or any storage that fsspec knows, through a folder that holds the latest."""

import contextlib
import hashlib
import os
import re
import threading
from collections.abc import Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import filelock
import fsspec
from lightning.pytorch.utilities import rank_zero_warn

from colorgan.data.streaming.shards import INDEX, MAX_JSON_BYTES, Shard, ShardIndex, checksum_of, map_pixels
from colorgan.errors import ColorganError, first_sentence
from colorgan.images import printable

_SCHEMES = ("http", "https", "s3", "gs", "gcs", "abfs", "az", "hf", "memory")
"""fsspec has more, some of which run programs or read the files of other machines."""
_PACKAGES = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "az": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
}
_NOT_FOUND = 404
_DOWNLOADS = 2
_TRIALS = 3


def is_remote(root: str) -> bool:
    """Whether a place is an address instead of a folder."""
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)", root))


class ShardStore:
    """The shards of one split.

    Remote shards are downloaded ahead by threads of the training process, and shared by its workers and by all
    processes of a machine. The least recently used ones are deleted when all of them exceed the limit. Instances can be
    pickled.

    Args:
        root: a folder, or an address such as ``s3://bucket/shards/train`` or ``https://host/shards/train``.
        cache: folder for downloaded shards.
        limit: largest size of that folder in bytes.

    Raises:
        ColorganError: for addresses of unknown kinds.
    """

    def __init__(self, root: str, cache: Path, limit: int) -> None:
        self.root, self.limit = root.rstrip("/"), limit
        self.is_remote = is_remote(root)
        if self.is_remote and not (root.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)) and "::" not in root):
            raise ColorganError(
                f"data.root: {root!r:.120} cannot be read; give a folder, or an address that begins with one of "
                f"{', '.join(f'{scheme}://' for scheme in _SCHEMES[:-1])}"
            )
        self.cache = cache / hashlib.blake2b(self.root.encode(), digest_size=8).hexdigest()
        self._pool: ThreadPoolExecutor | None = None
        self._pending: dict[str, Future[Path]] = {}
        self._keep: set[str] = set()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_pool", "_pending", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _pool=None, _pending={}, _lock=threading.Lock())

    def read_index(self) -> ShardIndex | None:
        """Reads ``index.json``; ``None`` if there is none.

        Raises:
            ColorganError: if it cannot be read, or is no index.
        """
        where = f"{self.root}/{INDEX}"
        text = self.read_text(INDEX)
        return None if text is None else ShardIndex.from_json(text, where)

    def read_text(self, name: str) -> bytes | None:
        """Reads a small file; ``None`` if there is none.

        Raises:
            ColorganError: if it cannot be read.
        """
        try:
            with self._file_system().open(self._address(name), "rb") as stream:
                content: bytes = stream.read(MAX_JSON_BYTES + 1)
                return content
        except FileNotFoundError as error:
            cause = error.__cause__  # fsspec's HTTP calls a server that does not answer a file that is not there
            if cause is None or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == _NOT_FOUND:
                return None
            raise self._error(name, cause) from error
        except Exception as error:  # each storage raises errors of its own
            raise self._error(name, error) from error

    def path(self, shard: Shard, side: int) -> Path:
        """The file of a shard on this machine, which is downloaded if need be.

        Raises:
            ColorganError: if it cannot be read.
        """
        if not self.is_remote:
            return Path(self.root, shard.pixels)
        target = self.cache / shard.pixels
        if not target.exists():
            with self._alone(shard):
                if not target.exists():
                    self._download(shard, side, target)
        with contextlib.suppress(OSError):
            os.utime(target)  # it is the most recently used
        return target

    def forget(self, shard: Shard) -> bool:
        """Deletes the copy of a damaged shard, so that it is downloaded again; false if this is no copy."""
        if self.is_remote:
            (self.cache / shard.pixels).unlink(missing_ok=True)
        return self.is_remote

    def prefetch(self, shards: Iterable[Shard], keep: Collection[Shard], side: int) -> None:
        """Downloads shards in the background, and deletes others that exceed the limit.

        Args:
            shards: those that will be needed next, in order.
            keep: those that are in use.
            side: height and width of the photos.
        """
        if not self.is_remote:
            return
        wanted = list(shards)
        with self._lock:
            self._keep = {shard.pixels for shard in (*wanted, *keep)}
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_DOWNLOADS, thread_name_prefix="shards")
            self._pending = {name: future for name, future in self._pending.items() if not future.done()}
            for shard in wanted:
                if shard.name not in self._pending:
                    self._pending[shard.name] = self._pool.submit(self._fetch, shard, side)

    def _fetch(self, shard: Shard, side: int) -> Path:
        if not (self.cache / shard.pixels).exists():
            self._make_room(shard.count * side**2 * 3)
        return self.path(shard, side)

    def close(self) -> None:
        """Ends the downloads."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
            self._pool, self._pending = None, {}

    def _download(self, shard: Shard, side: int, target: Path) -> None:
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        problem: Exception | None = None
        for _ in range(_TRIALS):
            try:
                self._file_system().get_file(self._address(shard.pixels), str(temporary))
                if checksum_of(map_pixels(temporary, shard.count, side)) != shard.checksum:
                    raise ColorganError(f"{self.root}/{shard.pixels} is damaged: its checksum differs from the index")
                temporary.replace(target)
                return
            except Exception as error:  # each storage raises errors of its own
                problem = error
            finally:
                temporary.unlink(missing_ok=True)
        assert problem is not None
        raise self._error(shard.pixels, problem) from problem

    def _make_room(self, needed: int) -> None:
        """Deletes the least recently used shards, but those to be kept, until a number of bytes is below the limit."""
        files = []
        for file in self.cache.glob("shard-*.npy"):
            with contextlib.suppress(OSError):  # another process may have deleted it
                status = file.stat()
                files.append((status.st_mtime, status.st_size, file))
        total = sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if total + needed <= self.limit:
                return
            if file.name not in self._keep:
                with contextlib.suppress(OSError):  # Windows keeps files that are mapped into memory
                    file.unlink()
                    total -= size

    @contextlib.contextmanager
    def _alone(self, shard: Shard) -> Any:
        """One process of this machine downloads a shard, the others wait."""
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ColorganError(f"{printable(self.cache)} cannot be written ({error.strerror})") from error
        with filelock.FileLock(self.cache / f".{shard.name}.lock"):
            yield

    def _file_system(self) -> Any:
        protocol = self.root.partition("://")[0] if self.is_remote else "file"
        try:
            return fsspec.filesystem(protocol)
        except ImportError as error:
            raise ColorganError(
                f"{protocol}:// needs a package: pip install {_PACKAGES.get(protocol, 'fsspec')}"
            ) from error

    def _address(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _error(self, name: str, error: BaseException) -> ColorganError:
        if isinstance(error, ColorganError):
            return error
        return ColorganError(f"{self.root}/{name} cannot be read ({first_sentence(error) or type(error).__name__})")


def warn_of_damage(shard: Shard, name: str) -> None:
    """Says that a shard is downloaded again."""
    rank_zero_warn(f"The photo {printable(name)} of {shard.pixels} is damaged: the shard is downloaded again")
