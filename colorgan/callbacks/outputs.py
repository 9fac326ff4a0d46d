"""What callbacks take from validation and test steps, on all ranks."""

from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from colorgan.errors import ColorganError

_NAMES = {"predicted", "truth", "gray", "index"}


def photos_of(outputs: Any, who: str) -> Mapping[str, Tensor]:
    """Checks what a validation or test step returned.

    Args:
        outputs: a mapping with ``predicted``, ``truth`` and ``gray``, (B, 3, H, W) in [0, 1], and ``index``, (B,).
        who: who asks, for the message.

    Returns:
        The same mapping.

    Raises:
        ColorganError: if it is anything else.
    """
    if not isinstance(outputs, Mapping) or not outputs.keys() >= _NAMES:
        received = ", ".join(sorted(outputs)) if isinstance(outputs, Mapping) else type(outputs).__name__
        raise ColorganError(
            f"{who} needs a validation step that returns predicted, truth, gray and index; this one returned {received}"
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
