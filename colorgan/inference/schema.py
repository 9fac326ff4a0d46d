"""Validates the contents of a checkpoint before anything is built from them."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from colorgan.errors import CheckpointError
from colorgan.models.weight_files import check_finite

_MAX_INTEGER = 65_536
"""Larger than any width, depth or count of a real network; an untrusted file must not make us build for an hour."""


def check_state(model: nn.Module, state: Mapping[str, Tensor], source: str | Path) -> None:
    """Compares the names and shapes of a ``state_dict`` with those of a model, which may be on ``meta``.

    Raises:
        CheckpointError: naming the first tensors that differ.
    """
    expected = model.state_dict()
    missing = [name for name in expected if name not in state]
    unexpected = [name for name in state if name not in expected]
    mismatched = [
        f"{name} is {tuple(state[name].shape)}, the model needs {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    if missing or unexpected or mismatched:
        shown = [
            *mismatched[:2],
            *(f"{name} is missing" for name in missing[:2]),
            *(f"{name} is not in the model" for name in unexpected[:2]),
        ]
        num_hidden = len(missing) + len(unexpected) + len(mismatched) - len(shown)
        raise CheckpointError(
            f"{source} is of another architecture: {'; '.join(shown)}"
            f"{f' (and {num_hidden} more)' if num_hidden else ''}; "
            "load it with the configuration it was trained with, or with none"
        )


def check_numbers(arguments: Any, source: str | Path) -> None:
    """Refuses arguments that no real network has.

    Raises:
        CheckpointError: for a number that is not finite, or an integer beyond 65,536.
    """
    for number in _numbers(arguments):
        if not math.isfinite(number) or (isinstance(number, int) and abs(number) > _MAX_INTEGER):
            raise CheckpointError(f"{source} was refused: it asks for a network with the argument {number}")


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _numbers(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)


def check_training_checkpoint(contents: Any, file: Path) -> None:
    """Validates a checkpoint written by ``fit`` and confines its paths to its own folder.

    Raises:
        CheckpointError: naming what is missing or wrong.
    """
    if not isinstance(contents, dict) or not {"state_dict", "hyper_parameters"} <= contents.keys():
        raise CheckpointError(
            f"{file} is not a colorgan checkpoint: it lacks state_dict and hyper_parameters; "
            "give a .ckpt file written by `fit`"
        )
    _check_tensors(contents, file)
    check_finite(contents["state_dict"], file)
    check_numbers(contents["hyper_parameters"], file)
    _confine_paths(contents.get("callbacks", {}), file)


def _check_tensors(checkpoint: Mapping[str, Any], file: Path) -> None:
    state = checkpoint["state_dict"]
    if not isinstance(state, dict) or not isinstance(checkpoint["hyper_parameters"], dict):
        raise CheckpointError(f"{file} is not a colorgan checkpoint: state_dict and hyper_parameters must be mappings")
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor) or tensor.layout != torch.strided:
            raise CheckpointError(f"{file} is not a colorgan checkpoint: {name} is not a tensor")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise CheckpointError(
                f"{file} was refused: it claims {tensor.numel()} values for {name} but contains fewer"
            )


_PATH_KEYS = ("best_model_path", "kth_best_model_path", "last_model_path")


def _confine_paths(callbacks: Any, file: Path) -> None:
    """Rewrites the paths saved by ``ModelCheckpoint`` so that they only name checkpoints in the folder of ``file``.

    Lightning restores these paths and later deletes the files they name. A path is kept by its file name if the folder
    of ``file`` contains such a checkpoint, so that a run can be moved; all other paths are dropped.
    """
    if not isinstance(callbacks, dict) or not all(isinstance(state, dict) for state in callbacks.values()):
        raise CheckpointError(f"{file} is not a colorgan checkpoint: callbacks must be a mapping of mappings")
    folder = file.resolve().parent

    def confined(path: Any) -> str:
        sibling = folder / Path(path).name if isinstance(path, str) and "\0" not in path else folder
        return str(sibling) if is_checkpoint_in(sibling, folder) else ""

    for state in callbacks.values():
        for key in state.keys() & set(_PATH_KEYS):
            state[key] = confined(state[key])
        if "dirpath" in state:
            state["dirpath"] = str(folder)
        if "best_k_models" in state:
            scores = state["best_k_models"]
            if not isinstance(scores, dict):
                raise CheckpointError(f"{file} is not a colorgan checkpoint: best_k_models must be a mapping")
            state["best_k_models"] = {confined(path): score for path, score in scores.items() if confined(path)}


def is_checkpoint_in(path: Path, folder: Path) -> bool:
    """Whether ``path`` is a regular ``.ckpt`` file, not a link, directly in ``folder``."""
    regular = path.suffix == ".ckpt" and path.is_file() and not path.is_symlink()
    return regular and path.resolve().parent == folder
