"""Bounds of plain data from files: how many values, how deep, how large.

A file of a few bytes can describe a structure that takes hours to walk, because parts of it can be used many times, or
contain themselves. Everything here counts what a walk would visit, and stops at the bound.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from colorgan.errors import CheckpointError

MAX_VALUES = 100_000
MAX_DEPTH = 32
MAX_TEXT = 1 << 20
_MAX_INTEGER = 1 << 63


def check_plain(
    value: Any,
    source: str | Path,
    max_values: int = MAX_VALUES,
    max_length: int = MAX_VALUES,
    is_leaf: Callable[[Any], bool] = lambda _: False,
) -> None:
    """Checks that a value is made of mappings, lists, numbers and texts, and that walking it ends soon.

    Args:
        value: the value.
        source: name of the file, for error messages.
        max_values: how many values it may have; one that is used twice counts twice.
        max_length: how many values one list or mapping may have.
        is_leaf: accepts values of other types.

    Raises:
        CheckpointError: naming the bound that is exceeded, or the type that is not plain.

    Example:
        >>> check_plain({"width": 4, "scales": [1.0, 2.0]}, "model.ckpt")
        >>> endless = []
        >>> endless.append(endless)
        >>> check_plain(endless, "model.ckpt")
        Traceback (most recent call last):
        ...
        colorgan.errors.CheckpointError: model.ckpt was refused: it holds values more than 32 levels deep
    """
    left = max_values
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        left -= 1
        if isinstance(item, Mapping | list | tuple):
            if depth > MAX_DEPTH:
                raise CheckpointError(f"{source} was refused: it holds values more than {MAX_DEPTH} levels deep")
            if len(item) > max_length:
                raise CheckpointError(f"{source} was refused: it holds a list of more than {max_length:,} values")
            if len(item) > left - len(waiting):
                raise CheckpointError(f"{source} was refused: it holds more than {max_values:,} values")
            if isinstance(item, Mapping):
                for key in item:
                    _check_key(key, source)
                waiting += [(entry, depth + 1) for entry in item.values()]
            else:
                waiting += [(entry, depth + 1) for entry in item]
        elif not is_leaf(item):
            _check_leaf(item, source)


def _check_key(key: Any, source: str | Path) -> None:
    if type(key) is bool or not isinstance(key, str | int) or (isinstance(key, str) and len(key) > MAX_TEXT):
        raise CheckpointError(f"{source} was refused: one of its keys is neither a text nor an integer")
    _check_leaf(key, source)


def _check_leaf(item: Any, source: str | Path) -> None:
    if item is not None and type(item) not in (bool, int, float, str):
        raise CheckpointError(f"{source} was refused: it holds a {type(item).__name__}, which is not plain data")
    if type(item) is int and not -_MAX_INTEGER <= item < _MAX_INTEGER:
        raise CheckpointError(f"{source} was refused: it holds an integer of more than 64 bits")
    if type(item) is str and len(item) > MAX_TEXT:
        raise CheckpointError(f"{source} was refused: it holds a text of {len(item):,} characters")
