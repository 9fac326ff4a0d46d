"""The layout of a training run's folder."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from colorgan.errors import CheckpointError
from colorgan.files import age

VARIABLE = "COLORGAN_RUN_FOLDER"
"""Environment variable that passes the run folder to the processes of a multi-GPU run and to the runs of a grid."""


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
        """Chooses the folder of a new run; the folder is not created.

        All processes of one ``fit`` (the ranks of a multi-GPU run; the nodes and requeues of a SLURM job) get the same
        folder.

        Args:
            runs: parent folder of all runs.
            name: name of the run.
            command: the trainer's command; only ``fit`` passes its folder on through the environment.
        """
        if inherited := os.environ.get(VARIABLE):
            return cls(Path(inherited))
        job = os.environ.get("SLURM_JOB_ID")
        stamp = f"slurm-{job}" if job else f"{datetime.now():%Y%m%d-%H%M%S}"
        if command != "fit":
            stamp = f"{stamp}-{command}"
        path = Path(runs, name, stamp)
        count = 1
        while path.exists() and not job:  # another run started within the same second
            count += 1
            path = path.with_name(f"{stamp}-{count}")
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
