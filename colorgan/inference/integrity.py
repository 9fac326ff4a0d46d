"""What is checked of every file of weights, whatever its format, before and while a network is built from it."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from colorgan.errors import CheckpointError

_LARGEST_INTEGER = 65_536
"""No width, depth or count of a real network is larger; a stranger's file must not make us build for an hour."""
_READ_SIZE = 1 << 20


def digest(file: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    sha = hashlib.sha256()
    with Path(file).open("rb") as stream:
        while block := stream.read(_READ_SIZE):
            sha.update(block)
    return sha.hexdigest()


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


def first_sentence(error: BaseException) -> str:
    """The point of another library's message.

    >>> first_sentence(OSError("No space left. Try later."))
    'No space left'
    """
    return str(error).strip().split("\n")[0].split(". ")[0].rstrip(".:") or type(error).__name__
