"""Which checkpoints a run keeps: the best and the last."""

from typing import Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint


class BestCheckpoint(ModelCheckpoint):
    """Keeps ``checkpoints/best.ckpt``, the epoch with the best value of a metric.

    Args:
        monitor: name of the metric, such as ``val/fd_efficientnet_lite0``.
        mode: whether smaller or larger is better.
        dirpath: folder; null takes ``checkpoints`` in the run folder.
        filename: name without its ending.
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
        """Looks at the metric, which callbacks measure too, after validation; epochs without validation have none."""
        every = trainer.check_val_every_n_epoch
        if every is None or (trainer.current_epoch + 1) % every == 0:
            super().on_train_epoch_end(trainer, pl_module)


class LastCheckpoint(ModelCheckpoint):
    """Keeps ``checkpoints/last.ckpt``, from which ``--ckpt_path last`` goes on.

    It is written at the end of an epoch, after validation and schedules, so that a resumed run repeats nothing.

    Args:
        every_n_epochs: how often it is written.
        dirpath: folder; null takes ``checkpoints`` in the run folder.
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
