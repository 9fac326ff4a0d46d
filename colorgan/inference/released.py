"""Reads and writes released models: safetensors weights, a YAML description of the network, and a model card.

The folder contains only data. It is smaller than a training checkpoint (no discriminator or optimizer states, float16
weights), loads without Lightning, and can be uploaded to the Hugging Face Hub unchanged.
"""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file
from torch import Tensor

from colorgan.errors import CheckpointError, first_sentence
from colorgan.files import atomic_write, digest
from colorgan.inference.building import build_network
from colorgan.inference.schema import check_numbers
from colorgan.inference.shipped import CARD, CONFIG, WEIGHTS, shipped_model
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import to_config
from colorgan.models.weight_files import check_finite, read_safetensors

_FORMAT = 2
_MAX_CONFIG_BYTES = 1 << 20
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_DERIVED = ("in_channels", "out_channels")
"""Generator arguments that follow from the color space and the hints, and are not written."""


def write_released(network: ColorizationNetwork, folder: str | Path, card: str = "", half: bool = True) -> None:
    """Writes a released model; see :meth:`colorgan.inference.colorizer.Colorizer.save_pretrained`."""
    folder = Path(folder)
    generator = to_config(network.generator)
    generator["init_args"] = {name: value for name, value in generator["init_args"].items() if name not in _DERIVED}
    state = {name: _to_stored(tensor, half) for name, tensor in network.state_dict().items()}
    check_finite(state, "the model")
    with atomic_write(folder / WEIGHTS) as temporary:
        save_file(state, temporary, metadata={"format": "pt"})
        sha256 = digest(temporary)
    config = {
        "format": _FORMAT,
        "colorgan": version("colorgan"),
        "size": network.size,
        "color_space": to_config(network.color_space),
        "hints": to_config(network.hints),
        "generator": generator,
        "sha256": sha256,
    }
    with atomic_write(folder / CONFIG) as temporary:
        temporary.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    if card:
        with atomic_write(folder / CARD) as temporary:
            temporary.write_text(card, encoding="utf-8")


def read_released(name: str | Path | None = None) -> ColorizationNetwork:
    """Reads a released model; see :meth:`colorgan.inference.colorizer.Colorizer.from_pretrained`."""
    folder = _find_folder(name)
    config = _read_config(folder / CONFIG)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(f"{folder} lacks {WEIGHTS}; a released model consists of {CONFIG} and {WEIGHTS}")
    if digest(weights) != config["sha256"]:
        raise CheckpointError(f"{weights} is damaged: its SHA-256 differs from that in {CONFIG}; use another copy")
    state = {name: _from_stored(tensor) for name, tensor in read_safetensors(weights).items()}
    check_finite(state, weights)
    network = build_network(config, state, folder)
    network.working_size.fill_(config["size"])
    return network


def _to_stored(tensor: Tensor, half: bool) -> Tensor:
    """Converts convolutional and linear weights to float16, unless they overflow; biases and statistics are few."""
    converted = tensor.half() if half and tensor.is_floating_point() and tensor.ndim > 1 else tensor
    stored = converted if torch.isfinite(converted).all() else tensor
    return stored.detach().cpu().contiguous().clone()


def _from_stored(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _find_folder(name: str | Path | None) -> Path:
    if name is None:
        return shipped_model()
    path = Path(name)
    if path.is_dir():
        return path
    if path.is_file():
        if path.name == WEIGHTS:
            return path.parent
        raise CheckpointError(f"{path} is not a released model, which is a folder with {CONFIG} and {WEIGHTS}")
    is_file_name = path.suffix in (".safetensors", ".ckpt")
    if _REPOSITORY.fullmatch(str(name)) and not is_file_name and not path.parent.exists():
        return _download(str(name))
    kind = "file" if is_file_name else "folder"
    raise CheckpointError(f"there is no {kind} {name}; give a folder written by save_pretrained")


def _download(repository: str) -> Path:
    """Downloads a repository from the Hugging Face Hub and returns the local copy."""
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(repository, allow_patterns=[CONFIG, WEIGHTS, CARD]))
    except Exception as error:  # the Hub's client raises its own errors, httpx errors and OSErrors
        raise CheckpointError(
            f"there is no folder {repository}, and no model of that name could be downloaded from the Hugging Face Hub "
            f"({first_sentence(error)})"
        ) from error


def _read_config(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise CheckpointError(f"{file.parent} is not a released model: it lacks {CONFIG}")
    if file.stat().st_size > _MAX_CONFIG_BYTES:
        raise CheckpointError(f"{file} is too large for a model configuration")
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise CheckpointError(f"{file} is damaged: {first_sentence(error)}") from error
    required = {"format", "size", "color_space", "hints", "generator", "sha256"}
    if not isinstance(config, dict) or not required <= config.keys():
        raise CheckpointError(
            f"{file} is not the configuration of a released model: it must contain {', '.join(sorted(required))}"
        )
    if config["format"] != _FORMAT:
        raise CheckpointError(f"{file} has format {config['format']!r}, but this version of colorgan reads {_FORMAT}")
    if not isinstance(config["size"], int) or config["size"] < 1:
        raise CheckpointError(f"{file}: size must be an integer number of pixels, received {config['size']!r}")
    check_numbers([config["size"], config["color_space"], config["hints"], config["generator"]], file)
    return config
