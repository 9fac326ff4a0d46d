"""Early stopping that leaves the first epochs alone."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping

from colorgan.errors import ColorganError


class LateEarlyStopping(EarlyStopping):
    """Lightning's ``EarlyStopping``, from a given epoch on.

    In a plan of :class:`~colorgan.training.FineTuning`, it belongs to the stage that trains all layers: while the
    encoder is frozen, a pause in progress does not mean that the run is over. Earlier epochs neither count toward
    ``patience`` nor set the best value.

    Args:
        monitor: metric to watch, such as ``val/l1``.
        first_epoch: the first epoch that counts, from 0; the number of epochs of the stages before.
        **options: as in Lightning's ``EarlyStopping``: ``min_delta``, ``patience``, ``mode`` and so on.

    Raises:
        ColorganError: if ``first_epoch`` is negative.
    """

    def __init__(self, monitor: str, first_epoch: int = 0, **options: Any) -> None:
        if first_epoch < 0:
            raise ColorganError(f"LateEarlyStopping's first_epoch must be at least 0, but is {first_epoch}")
        super().__init__(monitor, **options)
        self.first_epoch = first_epoch

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Checks the metric, unless it is too early."""
        if trainer.current_epoch >= self.first_epoch:
            super().on_validation_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Likewise, with ``check_on_train_epoch_end``."""
        if trainer.current_epoch >= self.first_epoch:
            super().on_train_epoch_end(trainer, pl_module)
