"""What a run of a grid leaves behind: its folder, the lock on it, and the record that says how it ended."""

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
from colorgan.evaluation.benchmark.plan import Run
from colorgan.files import atomic_write

Status = Literal["finished", "failed", "interrupted", "running", "waiting"]


@dataclass(frozen=True)
class Record:
    """How a run ended; it is written in one piece when the run is over.

    Attributes:
        status: ``finished`` or ``failed``.
        digest: of the configuration, :attr:`~colorgan.evaluation.benchmark.plan.Run.digest`.
        sentence: why it failed; empty if it did not.
        seconds: it took in all, attempts that were interrupted included.
        attempts: times it was started.
        ended: when it ended, in seconds since 1970.
        host: where it ended.
        device: the GPU's name, or the processor's.
        version: colorgan's.
    """

    status: Literal["finished", "failed"]
    digest: str
    sentence: str = ""
    seconds: float = 0.0
    attempts: int = 1
    ended: float = 0.0
    host: str = ""
    device: str = ""
    version: str = ""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run below that of the grid.

    Attributes:
        grid: the folder of the grid.
        name: the name of the run.
    """

    grid: Path
    name: str

    @property
    def path(self) -> Path:
        """Where ``fit`` leaves its files."""
        return self.grid / "runs" / self.name

    @property
    def log(self) -> Path:
        """What ``fit`` printed."""
        return self.path / "log.txt"

    @property
    def last_checkpoint(self) -> Path:
        """What an interrupted run goes on from."""
        return self.path / "checkpoints" / "last.ckpt"

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
        """How the run ended, or ``None`` if it has not.

        Raises:
            ColorganError: if the record cannot be understood.
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
        """Says how the run ended; a crash in the middle of it leaves no record."""
        _write_json(self._record, asdict(record))

    def remove_record(self) -> None:
        """Before a failed run is tried again."""
        self._record.unlink(missing_ok=True)

    def begin_attempt(self, digest: str) -> int:
        """Notes that the run is started (again), and clears what an attempt without a checkpoint has left.

        Returns:
            How many times it has been started, this one included.
        """
        notes = _read_json(self._attempts) or {}
        if not self.last_checkpoint.is_file() and self.path.exists():
            shutil.rmtree(self.path)  # half a metrics.csv would otherwise be continued from its middle
        count = int(notes.get("count", 0)) + 1
        _write_json(self._attempts, {"digest": digest, "count": count, "seconds": notes.get("seconds", 0.0)})
        return count

    def end_attempt(self, seconds: float) -> float:
        """Adds the seconds of this attempt.

        Returns:
            The seconds of all attempts.
        """
        notes = _read_json(self._attempts) or {}
        notes["seconds"] = float(notes.get("seconds", 0.0)) + seconds
        _write_json(self._attempts, notes)
        return float(notes["seconds"])

    def digest(self) -> str | None:
        """Of the configuration that the folder belongs to, or ``None`` for a run that was never started."""
        notes = _read_json(self._attempts)
        return None if notes is None else str(notes.get("digest"))

    def status(self) -> Status:
        """Where the run stands."""
        record = self.record()
        if record is not None:
            return record.status
        if self.is_locked():
            return "running"
        return "interrupted" if self._attempts.is_file() else "waiting"

    def is_locked(self) -> bool:
        """Whether some process is training the run now."""
        if not self._lock.is_file():
            return False
        with self.lock() as descriptor:
            return descriptor is None

    @contextlib.contextmanager
    def lock(self) -> Iterator[int | None]:
        """Claims the run for this process and for those that inherit the descriptor, for as long as any of them lives.

        The operating system forgets the lock when they die, however they die.

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


def outcome_since(folder: RunFolder, since: float) -> Literal["finished", "failed"] | None:
    """How a run ended that needs no more work.

    Args:
        folder: of the run.
        since: when the grid was started, in seconds since 1970. What failed before is tried again.

    Returns:
        ``None`` for a run that is still to be trained.
    """
    record = folder.record()
    return record.status if record is not None and (record.status == "finished" or record.ended >= since) else None


def check_same_configuration(runs: list[Run], grid: Path) -> None:
    """Refuses to mix runs of two configurations under one name, before any work.

    Raises:
        ColorganError: naming the first run whose folder holds another configuration.
    """
    for run in runs:
        folder = RunFolder(grid, run.name)
        if folder.digest() not in (None, run.digest):
            raise ColorganError(
                f"{folder.path} holds a run with another configuration than {run.name} has now; "
                "choose another --out, give the same options as before, or delete that folder to run it anew"
            )


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ColorganError(
            f"{file} cannot be read ({error}); delete the folder {file.parent} to run it anew"
        ) from error


def _write_json(file: Path, content: Any) -> None:
    with atomic_write(file) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
