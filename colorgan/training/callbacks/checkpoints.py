"""The checkpoints that a run keeps: the best and the last."""

from pathlib import Path
from typing import Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from colorgan.training.callbacks.interruption import failing_later


class BestCheckpoint(ModelCheckpoint):
    """Saves the epoch with the best value of a metric as ``checkpoints/best.ckpt``.

    Args:
        monitor: name of the metric, such as ``val/fd_efficientnet_lite0``.
        mode: whether a smaller (``min``) or a larger value (``max``) is better.
        dirpath: output folder; null uses ``checkpoints`` in the run folder.
        filename: file name without the extension.
    """

    def __init__(
        self,
        monitor: str = "val/fd_efficientnet_lite0",
        mode: Literal["min", "max"] = "min",
        dirpath: str | None = None,
        filename: str = "best",
    ) -> None:
        super().__init__(
            dirpath=dirpath,
            filename=filename,
            monitor=monitor,
            mode=mode,
            save_top_k=1,
            save_on_train_epoch_end=True,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves after validation, when callbacks have logged their metrics; skips epochs without validation."""
        interval = trainer.check_val_every_n_epoch
        if interval is None or (trainer.current_epoch + 1) % interval == 0:
            with failing_later(trainer):  # the last checkpoint may still be written
                super().on_train_epoch_end(trainer, pl_module)


class LastCheckpoint(ModelCheckpoint):
    """Saves the latest epoch as ``checkpoints/last.ckpt``, from which ``--ckpt_path last`` resumes.

    It is written at the end of an epoch, after validation and learning-rate schedules, so that a resumed run repeats
    nothing. The epoch in which training stops early is always saved.

    Args:
        every_n_epochs: number of epochs between two checkpoints.
        dirpath: output folder; null uses ``checkpoints`` in the run folder.
    """

    def __init__(self, every_n_epochs: int = 1, dirpath: str | None = None) -> None:
        super().__init__(
            dirpath=dirpath,
            filename="last",
            save_top_k=1,
            every_n_epochs=every_n_epochs,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the epoch if it is due, or the last one."""
        super().on_train_epoch_end(trainer, pl_module)
        is_due = (trainer.current_epoch + 1) % max(1, self.every_n_epochs or 0) == 0
        if trainer.should_stop and not is_due and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            assert self.dirpath is not None
            path = str(Path(self.dirpath) / f"{self.filename}{self.FILE_EXTENSION}")
            trainer.save_checkpoint(path)
            self.best_model_path = path
