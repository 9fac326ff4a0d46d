"""Finds out that training has diverged: losses, gradients and weights that are NaN or infinite."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from colorgan.errors import TrainingDivergedError

_MAX_SKIPPED_STEPS = 30
"""Steps in a row that float16's loss scaling may skip: far more than it takes from its first scale, 65536, to 1."""


class DivergenceCheck:
    """Collects whether losses and gradients are finite, on the device, so that a GPU need not wait for the answer."""

    def __init__(self) -> None:
        self._diverged: dict[str, Tensor] = {}
        self._skipped: dict[str, Tensor] = {}

    def note_loss(self, loss: Tensor) -> None:
        """Takes note of a loss that is about to be backpropagated."""
        self._note("a loss", ~loss.detach().isfinite().all())

    def note_gradients(self, network: str, norm: Tensor, scaled: bool) -> None:
        """Takes note of the gradients of a network that its optimizer is about to use.

        Args:
            network: its name.
            norm: norm of all gradients together.
            scaled: whether they come from a scaled loss, as in float16. The scaler skips steps with infinite gradients
                and lowers its scale, so that only many of them in a row mean divergence.
        """
        infinite = ~norm.detach().isfinite()
        if scaled:
            skipped = self._skipped.get(network, torch.zeros_like(infinite, dtype=torch.int32))
            self._skipped[network] = skipped = (skipped + 1) * infinite
            infinite = skipped > _MAX_SKIPPED_STEPS
        self._note(f"a gradient of the {network}", infinite)

    def _note(self, what: str, diverged: Tensor) -> None:
        before = self._diverged.get(what)
        self._diverged[what] = diverged if before is None else before.to(diverged.device) | diverged

    def check(self, epoch: int) -> None:
        """Asks the device.

        Raises:
            TrainingDivergedError: if anything noted so far was NaN or infinite.
        """
        for what, diverged in self._diverged.items():
            if diverged:
                raise TrainingDivergedError(_message(what, epoch))


def gradient_norm(parameters: Iterable[nn.Parameter]) -> Tensor:
    """The norm of all gradients together, NaN or infinite if any of them is."""
    return nn.utils.get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])


def check_saved_tensors(model: LightningModule, checkpoint: Mapping[str, Any]) -> None:
    """Checks a model and its optimizers before they are saved.

    Buffers may hold minus infinity, as masks of attention do.

    Args:
        model: the model.
        checkpoint: the checkpoint with the states of its optimizers.

    Raises:
        TrainingDivergedError: naming the first tensor that is NaN or infinite.
    """
    named = {f"the weight {name}": tensor.detach() for name, tensor in model.named_parameters()}
    named |= {f"the buffer {name}": tensor.clamp(min=0) for name, tensor in _floats(model.named_buffers())}
    for number, optimizer in enumerate(checkpoint.get("optimizer_states", ())):
        for parameter, state in optimizer["state"].items():
            named |= {
                f"the state {name} of optimizer {number} for parameter {parameter}": tensor
                for name, tensor in _floats(state.items())
            }
    if nn.utils.get_total_norm(named.values()).isfinite():  # much faster than to look at each value
        return
    for what, tensor in named.items():
        if not tensor.isfinite().all():
            raise TrainingDivergedError(_message(what, model.current_epoch))


def _floats(named: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Tensor]]:
    return ((name, value) for name, value in named if isinstance(value, Tensor) and value.is_floating_point())


def _message(what: str, epoch: int) -> str:
    return (
        f"{what} became NaN or infinite in epoch {epoch}; earlier checkpoints are intact: lower the learning rates, "
        "set model.gradient_clip, or train in 32 or bf16-mixed precision"
    )
