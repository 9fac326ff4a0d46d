"""Builds a network from a plain description and weights, neither of which is trusted."""

import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from colorgan.errors import CheckpointError, first_sentence
from colorgan.inference.schema import check_state
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import factory_from_config, from_config
from colorgan.models.encoders import is_building_frozen_encoder, without_pretrained_weights
from colorgan.models.generators import Generator
from colorgan.models.hints import Hints

BUILDING_ERRORS = (
    TypeError, ValueError, RuntimeError, LookupError, AttributeError, ArithmeticError, AssertionError,
    NotImplementedError, MemoryError,
)  # fmt: skip
"""What constructors of networks raise for arguments that they were not written for."""


def cannot_be_rebuilt(error: Exception, source: str | Path) -> CheckpointError:
    """What to tell about a file whose network cannot be built, after one of :data:`BUILDING_ERRORS`.

    >>> cannot_be_rebuilt(TypeError("width must be an integer"), "a.ckpt")
    CheckpointError('a.ckpt cannot be rebuilt: width must be an integer')
    """
    if isinstance(error, CheckpointError) and str(error).startswith(str(source)):
        return error
    if isinstance(error, RuntimeError | ArithmeticError | MemoryError):  # torch's own, about sizes
        return CheckpointError(f"{source} cannot be rebuilt: it asks for a network of impossible sizes")
    return CheckpointError(f"{source} cannot be rebuilt: {first_sentence(error):.300}")


_MODULES_PER_TENSOR = 8
_FREE_MODULES = 1000


@contextlib.contextmanager
def shapes_only(num_tensors: int, source: str | Path) -> Iterator[None]:
    """Builds modules on the ``meta`` device, where they take no memory, and stops where they outgrow their file.

    A description of a few bytes may ask for a network that takes hours to build, if only its shapes. Each parameter and
    buffer of a network has a tensor in its file, so one that registers more is not the network in the file.

    Args:
        num_tensors: number of tensors in the file.
        source: its name, for messages.

    Raises:
        CheckpointError: from within the block, if more tensors are registered, or far more modules.
    """
    builder = threading.get_ident()
    tensors = modules = 0

    def is_counted() -> bool:
        return threading.get_ident() == builder and not is_building_frozen_encoder()

    def count_tensor(module: nn.Module, name: str, tensor: Any) -> None:
        nonlocal tensors
        if tensor is not None and is_counted():
            tensors += 1
            # some are registered twice, such as those of a convolution with a spectral norm, and some are not saved
            if tensors > 4 * num_tensors + _FREE_MODULES:
                raise CheckpointError(f"{source} was refused: it asks for a network of more tensors than it contains")

    def count_module(module: nn.Module, name: str, child: Any) -> None:
        nonlocal modules
        if is_counted():
            modules += 1
            if modules > _MODULES_PER_TENSOR * num_tensors + _FREE_MODULES:
                raise CheckpointError(f"{source} was refused: it asks for a network of more layers than it has weights")

    hooks = [
        register_module_parameter_registration_hook(count_tensor),
        register_module_buffer_registration_hook(count_tensor),
        register_module_module_registration_hook(count_module),
    ]
    try:
        with torch.device("meta"):
            yield
    finally:
        for hook in hooks:
            hook.remove()


def build_network(
    config: Mapping[str, Any], state: Mapping[str, Tensor], source: str | Path, trusted: Collection[str] = ()
) -> ColorizationNetwork:
    """Builds a network and loads its weights, ready for inference.

    Shapes are compared on the ``meta`` device first, because a small file may ask for an enormous network.

    Args:
        config: the configurations of ``color_space``, ``hints`` and ``generator``.
        state: the ``state_dict`` of a :class:`ColorizationNetwork`.
        source: name of the file or folder, for error messages.
        trusted: class paths outside of colorgan that the configuration may name.

    Raises:
        CheckpointError: if the configuration is incomplete or names an untrusted class, or the weights do not fit.
    """
    missing = [name for name in ("color_space", "hints", "generator") if name not in config]
    if missing:
        raise CheckpointError(f"{source} cannot be rebuilt: its configuration has no {' and no '.join(missing)}")
    try:
        color_space = from_config(config["color_space"], ColorSpace, trusted)
        hints = from_config(config["hints"], Hints, trusted)
        make_generator = factory_from_config(config["generator"], Generator, trusted)
        channels = 1 + hints.channels(color_space.channels), color_space.output_channels
        with without_pretrained_weights():
            with shapes_only(len(state), source):
                check_state(ColorizationNetwork(make_generator(*channels), color_space, hints), state, source)
            network = ColorizationNetwork(make_generator(*channels), color_space, hints)
    except BUILDING_ERRORS as error:
        raise cannot_be_rebuilt(error, source) from error
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)
