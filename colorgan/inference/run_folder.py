"""The layout of a training run's folder."""

import contextlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import age

VARIABLE = "COLORGAN_RUN_FOLDER"
"""Environment variable that passes the run folder to the processes of a multi-GPU run and to the runs of a grid."""

_WANDB_ID = re.compile(r"[\w-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class RunFolder:
    """The folder of a training run, by default ``checkpoints/NAME/TIME/``.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def last_checkpoint(self) -> Path:
        """Checkpoint to resume from."""
        return self.checkpoints / "last.ckpt"

    @property
    def best_checkpoint(self) -> Path:
        """Checkpoint of the best epoch."""
        return self.checkpoints / "best.ckpt"

    @property
    def metrics(self) -> Path:
        """CSV file of all logged metrics."""
        return self.path / "metrics.csv"

    @property
    def wandb_id(self) -> Path:
        """File with the id of the run in Weights & Biases, which a resumed run continues under."""
        return self.path / "wandb_id"

    @property
    def lock(self) -> Path:
        """File that the process that trains the run holds a lock on."""
        return self.path / ".lock"

    def read_wandb_id(self) -> str | None:
        """The id of the run in Weights & Biases; ``None`` if it has none."""
        try:
            text = self.wandb_id.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return None
        return text.strip() if _WANDB_ID.fullmatch(text.strip()) else None

    @classmethod
    def of_checkpoint(cls, file: str | Path) -> Self | None:
        """Returns the run folder that contains a checkpoint, or ``None`` if it is not in one.

        >>> RunFolder.of_checkpoint("runs/flowers/1/checkpoints/best.ckpt").path.as_posix()
        'runs/flowers/1'
        """
        folder = Path(file).parent
        return cls(folder.parent) if folder.name == "checkpoints" else None

    @classmethod
    def new(cls, runs: str | Path, name: str, command: str = "fit") -> Self:
        """Creates the folder of a new run, which no other run gets, even if both start at the same moment.

        All processes of one ``fit`` (those that Lightning starts, the tasks and requeues of a SLURM job) get the same
        folder. :func:`remove_unused` removes it if nothing was written into it.

        Args:
            runs: parent folder of all runs.
            name: name of the run.
            command: the command; only ``fit`` passes its folder on through the environment. The others may also run
                where nothing can be written.

        Raises:
            ColorganError: if the folder of a ``fit`` cannot be created.
        """
        if inherited := os.environ.get(VARIABLE):
            return cls(Path(inherited))
        job = _slurm_job()
        stamp = job or f"{datetime.now():%Y%m%d-%H%M%S}"
        if command != "fit":
            stamp = f"{stamp}-{command}"
        path = Path(runs, name, stamp)
        try:
            path = next(path for path in _numbered(path) if _claim(path, is_job=job is not None))
        except OSError as error:
            if command == "fit":
                raise ColorganError(
                    f"the run folder {path} cannot be created ({error.strerror}); choose another place with --runs"
                ) from error
        if command == "fit":
            os.environ[VARIABLE] = str(path)
        return cls(path)

    @classmethod
    def find_checkpoint(cls, runs: str | Path, name: str, which: str) -> Path:
        """Returns the newest checkpoint among the runs of a name.

        Args:
            runs: parent folder of all runs.
            name: name of the run.
            which: ``last`` or ``best``.

        Raises:
            CheckpointError: if there is none.
        """
        folder = Path(runs, name)
        found = list(folder.glob(f"*/checkpoints/{which}.ckpt"))
        if not found:
            raise CheckpointError(
                f"there is no {which}.ckpt below {folder}; train first, or give the path of a checkpoint "
                "(or --name and --runs of its run)"
            )
        return max(found, key=age)


def remove_unused() -> None:
    """Removes the folders that :meth:`RunFolder.new` has created in this process and that have no files but a lock."""
    while _created:
        path = _created.pop()
        with contextlib.suppress(OSError):  # one that is not empty stays, and so do the folders above it
            if [file.name for file in path.iterdir()] == [RunFolder(path).lock.name]:
                RunFolder(path).lock.unlink()
            for folder in (path, path.parent, path.parent.parent):
                folder.rmdir()


_created: list[Path] = []


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.name}-{number}")


def _claim(path: Path, *, is_job: bool) -> bool:
    """Creates a folder; returns whether it belongs to this process, and not to another run."""
    restarts = os.environ.get("SLURM_RESTART_COUNT", "0") if is_job else "0"
    several_tasks = is_job and os.environ.get("SLURM_STEP_NUM_TASKS", "1") != "1"
    try:
        _make(path)
    except FileExistsError:
        if several_tasks:  # they all come here, with the same number of their step in the name
            return path.is_dir()
        if restarts == "0" or not path.is_dir():
            return False
    if restarts == "0" or several_tasks:
        return True
    try:  # the folders exist from before the requeue, and each run of the job takes its own again
        (path / f".restart-{restarts}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _make(path: Path) -> None:
    while True:
        try:
            path.mkdir(parents=True)
        except FileNotFoundError:  # a run that ends removes empty folders
            continue
        _created.append(path)
        return


def _slurm_job() -> str | None:
    """The name of a job's folder; commands that ``srun`` starts after the first one have their own."""
    job = os.environ.get("SLURM_JOB_ID")
    step = os.environ.get("SLURM_STEP_ID", "0")
    return f"slurm-{job}" + (f"-step-{step}" if step != "0" else "") if job else None
