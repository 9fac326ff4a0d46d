"""What the contents of a checkpoint must look like, before anything is built from them."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from colorgan.errors import CheckpointError
from colorgan.models.weight_files import check_finite

_LARGEST_INTEGER = 65_536
"""No width, depth or count of a real network is larger; a stranger's file must not make us build for an hour."""


def check_state(model: nn.Module, state: Mapping[str, Tensor], source: str | Path) -> None:
    """Compares names and shapes of a ``state_dict`` with those of a model (which may live on ``meta``).

    Raises:
        CheckpointError: naming the first tensors that differ.
    """
    own = model.state_dict()
    missing = [name for name in own if name not in state]
    extra = [name for name in state if name not in own]
    wrong = [
        f"{name} is {tuple(state[name].shape)}, the model needs {tuple(own[name].shape)}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    if missing or extra or wrong:
        found = [
            *wrong[:2],
            *(f"{name} is missing" for name in missing[:2]),
            *(f"{name} is not in the model" for name in extra[:2]),
        ]
        total = len(missing) + len(extra) + len(wrong)
        raise CheckpointError(
            f"{source} is of another architecture: {'; '.join(found)}"
            f"{f' (and {total - len(found)} more)' if total > len(found) else ''}; "
            "load it with the configuration it was trained with, or with none"
        )


def check_numbers(arguments: Any, source: str | Path) -> None:
    """Refuses arguments with numbers that no network has.

    Raises:
        CheckpointError: for a number that is not finite or an integer beyond 65,536.
    """
    for number in _numbers(arguments):
        if not math.isfinite(number) or (isinstance(number, int) and abs(number) > _LARGEST_INTEGER):
            raise CheckpointError(f"{source} asks for a network with the number {number} in its arguments; refused")


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
    """Refuses anything but a checkpoint that ``fit`` wrote, and keeps its paths inside its own folder.

    Raises:
        CheckpointError: naming what is missing or wrong.
    """
    if not isinstance(contents, dict) or not {"state_dict", "hyper_parameters"} <= contents.keys():
        raise CheckpointError(
            f"{file} is not a colorgan checkpoint: it lacks state_dict and hyper_parameters; "
            "give a .ckpt file that `train.py fit` wrote"
        )
    _check_tensors(contents, file)
    check_finite(contents["state_dict"], file)
    check_numbers(contents["hyper_parameters"], file)
    _keep_paths_inside(contents.get("callbacks", {}), file)


def _check_tensors(checkpoint: Mapping[str, Any], file: Path) -> None:
    state = checkpoint["state_dict"]
    if not isinstance(state, dict) or not isinstance(checkpoint["hyper_parameters"], dict):
        raise CheckpointError(f"{file} is not a colorgan checkpoint: state_dict and hyper_parameters must be mappings")
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor) or tensor.layout != torch.strided:
            raise CheckpointError(f"{file} is not a colorgan checkpoint: {name} is not a tensor")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise CheckpointError(f"{file} claims {tensor.numel()} values for {name} but holds fewer; refused")


_PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")


def _keep_paths_inside(callbacks: Any, file: Path) -> None:
    """Rewrites the paths that ``ModelCheckpoint`` keeps, so that they name only checkpoints beside this one.

    Lightning restores these paths and later removes what they name. A path is kept by its file name if there is such a
    checkpoint in the folder of ``file`` (a run that was moved finds its files again); all others are dropped.
    """
    if not isinstance(callbacks, dict) or not all(isinstance(state, dict) for state in callbacks.values()):
        raise CheckpointError(f"{file} is not a colorgan checkpoint: callbacks must be a mapping of mappings")
    folder = file.resolve().parent

    def inside(path: Any) -> str:
        beside = folder / Path(path).name if isinstance(path, str) and "\0" not in path else folder
        return str(beside) if is_checkpoint_in(beside, folder) else ""

    for state in callbacks.values():
        for key in state.keys() & set(_PATHS):
            state[key] = inside(state[key])
        if "dirpath" in state:
            state["dirpath"] = str(folder)
        if "best_k_models" in state:
            ranked = state["best_k_models"]
            if not isinstance(ranked, dict):
                raise CheckpointError(f"{file} is not a colorgan checkpoint: best_k_models must be a mapping")
            state["best_k_models"] = {inside(path): score for path, score in ranked.items() if inside(path)}


def is_checkpoint_in(path: Path, folder: Path) -> bool:
    """Whether ``path`` is a regular ``.ckpt`` file (no link) that lies in ``folder`` itself."""
    regular = path.suffix == ".ckpt" and path.is_file() and not path.is_symlink()
    return regular and path.resolve().parent == folder
