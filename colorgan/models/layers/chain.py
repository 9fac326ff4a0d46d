"""Runs layers one after the other, and keeps what each of them returns."""

from collections.abc import Iterable

from torch import Tensor, nn


def chain(layers: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    """Applies layers in order.

    Args:
        layers: such as an ``nn.Sequential``.
        x: the input of the first one.

    Returns:
        The output of each layer.

    Example:
        >>> import torch
        >>> [tuple(each.shape) for each in chain([nn.Flatten(), nn.Linear(4, 3)], torch.zeros(1, 2, 2))]
        [(1, 4), (1, 3)]
    """
    outputs: list[Tensor] = []
    for layer in layers:
        x = layer(x)
        outputs.append(x)
    return outputs
