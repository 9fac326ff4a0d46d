"""The one place where files of weights are opened: they come from strangers and are read as data."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from colorgan.errors import CheckpointError, first_sentence


def read_torch_file(source: Path | BinaryIO, name: str | Path) -> Any:
    """Reads what ``torch.save`` wrote, with ``weights_only=True``: no code in it is run.

    Args:
        source: the file, or its contents.
        name: what messages call it.

    Returns:
        Its contents, with tensors on the CPU.

    Raises:
        CheckpointError: if it holds more than data, is damaged, or is an archive that grows when it is read.
    """
    _check_archive(source, name)
    if not isinstance(source, Path):
        source.seek(0)
    try:
        return torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{name} holds more than data and was not loaded ({first_sentence(error)}); "
            "only files that load with weights_only=True are accepted"
        ) from error
    except (
        Exception
    ) as error:  # damaged bytes make torch raise anything: runtime, key, type, value and end-of-file errors
        raise CheckpointError(f"{name} is damaged: {first_sentence(error)}; use another copy of it") from error


def read_safetensors(file: Path) -> dict[str, Tensor]:
    """Reads a ``.safetensors`` file.

    Raises:
        CheckpointError: if it is damaged.
    """
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except Exception as error:  # safetensors has an error of its own for each kind of damage
        raise CheckpointError(f"{file} is damaged: {first_sentence(error)}; use another copy of it") from error


def read_tensors(file: Path, instead: str = "give the path of another") -> dict[str, Tensor]:
    """Reads the tensors of any file of weights.

    Args:
        file: ``.safetensors``, or what ``torch.save`` wrote of a state dict (bare, or under ``state_dict`` or
            ``model``).
        instead: what the user may do about a file that is missing, for the message.

    Raises:
        CheckpointError: if the file is missing, damaged, or holds anything but finite tensors.
    """
    if not file.is_file():
        raise CheckpointError(f"there is no file of weights {file}: {instead}")
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
    """Refuses weights that are not numbers.

    Raises:
        CheckpointError: naming the first such tensor.
    """
    for name, tensor in state.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckpointError(
                f"{source} is of no use: {name} holds NaN or infinite values (training had diverged); "
                "use an earlier checkpoint"
            )


def _check_archive(source: Path | BinaryIO, name: str | Path) -> None:
    """An archive of torch is not compressed; a compressed one can grow a thousandfold when it is read."""
    if not zipfile.is_zipfile(source):  # an older format of torch, or damaged: torch.load will say
        return
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CheckpointError(f"{name} is damaged: {first_sentence(error)}; use another copy of it") from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(f"{name} is a compressed archive, which no checkpoint is; refused")
    size = source.stat().st_size if isinstance(source, Path) else source.seek(0, 2)
    if sum(entry.file_size for entry in entries) > size:
        raise CheckpointError(f"{name} claims to hold more than its own size; refused")
