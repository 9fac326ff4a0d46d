"""Readers of weights files. Files are untrusted: they are read as data, and no code in them is run."""

import pickle
import zipfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from colorgan.errors import CheckpointError, first_sentence
from colorgan.files import check_digest, open_checkpoint
from colorgan.models.archives import check_archive


def read_torch_file(source: str | Path | BinaryIO, name: str | Path, is_verified: bool = False) -> Any:
    """Reads a file from ``torch.save`` with ``weights_only=True``, so that no code in it is run.

    Args:
        source: the file, or a stream of its contents.
        name: its name in error messages.
        is_verified: whether its digest was compared, which makes comparing the archive's checksums unnecessary.

    Returns:
        The contents, with tensors on the CPU.

    Raises:
        CheckpointError: if the file holds more than plain values and dense tensors, is damaged, or is a compressed or
            overlapping archive.
    """
    source = Path(source) if isinstance(source, str) else source
    with open_checkpoint(source) if isinstance(source, Path) else nullcontext(source) as stream:
        if zipfile.is_zipfile(stream):  # otherwise a legacy format or a damaged file, which torch.load handles
            check_archive(stream, name, is_verified)
        stream.seek(0)
    try:
        return torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{name} holds more than data and was not loaded ({first_sentence(error)}); "
            "use a file that loads with weights_only=True"
        ) from error
    except Exception as error:  # torch raises many kinds of errors for damaged files
        raise CheckpointError(f"{name} is damaged: {first_sentence(error)}; use another copy of it") from error


def read_safetensors(file: Path) -> dict[str, Tensor]:
    """Reads a ``.safetensors`` file.

    Raises:
        CheckpointError: if it is damaged.
    """
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except Exception as error:  # safetensors raises many kinds of errors for damaged files
        raise CheckpointError(f"{file} is damaged: {first_sentence(error)}; use another copy of it") from error


def read_tensors(file: Path, suggestion: str = "give the path of another") -> dict[str, Tensor]:
    """Reads the tensors in a weights file.

    Args:
        file: a ``.safetensors`` file, or a state dict from ``torch.save`` (bare, or under ``state_dict`` or ``model``).
        suggestion: what to do about a missing file, for the error message.

    Raises:
        CheckpointError: if the file is missing, damaged, or holds anything but finite tensors.
    """
    if not file.is_file():
        raise CheckpointError(f"there is no weights file {file}: {suggestion}")
    is_verified = check_digest(file)
    is_safe = file.suffix == ".safetensors"
    content: Any = read_safetensors(file) if is_safe else read_torch_file(file, file, is_verified)
    for key in ("state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(isinstance(tensor, Tensor) for tensor in content.values()):
        raise CheckpointError(f"{file} holds no state_dict (names and tensors): save one with torch.save")
    tensors = {str(key): tensor for key, tensor in content.items()}
    check_finite(tensors, file)
    return tensors


def check_finite(state: Mapping[str, Tensor], source: str | Path) -> None:
    """Checks that all weights are finite.

    Raises:
        CheckpointError: naming the first tensor with NaN or infinite values.
    """
    for name, tensor in state.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckpointError(
                f"{source} is unusable because training had diverged: {name} holds NaN or infinite values; "
                "use an earlier checkpoint"
            )
