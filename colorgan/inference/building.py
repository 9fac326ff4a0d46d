"""Builds a network from a plain description and weights, neither of which is trusted."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from colorgan.errors import CheckpointError, first_sentence
from colorgan.inference.schema import check_state
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import factory_from_config, from_config
from colorgan.models.encoders import without_pretrained_weights
from colorgan.models.generators import Generator
from colorgan.models.hints import Hints


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
        channels = 1 + hints.channels(color_space.channels), color_space.channels
        with without_pretrained_weights():
            with torch.device("meta"):
                check_state(ColorizationNetwork(make_generator(*channels), color_space, hints), state, source)
            network = ColorizationNetwork(make_generator(*channels), color_space, hints)
    except CheckpointError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{source} cannot be rebuilt: {first_sentence(error)}") from error
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)
