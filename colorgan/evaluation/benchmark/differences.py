"""What distinguishes the configurations of a grid."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from colorgan.evaluation.benchmark.grid import Variant


def differences(variants: Sequence[Variant]) -> dict[str, str]:
    """The settings in which each configuration differs from most of a grid.

    Args:
        variants: all configurations of a grid.

    Returns:
        By name of the configuration, its settings as ``key=value``, separated by two spaces. Settings that more than
        half of all configurations share are left out.
    """
    flat = {variant.name: _flat(variant) for variant in variants}
    counts = Counter(item for settings in flat.values() for item in settings.items())
    keys = list(dict.fromkeys(key for settings in flat.values() for key in settings))
    return {
        name: "  ".join(
            f"{key}={own[key]}" for key in keys if key in own and counts[key, own[key]] <= len(variants) / 2
        )
        for name, own in flat.items()
    }


def _flat(variant: Variant) -> dict[str, str]:
    """All settings of a configuration by key, as text."""
    settings: dict[str, str] = {}
    for overlay in variant.overlays:
        for key, value in _items(overlay.content):
            if not key.endswith("+") or key not in settings:
                settings[key] = value
            else:  # appended to a list, maybe by several overlays
                settings[key] += f", {value}"
    return settings


def _items(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Keys as they are typed on the command line; a class is the value of its own key."""
    if not isinstance(value, Mapping):
        yield key, _text(value)
        return
    for name, item in value.items():
        if name == "class_path":
            yield key, _text(item).rpartition(".")[2]
        elif name == "init_args":
            yield from _items(item, key)
        else:
            yield from _items(item, f"{key}.{name}" if key else str(name))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        classes = [item.get("class_path") for item in value if isinstance(item, Mapping)]
        if classes and all(isinstance(name, str) for name in classes):
            return "[" + ", ".join(str(name).rpartition(".")[2] for name in classes) + "]"
    return json.dumps(value, default=str)
