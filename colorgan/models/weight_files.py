"""Readers of weights files. Files are untrusted: they are read as data, and no code in them is run."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from colorgan.errors import CheckpointError, first_sentence


def read_torch_file(source: str | Path | BinaryIO, name: str | Path) -> Any:
    """Reads a file from ``torch.save`` with ``weights_only=True``, so that no code in it is run.

    Args:
        source: the file, or a stream of its contents.
        name: its name in error messages.

    Returns:
        The contents, with tensors on the CPU.

    Raises:
        CheckpointError: if the file holds more than data, is damaged, or is a compressed or overlapping archive.
    """
    source = Path(source) if isinstance(source, str) else source
    _check_archive(source, name)
    if not isinstance(source, Path):
        source.seek(0)
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
    content: Any = read_safetensors(file) if file.suffix == ".safetensors" else read_torch_file(file, file)
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


def _check_archive(source: Path | BinaryIO, name: str | Path) -> None:
    """Rejects compressed archives, which torch never writes and which could expand to many times their size."""
    if not zipfile.is_zipfile(source):  # a legacy format or a damaged file, which torch.load handles
        return
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CheckpointError(f"{name} is damaged: {first_sentence(error)}; use another copy of it") from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(
            f"{name} is a compressed archive, but torch.save writes uncompressed ones; use another copy of it"
        )
    size = source.stat().st_size if isinstance(source, Path) else source.seek(0, 2)
    if sum(entry.file_size for entry in entries) > size:
        raise CheckpointError(f"{name} claims to hold more data than its own size; use another copy of it")
