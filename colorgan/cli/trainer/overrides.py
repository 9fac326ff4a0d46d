"""Compares what the user's configuration says with what a checkpoint holds."""

from collections.abc import Iterator, Mapping
from typing import Any


def differences(
    given: Mapping[str, Any], stored: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Keys that two configurations share, with values that differ.

    >>> list(differences({"a": {"init_args": {"width": 8}}, "b": 1}, {"a": {"init_args": {"width": 4}}, "c": 2}))
    [('a.width', (8, 4))]
    """
    for key in sorted(given.keys() & stored.keys()):
        one, other = given[key], stored[key]
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from differences(one, other, f"{prefix}{key}.")
        elif _comparable(key, one) != _comparable(key, other):
            yield f"{prefix}{key}".replace("init_args.", ""), (one, other)


def _comparable(key: str, value: Any) -> Any:
    if key == "class_path":  # the class may be given by its public name or by that of its module
        return str(value).rpartition(".")[2]
    return list(value) if isinstance(value, tuple) else value
