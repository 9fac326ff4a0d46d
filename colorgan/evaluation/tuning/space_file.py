"""Reads spaces from YAML files; ``docs/tuning.md`` describes the format."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid_file import read_mapping, read_overlays
from colorgan.evaluation.benchmark.grid_values import mapping, reject_unknown_keys
from colorgan.evaluation.tuning.merging import merge, nested
from colorgan.evaluation.tuning.space import Choice, NumberRange, Parameter, Space

_KINDS = ("float", "int", "choice", "overlays")
_OPTIONS: Mapping[str, set[str]] = {
    "float": {"log", "step", "keys"},
    "int": {"log", "step", "keys"},
    "choice": {"keys"},
    "overlays": set(),
}
_KEY = re.compile(r"(model|data|trainer)(\.\w+)+")
_MAX_OPTIONS = 100


def read_space(path: str | Path) -> Space:
    """Reads a space.

    Args:
        path: a YAML file. Paths of overlays in it are relative to it.

    Raises:
        ColorganError: if anything is missing or invalid; the message names the file and the key.
    """
    file = Path(path)
    content = read_mapping(file, "a space")
    if not content:
        raise ColorganError(
            f"{file} is empty; add at least one key, such as model.reconstruction_weight: {{float: [10, 200]}}"
        )
    space = Space(str(file), tuple(_parameter(file, name, value) for name, value in content.items()))
    owners: dict[str, str] = {}
    for parameter in space.parameters:
        for key in parameter.keys:
            if key in owners:
                raise ColorganError(f"{file}: {parameter.name} and {owners[key]} both set {key}; keep one of them")
            owners[key] = parameter.name
    return space


def _parameter(file: Path, name: str, value: Any) -> Parameter:
    where = f"{file}: {name}"
    content = mapping(value, where)
    kinds = [kind for kind in _KINDS if kind in content]
    if len(kinds) != 1:
        raise ColorganError(f"{where} must have one of {', '.join(_KINDS)}; received {_shown(value)}")
    kind = kinds[0]
    reject_unknown_keys(content, {kind, *_OPTIONS[kind]}, f"{where}.")
    if kind == "overlays":
        return Choice(name, (), _overlays(file, name, content[kind]))
    keys = _keys(content.get("keys", name), where)
    if kind == "choice":
        options = _choices(content[kind], f"{where}.choice")
        return Choice(
            name, keys, {label: merge([nested(key, option) for key in keys]) for label, option in options.items()}
        )
    return _range(name, keys, kind, content, where)


def _keys(value: Any, where: str) -> tuple[str, ...]:
    """The dotted keys that receive a value; by default the name of the parameter is one."""
    listed = value if isinstance(value, list) else [value]
    for key in listed:
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ColorganError(
                f"{where} names {key!r}, which is not a dotted key of model, data or trainer such as "
                "model.reconstruction_weight; give one, or several in a list, as `keys`"
            )
    if not listed or len(set(listed)) < len(listed):
        raise ColorganError(f"{where}.keys must be different keys; received {_shown(value)}")
    return tuple(listed)


def _range(name: str, keys: tuple[str, ...], kind: str, content: Mapping[str, Any], where: str) -> NumberRange:
    bounds, log, step = content[kind], content.get("log", False), content.get("step")
    number = int if kind == "int" else (int, float)
    if (
        not isinstance(bounds, list)
        or len(bounds) != 2
        or not all(isinstance(bound, number) and not isinstance(bound, bool) for bound in bounds)
        or not all(math.isfinite(bound) for bound in bounds)
    ):
        kinds = "integers" if kind == "int" else "numbers"
        raise ColorganError(f"{where}.{kind} must be two {kinds}, [low, high]; received {_shown(bounds)}")
    low, high = bounds
    if low >= high:
        raise ColorganError(f"{where}.{kind} must be [low, high] with low below high; received {_shown(bounds)}")
    if not isinstance(log, bool):
        raise ColorganError(f"{where}.log must be true or false; received {_shown(log)}")
    if log and low <= 0:
        raise ColorganError(f"{where} has a logarithmic scale, so low must be above 0; received {_shown(low)}")
    if log and step is not None:
        raise ColorganError(f"{where} has both log and step; keep one of them")
    if step is not None and (
        isinstance(step, bool) or not isinstance(step, number) or not math.isfinite(step) or not 0 < step <= high - low
    ):
        raise ColorganError(
            f"{where}.step must be {'an integer' if kind == 'int' else 'a number'} above 0 and at most "
            f"{high - low:g}; received {_shown(step)}"
        )
    if kind == "float":
        low, high = float(low), float(high)
    if step is not None:
        high = low + math.floor((high - low) / step + 1e-9) * step
    return NumberRange(name, keys, low, high, log, step)


def _choices(value: Any, where: str) -> dict[str, Any]:
    """The values of a choice by what stands for them in tables."""
    if not isinstance(value, list) or not 2 <= len(value) <= _MAX_OPTIONS:
        raise ColorganError(f"{where} must be a list of 2 to {_MAX_OPTIONS} values; received {_shown(value)}")
    named = {option if isinstance(option, str) else json.dumps(option): option for option in value}
    if len(named) < len(value):
        raise ColorganError(f"{where} must be different values; received {_shown(value)}")
    return named


def _overlays(file: Path, name: str, value: Any) -> dict[str, Mapping[str, Any]]:
    where = f"{file}: {name}.overlays"
    options = mapping(value, where)
    if not 2 <= len(options) <= _MAX_OPTIONS:
        raise ColorganError(
            f"{where} must name 2 to {_MAX_OPTIONS} overlays, as in {{patch: ../discriminator/patch.yaml, none: …}}; "
            f"received {_shown(value)}"
        )
    return {
        str(option): merge([overlay.content for overlay in read_overlays(own, file, f"{name}.overlays.{option}")])
        for option, own in options.items()
    }


def _shown(value: Any) -> str:
    return f"{value!r:.80}"
