"""Checks what optimizers have taken over from a checkpoint."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer

from colorgan.errors import CheckpointError

_FACTORED = ("row_var", "col_var")
"""States of ``torch.optim.Adafactor``, whose shapes are not those of the weights."""


def check_optimizer_states(optimizers: Iterable[Optimizer]) -> None:
    """Checks that the states of optimizers have the shapes of the weights they belong to.

    ``Optimizer.load_state_dict`` does not compare them, and fused optimizers write to as many values as the weight has,
    past the end of a smaller state.

    Raises:
        CheckpointError: naming the first state of another shape.
    """
    for optimizer in optimizers:
        for weight, values in optimizer.state.items():
            for name, value in values.items():
                if not isinstance(value, Tensor) or name in _FACTORED or (value.ndim == 0 and name == "step"):
                    continue
                if value.shape != weight.shape or not _is_dense(value):
                    layout = "" if _is_dense(value) else " with gaps"
                    raise CheckpointError(
                        f"the checkpoint cannot be resumed: {name!s:.80} of an optimizer is "
                        f"{tuple(value.shape)!s:.80}{layout}, its weight {tuple(weight.shape)}; use another one, or "
                        "start a new run from its weights with --model.init_from"
                    )


def _is_dense(tensor: Tensor) -> bool:
    channels_last = tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    return channels_last or tensor.is_contiguous()
