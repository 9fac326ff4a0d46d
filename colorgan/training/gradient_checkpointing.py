"""Gradient checkpointing: activations are computed again for the gradients instead of being kept."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils.checkpoint import checkpoint


class GradientCheckpointing:
    """Keeps only the inputs of a network's blocks until its gradients are computed (Chen et al. 2016).

    What a block computes inside is dropped after the forward pass, and computed again, with the same random numbers,
    when its gradients are due (https://arxiv.org/abs/1604.06174). This takes a forward pass more and a fraction of the
    memory. Losses, gradients and the statistics of batch normalization, which a second pass must not count again, are
    the same.

    Modules keep their names, so checkpoints are not affected.

    Example:
        >>> network = nn.Sequential(*(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU()) for _ in range(2)))
        >>> checkpointing = GradientCheckpointing()
        >>> checkpointing.apply(network)
        2
        >>> network(torch.zeros(1, 3, 2, 2)).sum().backward()
        >>> checkpointing.remove()
    """

    def __init__(self) -> None:
        self._blocks: list[nn.Module] = []

    def apply(self, network: nn.Module) -> int:
        """Makes the blocks of a network compute their activations twice.

        Returns:
            The number of blocks; those with spectral normalization, which changes in each forward pass, are left out.
        """
        blocks = [block for block in _blocks_of(network) if not any(map(parametrize.is_parametrized, block.modules()))]
        for block in blocks:
            block.forward = _recomputed(block, block.forward)
        self._blocks += blocks
        return len(blocks)

    def remove(self) -> None:
        """Lets all blocks keep their activations again."""
        for block in self._blocks:
            del block.forward
        self._blocks.clear()


def _blocks_of(module: nn.Module) -> Iterator[nn.Module]:
    """The sequences of layers in a module."""
    for child in module.children():
        yield from _blocks_in(child) if isinstance(child, nn.Sequential) else _blocks_of(child)


def _blocks_in(sequence: nn.Sequential) -> Iterator[nn.Module]:
    """A sequence of layers; of a sequence of blocks, each of them."""
    parts = [part for part in sequence if any(True for _ in part.children())]
    if len(parts) < 2:
        yield sequence
        return
    for part in parts:
        yield from _blocks_in(part) if isinstance(part, nn.Sequential) else [part]


def _recomputed(block: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
    def contexts() -> tuple[contextlib.AbstractContextManager[Any], contextlib.AbstractContextManager[Any]]:
        return contextlib.nullcontext(), _KeptStatistics(block)

    def run(*inputs: Tensor) -> Any:
        if not torch.is_grad_enabled():
            return forward(*inputs)
        return checkpoint(forward, *inputs, use_reentrant=False, context_fn=contexts)

    return run


class _KeptStatistics(contextlib.AbstractContextManager[None]):
    """Keeps running statistics as they are: the first forward pass has counted the batch.

    Second derivatives enter it again for each gradient.
    """

    def __init__(self, block: nn.Module) -> None:
        self._block = block
        self._kept: list[tuple[nn.Module, str, Tensor]] = []

    def __enter__(self) -> None:
        layers = [layer for layer in self._block.modules() if getattr(layer, "track_running_stats", False)]
        self._kept = [(layer, name, buffer) for layer in layers for name, buffer in layer.named_buffers(recurse=False)]
        for layer, name, buffer in self._kept:
            setattr(layer, name, buffer.clone())

    def __exit__(self, *_: object) -> None:
        for layer, name, buffer in self._kept:
            setattr(layer, name, buffer)
        self._kept.clear()
