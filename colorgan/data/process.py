"""The training process that a data module loads photos for."""

from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch import Trainer


@dataclass(frozen=True)
class TrainingProcess:
    """One process of a training, or the only process if there is no trainer.

    Attributes:
        trainer: the trainer of this process.
    """

    trainer: Trainer | None = None

    @property
    def is_first(self) -> bool:
        """Whether this process reports and writes files."""
        return self.trainer is None or self.trainer.is_global_zero

    @property
    def rank(self) -> int:
        """Index of this process."""
        return self.trainer.global_rank if self.trainer is not None else 0

    @property
    def world_size(self) -> int:
        """Number of processes on all machines."""
        return self.trainer.world_size if self.trainer is not None else 1

    @property
    def num_local(self) -> int:
        """Number of processes on this machine."""
        return max(1, self.trainer.num_devices) if self.trainer is not None else 1

    @property
    def device(self) -> torch.device:
        """Where networks are trained; the CPU without a trainer."""
        return self.trainer.strategy.root_device if self.trainer is not None else torch.device("cpu")

    @property
    def device_type(self) -> str:
        """Type of the device; without a trainer, that of the device that a trainer would choose."""
        if self.trainer is None:
            return "cuda" if torch.cuda.is_available() else "cpu"
        return self.device.type

    def position(self) -> tuple[int, int]:
        """Returns the current epoch and the number of its batches already used, according to the trainer."""
        if self.trainer is None or not self.trainer.training:
            return 0, 0
        loop = self.trainer.fit_loop
        epochs: Any = loop.epoch_progress.current
        return epochs.processed, loop.epoch_loop.batch_progress.current.ready
