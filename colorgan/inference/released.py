"""Released models: weights as safetensors, YAML that says what they are weights of, and a card for the reader.

A folder of this kind holds data only. It is smaller than a training checkpoint (no discriminator, no optimizers, 16
bits), loads without Lightning, and can be put on the Hugging Face hub as it is.
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
_LARGEST_CONFIG = 1 << 20
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_COUNTED = ("in_channels", "out_channels")
"""Follow from the color space and the hints; a number lives once."""


def write_released(network: ColorizationNetwork, folder: str | Path, card: str = "", half: bool = True) -> None:
    """Writes a released model; see :meth:`colorgan.inference.colorizer.Colorizer.save_pretrained`."""
    folder = Path(folder)
    generator = to_config(network.generator)
    generator["init_args"] = {name: value for name, value in generator["init_args"].items() if name not in _COUNTED}
    state = {name: _stored(tensor, half) for name, tensor in network.state_dict().items()}
    check_finite(state, "the model")
    with atomic_write(folder / WEIGHTS) as temporary:
        save_file(state, temporary, metadata={"format": "pt"})
        sha = digest(temporary)
    config = {
        "format": _FORMAT,
        "colorgan": version("colorgan"),
        "size": network.size,
        "color_space": to_config(network.color_space),
        "hints": to_config(network.hints),
        "generator": generator,
        "sha256": sha,
    }
    with atomic_write(folder / CONFIG) as temporary:
        temporary.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    if card:
        with atomic_write(folder / CARD) as temporary:
            temporary.write_text(card, encoding="utf-8")


def read_released(name: str | Path | None = None) -> ColorizationNetwork:
    """Reads a released model; see :meth:`colorgan.inference.colorizer.Colorizer.from_pretrained`."""
    folder = _folder(name)
    config = _config(folder / CONFIG)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(f"{folder} lacks {WEIGHTS}; a released model has {CONFIG} and {WEIGHTS}")
    if digest(weights) != config["sha256"]:
        raise CheckpointError(f"{weights} is damaged: its SHA-256 is not the one in {CONFIG}; use another copy")
    state = {name: _restored(tensor) for name, tensor in read_safetensors(weights).items()}
    check_finite(state, weights)
    network = build_network(config, state, folder)
    network.working_size.fill_(config["size"])
    return network


def _stored(tensor: Tensor, half: bool) -> Tensor:
    """16 bits for the weights of convolutions and linear layers; biases and statistics are few and stay as they are."""
    reduced = tensor.half() if half and tensor.is_floating_point() and tensor.ndim > 1 else tensor
    kept = reduced if torch.isfinite(reduced).all() else tensor
    return kept.detach().cpu().contiguous().clone()


def _restored(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _folder(name: str | Path | None) -> Path:
    if name is None:
        return shipped_model()
    folder = Path(name)
    if folder.name == WEIGHTS:
        folder = folder.parent
    if folder.is_dir():
        return folder
    if _REPOSITORY.fullmatch(str(name)) and not folder.parent.exists():
        return _downloaded(str(name))
    raise CheckpointError(f"there is no folder {name}; give one that save_pretrained wrote")


def _downloaded(repository: str) -> Path:
    """The local copy of a repository on the Hugging Face hub."""
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(repository, allow_patterns=[CONFIG, WEIGHTS, CARD]))
    except Exception as error:  # the hub's client raises its own, httpx's and the system's errors
        raise CheckpointError(
            f"there is no folder {repository}, and no model of that name could be had from the Hugging Face hub "
            f"({first_sentence(error)})"
        ) from error


def _config(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise CheckpointError(f"{file.parent} is not a released model: it lacks {CONFIG}")
    if file.stat().st_size > _LARGEST_CONFIG:
        raise CheckpointError(f"{file} is too large to be the configuration of a model")
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise CheckpointError(f"{file} is damaged: {first_sentence(error)}") from error
    needed = {"format", "size", "color_space", "hints", "generator", "sha256"}
    if not isinstance(config, dict) or not needed <= config.keys():
        raise CheckpointError(
            f"{file} is not the configuration of a released model: it needs {', '.join(sorted(needed))}"
        )
    if config["format"] != _FORMAT:
        raise CheckpointError(f"{file} is of format {config['format']!r}; this version of colorgan reads {_FORMAT}")
    if not isinstance(config["size"], int) or config["size"] < 1:
        raise CheckpointError(f"{file}: size must be a whole number of pixels, received {config['size']!r}")
    check_numbers([config["size"], config["color_space"], config["hints"], config["generator"]], file)
    return config
