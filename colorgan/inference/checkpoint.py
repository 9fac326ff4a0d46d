"""Reads the checkpoints that ``fit`` writes, whole or only the network for inference.

A checkpoint may come from an untrusted source. It is loaded as data (``weights_only=True``), and its digest, schema and
bounds are checked before anything is built from it. :mod:`colorgan.models.config` decides which classes it may name.
"""

import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from colorgan.errors import CheckpointError
from colorgan.files import check_digest, refuse_url
from colorgan.inference.building import build_network
from colorgan.inference.schema import check_training_checkpoint
from colorgan.inference.trust import trusted_names
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.weight_files import read_torch_file

TRAINED_PREFIX = "colorizer."
"""Prefix of the trained network's tensors in a ``state_dict``."""
_AVERAGE_PREFIX = "average.module."


def read(path: str | Path) -> dict[str, Any]:
    """Reads a training checkpoint and validates it.

    Args:
        path: a local file; URLs are refused.

    Returns:
        The checkpoint as plain data, with tensors on the CPU.

    Raises:
        CheckpointError: if the file is missing, damaged or not a colorgan checkpoint.
    """
    file = _existing_file(path)
    is_verified = check_digest(file)
    if not zipfile.is_zipfile(file):
        raise CheckpointError(f"{file} is not a checkpoint or is truncated; give a .ckpt file written by `fit`")
    contents: dict[str, Any] = read_torch_file(file, file, is_verified)
    check_training_checkpoint(contents, file)
    return contents


def hyper_parameters(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the model in a checkpoint, without those that Lightning adds."""
    return {name: value for name, value in checkpoint["hyper_parameters"].items() if not name.startswith("_")}


def training_precision(checkpoint: Mapping[str, Any]) -> str | None:
    """The precision that a checkpoint was trained in, as Lightning names it; ``None`` if it does not say.

    >>> training_precision({"precision": "bf16-mixed"})
    'bf16-mixed'
    """
    precision = checkpoint.get("precision")
    return precision if isinstance(precision, str) and re.fullmatch(r"[a-z0-9-]{1,40}", precision) else None


def network_prefix(state: Mapping[str, Any]) -> str | None:
    """The prefix of the network's tensors in a ``state_dict``, or ``None`` if it contains no network.

    If there is a moving average, it is that one's: it was validated.
    """
    prefixes = (_AVERAGE_PREFIX, TRAINED_PREFIX)
    return next((prefix for prefix in prefixes if any(name.startswith(prefix) for name in state)), None)


def read_network(path: str | Path, trust: Iterable[str | Path] = ()) -> ColorizationNetwork:
    """Rebuilds the generator of a checkpoint, with its color space and hints, for inference.

    Args:
        path: a local ``.ckpt`` file of a :class:`~colorgan.training.ColorGAN`.
        trust: what it may name outside of colorgan; see :func:`colorgan.inference.trust.trusted_names`.

    Raises:
        CheckpointError: if the file is missing, damaged, not a ColorGAN checkpoint, or names untrusted classes.
    """
    contents = read(path)
    state = contents["state_dict"]
    prefix = network_prefix(state)
    if prefix is None and "generator" not in contents["hyper_parameters"]:
        raise CheckpointError(
            f"{path} is a checkpoint of a ChromaRegressor, which predicts the mean color of photos and cannot colorize "
            "them: measure it with `colorgan chroma validate --ckpt_path FILE`, or train a generator with it, as "
            "--model.generator.regressor"
        )
    if prefix is None:
        raise CheckpointError(
            f"{path} contains no generator and cannot colorize photos: give a checkpoint of a ColorGAN"
        )
    weights = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    return build_network(hyper_parameters(contents), weights, path, trusted_names(trust))


def _existing_file(path: str | Path) -> Path:
    refuse_url(path)
    file = Path(path)
    if not file.exists():
        siblings = sorted(file.parent.glob("*.ckpt")) if file.parent.is_dir() else []
        found = f"; {file.parent} contains {', '.join(other.name for other in siblings[:5])}" if siblings else ""
        raise CheckpointError(f"there is no checkpoint {file}{found}")
    if not file.is_file():
        raise CheckpointError(f"{file} is not a file; give the path of a .ckpt file")
    return file
