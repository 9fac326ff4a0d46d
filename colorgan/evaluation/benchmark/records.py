"""The folder of a run, its lock, and the record of its outcome."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import Run
from colorgan.files import atomic_write
from colorgan.inference.run_folder import RunFolder

Status = Literal["finished", "failed", "interrupted", "running", "waiting"]


@dataclass(frozen=True)
class Record:
    """The outcome of a run, written atomically when the run ends.

    Attributes:
        status: ``finished`` or ``failed``.
        digest: hash of the configuration, :attr:`~colorgan.evaluation.benchmark.grid.Run.digest`.
        error: reason of a failure; empty for a finished run.
        seconds: total duration, interrupted attempts included.
        attempts: number of starts.
        ended: end of the run in seconds since 1970.
        host: machine on which it ended.
        device: name of the GPU or the processor.
        version: version of colorgan.
    """

    status: Literal["finished", "failed"]
    digest: str
    error: str = ""
    seconds: float = 0.0
    attempts: int = 1
    ended: float = 0.0
    host: str = ""
    device: str = ""
    version: str = ""


@dataclass(frozen=True)
class GridRunFolder:
    """The folder of a run within the folder of its grid.

    Attributes:
        grid: folder of the grid.
        name: name of the run.
    """

    grid: Path
    name: str

    @property
    def path(self) -> Path:
        """The run folder of ``fit``."""
        return self.grid / "runs" / self.name

    @property
    def log(self) -> Path:
        """The output of ``fit``."""
        return self.path / "log.txt"

    @property
    def last_checkpoint(self) -> Path:
        """The checkpoint from which an interrupted run resumes."""
        return RunFolder(self.path).last_checkpoint

    @property
    def metrics(self) -> Path:
        """The logged metrics."""
        return RunFolder(self.path).metrics

    @property
    def _record(self) -> Path:
        return self.path / "record.json"

    @property
    def _attempts(self) -> Path:
        return self.path / "attempts.json"

    @property
    def _lock(self) -> Path:
        return self.grid / "locks" / f"{self.name}.lock"

    def record(self) -> Record | None:
        """The outcome of the run, or ``None`` if it has not ended.

        Raises:
            ColorganError: if the record is damaged.
        """
        content = _read_json(self._record)
        if content is None:
            return None
        known = {item.name for item in fields(Record)}
        try:
            return Record(**{key: value for key, value in content.items() if key in known})
        except (AttributeError, TypeError) as error:
            raise ColorganError(f"{self._record} is not a record of a run; delete the folder {self.path}") from error

    def write_record(self, record: Record) -> None:
        """Writes the outcome atomically; a crash leaves no record."""
        _write_json(self._record, asdict(record))

    def remove_record(self) -> None:
        """Removes the record of a failed run before it is retried."""
        self._record.unlink(missing_ok=True)

    def begin_attempt(self, digest: str) -> int:
        """Counts a start of the run, and removes the files of earlier attempts that saved no checkpoint.

        Returns:
            The number of starts, this one included.
        """
        attempts = _read_json(self._attempts) or {}
        if not self.last_checkpoint.is_file() and self.path.exists():
            shutil.rmtree(self.path)  # otherwise the new attempt would append to an old metrics.csv
        count = int(attempts.get("count", 0)) + 1
        _write_json(self._attempts, {"digest": digest, "count": count, "seconds": attempts.get("seconds", 0.0)})
        return count

    def end_attempt(self, seconds: float) -> float:
        """Adds the duration of an attempt.

        Returns:
            The total duration of all attempts in seconds.
        """
        attempts = _read_json(self._attempts) or {}
        attempts["seconds"] = float(attempts.get("seconds", 0.0)) + seconds
        _write_json(self._attempts, attempts)
        return float(attempts["seconds"])

    def digest(self) -> str | None:
        """Hash of the configuration of the folder, or ``None`` if the run was never started."""
        attempts = _read_json(self._attempts)
        return None if attempts is None else str(attempts.get("digest"))

    def status(self) -> Status:
        """The status of the run."""
        record = self.record()
        if record is not None:
            return record.status
        if self.is_locked():
            return "running"
        return "interrupted" if self._attempts.is_file() else "waiting"

    def is_locked(self) -> bool:
        """Whether a process is currently training the run."""
        if not self._lock.is_file():
            return False
        with self.lock() as descriptor:
            return descriptor is None

    @contextlib.contextmanager
    def lock(self) -> Iterator[int | None]:
        """Locks the run for this process and for child processes that inherit the descriptor.

        The operating system releases the lock when all of them have ended, even if they are killed.

        Yields:
            The descriptor that holds the lock, or ``None`` if another process holds it.
        """
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            yield descriptor if _try_lock(descriptor) else None
        finally:
            os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def outcome_since(folder: GridRunFolder, since: float) -> Literal["finished", "failed"] | None:
    """The outcome of a run that does not have to be trained (again).

    Args:
        folder: folder of the run.
        since: start of the grid in seconds since 1970; runs that failed earlier are retried.

    Returns:
        ``None`` for a run that has to be trained.
    """
    record = folder.record()
    return record.status if record is not None and (record.status == "finished" or record.ended >= since) else None


def check_same_configuration(runs: list[Run], grid: Path) -> None:
    """Checks that no existing run folder belongs to another configuration.

    Raises:
        ColorganError: for the first run whose folder contains another configuration.
    """
    for run in runs:
        folder = GridRunFolder(grid, run.name)
        if folder.digest() not in (None, run.digest):
            raise ColorganError(
                f"{folder.path} contains a run with another configuration than {run.name}; "
                "choose another --out, use the same options as before, or delete the folder to train it again"
            )


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ColorganError(
            f"{file} cannot be read ({error}); delete the folder {file.parent} to train the run again"
        ) from error


def _write_json(file: Path, content: Any) -> None:
    with atomic_write(file) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
