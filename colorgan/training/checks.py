"""Checks of a model before training starts: arguments in range, optimizers that build, networks that fit the photos."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from colorgan.errors import ColorganError


def check_range(
    name: str, value: float | None, *, minimum: float, strict: bool = False, below: float = math.inf
) -> None:
    """Checks one number of a model's arguments; ``None`` stands for an option that is off.

    Args:
        name: of the argument.
        value: what was received.
        minimum: the smallest value allowed.
        strict: whether ``minimum`` itself is excluded.
        below: the value must be less than this.

    Raises:
        ColorganError: naming the key, the range and the value received.

    Example:
        >>> check_range("ema_decay", 1.5, minimum=0, below=1)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: model.ema_decay must be a number >= 0 and < 1, received 1.5
    """
    if value is None:
        return
    large_enough = value > minimum if strict else value >= minimum
    if not (math.isfinite(value) and large_enough and value < below):
        upper = f" and < {below:g}" if math.isfinite(below) else ""
        sign = ">" if strict else ">="
        raise ColorganError(f"model.{name} must be a number {sign} {minimum:g}{upper}, received {value}")


def check_optimizer(name: str, make_optimizer: Callable[[Any], torch.optim.Optimizer]) -> None:
    """Builds an optimizer once around a dummy parameter, so that a wrong rate is reported before any work.

    Args:
        name: of the argument.
        make_optimizer: its value.

    Raises:
        ColorganError: if the optimizer refuses its arguments or a learning rate is not a positive number.
    """
    try:
        optimizer = make_optimizer([nn.Parameter(torch.zeros(1))])
    except (ValueError, TypeError) as error:
        raise ColorganError(f"model.{name}: {error}") from error
    for group in optimizer.param_groups:
        rate = float(group["lr"])
        if not (math.isfinite(rate) and rate > 0):
            raise ColorganError(f"model.{name}: the learning rate must be a positive number, received {rate}")


def check_image_size(network: nn.Module, channels: int, size: int) -> None:
    """Propagates shapes through a network on the ``meta`` device, without arithmetic.

    Args:
        network: takes (B, channels, size, size).
        channels: of its input.
        size: height and width of the training photos.

    Raises:
        ColorganError: if the network cannot work at that size.
    """
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    meta = {name: tensor.detach().to("meta") for name, tensor in tensors.items()}
    try:
        functional_call(network, meta, torch.empty(2, channels, size, size, device="meta"))
    except (ValueError, RuntimeError) as error:
        raise ColorganError(f"data.size={size} does not suit {type(network).__name__}: {error}") from error
