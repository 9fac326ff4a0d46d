"""What callbacks take from validation and test steps, on all ranks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from colorgan.errors import ColorganError

_NAMES = {"predicted", "target", "gray", "index"}


class PhotoCallback(Callback, ABC):
    """Takes what validation and test steps return, batch by batch, and makes something of it when all are through.

    A subclass says what, once for both stages, which it is told by name: ``val`` or ``test``. Lightning's sanity check
    is passed over.
    """

    @abstractmethod
    def begin(self) -> None:
        """Forgets a validation or test that was broken off."""

    @abstractmethod
    def take(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, stage: str) -> None:
        """Takes a batch: what the step returned, which :func:`photos_of` checks."""

    @abstractmethod
    def finish(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Makes something of all batches."""

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins."""
        self.begin()

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Takes a batch."""
        if not trainer.sanity_checking:
            self.take(trainer, pl_module, outputs, "val")

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finishes."""
        if not trainer.sanity_checking:
            self.finish(trainer, pl_module, "val")

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins."""
        self.begin()

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Takes a batch."""
        self.take(trainer, pl_module, outputs, "test")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finishes."""
        self.finish(trainer, pl_module, "test")


def photos_of(outputs: Any, who: str) -> Mapping[str, Tensor]:
    """Checks what a validation or test step returned.

    Args:
        outputs: a mapping with ``predicted``, ``target`` and ``gray``, (B, 3, H, W) in [0, 1], and ``index``, (B,).
        who: who asks, for the message.

    Returns:
        The same mapping.

    Raises:
        ColorganError: if it is anything else.
    """
    if not isinstance(outputs, Mapping) or not outputs.keys() >= _NAMES:
        received = ", ".join(sorted(outputs)) if isinstance(outputs, Mapping) else type(outputs).__name__
        raise ColorganError(
            f"{who} needs a validation step that returns predicted, target, gray and index; this one returned {received}"
        )
    return outputs


def gather_rows(rows: Tensor, trainer: Trainer, pl_module: LightningModule) -> Tensor:
    """The rows of all ranks, on the CPU; the ranks may hold different numbers of them."""
    if trainer.world_size == 1:
        return rows
    # Backends such as NCCL exchange nothing but memory of the accelerator.
    return torch.cat([part.cpu() for part in gather_all_tensors(rows.to(pl_module.device))])


def first_of_each(index: Tensor) -> Tensor:
    """Positions at which each value stands first, in the order of the values, whatever the number of ranks.

    >>> first_of_each(torch.tensor([2, 0, 2, 1, 0])).tolist()
    [1, 3, 0]
    """
    order = torch.argsort(index, stable=True)
    ordered = index[order]
    is_first = torch.ones_like(ordered, dtype=torch.bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return order[is_first]
