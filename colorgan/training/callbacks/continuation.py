"""One training per run folder, which continues as if it had never been interrupted."""

from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout
from lightning.pytorch import Callback, LightningModule, Trainer

from colorgan.errors import ColorganError
from colorgan.files import remove_temporary_files
from colorgan.inference.run_folder import RunFolder
from colorgan.training.metrics_file import MetricsFile

_PATIENCE = 15.0
"""Seconds. Data workers of a process that was killed hold its lock until they notice."""


class RunContinuation(Callback):
    """Prepares the run folder of a training, and keeps other trainings out of it.

    A process that was killed leaves temporary files, and rows of ``metrics.csv`` that are newer than its last
    checkpoint. Both are removed, so that a resumed run leaves the same files as an uninterrupted one.
    """

    def __init__(self) -> None:
        self._lock: BaseFileLock | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Locks the folder, and removes temporary files.

        Raises:
            ColorganError: if another process trains in the folder.
        """
        if stage != "fit" or not trainer.is_global_zero:
            return
        folder = RunFolder(Path(trainer.default_root_dir))
        folder.path.mkdir(parents=True, exist_ok=True)
        self._acquire(folder)
        for place in (folder.path, folder.checkpoints, folder.path / "samples"):
            remove_temporary_files(place)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Removes the rows of ``metrics.csv`` that the resumed run will write again."""
        loops = checkpoint.get("loops", {})
        step = loops.get("fit_loop", {}).get("epoch_loop.state_dict", {}).get("_batches_that_stepped")
        if trainer.state.fn != "fit" or not isinstance(step, int):
            return
        for logger in trainer.loggers:
            if isinstance(logger, MetricsFile):
                logger.cut(step)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Releases the folder."""
        self._release()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Releases the folder."""
        self._release()

    def _acquire(self, folder: RunFolder) -> None:
        lock = FileLock(folder.lock)
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout as error:
            raise ColorganError(
                f"another process is training in {folder.path}: wait until it has ended, or start a new run"
            ) from error
        except (OSError, NotImplementedError):
            return  # some network file systems have no locks
        self._lock = lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
