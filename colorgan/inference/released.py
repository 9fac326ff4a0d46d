"""Reads and writes released models: safetensors weights, a YAML description of the network, and a model card.

The folder contains only data. It is smaller than a training checkpoint (no discriminator or optimizer states, float16
weights), loads without Lightning, and can be uploaded to the Hugging Face Hub unchanged.
:mod:`colorgan.inference.onnx.released` adds the same model in ONNX.
"""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from colorgan.errors import CheckpointError
from colorgan.files import atomic_write, digest
from colorgan.inference.building import build_network
from colorgan.inference.released_files import FORMAT, find_folder, read_config, write_config
from colorgan.inference.schema import check_numbers, check_types
from colorgan.inference.shipped import CARD, CONFIG, ONNX, WEIGHTS
from colorgan.inference.trust import trusted_names
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import to_config
from colorgan.models.weight_files import check_finite, read_safetensors

_DERIVED = ("in_channels", "out_channels")
"""Generator arguments that follow from the color space and the hints, and are not written."""


def write_released(network: ColorizationNetwork, folder: str | Path, card: str = "", half: bool = True) -> None:
    """Writes a released model; see :meth:`colorgan.inference.torch_colorizer.TorchColorizer.save_pretrained`."""
    folder = Path(folder)
    generator = to_config(network.generator)
    generator["init_args"] = {name: value for name, value in generator["init_args"].items() if name not in _DERIVED}
    state = {name: _to_stored(tensor, half) for name, tensor in network.state_dict().items()}
    check_finite(state, "the model")
    with atomic_write(folder / WEIGHTS) as temporary:
        temporary.write_bytes(save(state, metadata={"format": "pt"}))  # save_file hides the system's errors
        sha256 = digest(temporary)
    config = {
        "format": FORMAT,
        "colorgan": version("colorgan"),
        "size": network.size,
        "color_space": to_config(network.color_space),
        "hints": to_config(network.hints),
        "generator": generator,
        "sha256": sha256,
    }
    write_config(folder, config)
    (folder / ONNX).unlink(missing_ok=True)  # that of another model
    if card:
        with atomic_write(folder / CARD) as temporary:
            temporary.write_text(card, encoding="utf-8")


def read_released(
    name: str | Path | None = None, trust: Iterable[str | Path] = (), **hub_options: Any
) -> ColorizationNetwork:
    """Reads a released model; see :meth:`colorgan.inference.torch_colorizer.TorchColorizer.from_pretrained`."""
    folder = find_folder(name, **hub_options)
    config, state = read_contents(folder)
    network = build_network(config, state, folder, trusted_names(trust))
    network.working_size.fill_(config["size"])
    return network


def read_contents(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Reads a released model as data, without building it.

    Returns:
        The description of the network, and its weights in float32.

    Raises:
        CheckpointError: if a file is missing or damaged.
    """
    config = read_config(folder)
    check_numbers([config["color_space"], config["hints"], config["generator"]], folder / CONFIG)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(f"{folder} lacks {WEIGHTS}; a released model consists of {CONFIG} and {WEIGHTS}")
    if digest(weights) != config["sha256"]:
        raise CheckpointError(f"{weights} is damaged: its SHA-256 differs from that in {CONFIG}; use another copy")
    stored = read_safetensors(weights)
    check_types(stored, weights)
    state = {name: _from_stored(tensor) for name, tensor in stored.items()}
    check_finite(state, weights)
    return config, state


def _to_stored(tensor: Tensor, half: bool) -> Tensor:
    """Converts convolutional and linear weights to float16, unless they overflow; biases and statistics are few."""
    converted = tensor.half() if half and tensor.is_floating_point() and tensor.ndim > 1 else tensor
    stored = converted if torch.isfinite(converted).all() else tensor
    return stored.detach().cpu().contiguous().clone()


def _from_stored(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor
