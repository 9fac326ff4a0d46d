"""Merges overlays of a configuration into one, by the rules that ``fit`` has for several of them."""

from collections.abc import Mapping, Sequence
from typing import Any


def merge(overlays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merges overlays.

    A class of another name discards the arguments of the one before. ``callbacks+`` adds to a list.

    Args:
        overlays: later ones override earlier ones.

    Example:
        >>> merge([{"model": {"generator": {"class_path": "UNet", "init_args": {"depth": 4}}}},
        ...        {"model": {"generator": {"init_args": {"width": 8}}, "ema_decay": 0.9}}])
        {'model': {'generator': {'class_path': 'UNet', 'init_args': {'depth': 4, 'width': 8}}, 'ema_decay': 0.9}}
        >>> merge([{"generator": {"class_path": "UNet", "init_args": {"depth": 4}}}, {"generator": "PlainCNN"}])
        {'generator': 'PlainCNN'}
    """
    merged: dict[str, Any] = {}
    for overlay in overlays:
        merged = _merged_mappings(merged, overlay)
    return merged


def nested(key: str, value: Any) -> dict[str, Any]:
    """An overlay that sets one dotted key.

    >>> nested("trainer.max_epochs", 3)
    {'trainer': {'max_epochs': 3}}
    """
    for name in reversed(key.split(".")):
        value = {name: value}
    return dict(value)


def value_at(config: Any, key: str) -> Any:
    """The value of a dotted key.

    Raises:
        KeyError: with the part of the key that does not exist.
    """
    names = key.split(".")
    for number, name in enumerate(names, start=1):
        if not isinstance(config, Mapping) or name not in config:
            raise KeyError(".".join(names[:number]))
        config = config[name]
    return config


def _merged(below: Any, above: Any) -> Any:
    name, new_name = _class_name(below), _class_name(above)
    if isinstance(above, str) and name == new_name and isinstance(below, Mapping):
        return {**below, "class_path": above}
    if not isinstance(above, Mapping):
        return above
    if isinstance(below, str) and not new_name and "init_args" in above:
        return {"class_path": below, **above}
    if not isinstance(below, Mapping) or (new_name and new_name != name):
        return _merged_mappings({}, above)
    return _merged_mappings(below, above)


def _merged_mappings(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        plain = key.removesuffix("+")
        if key == plain:
            result.pop(f"{key}+", None)
            result[key] = _merged(result.get(key), value)
        else:
            known = plain if plain in result else key
            result[known] = [*_as_list(result.get(known)), *_as_list(value)]
    return result


def _class_name(value: Any) -> str:
    """The name of a class without its module; empty for anything else."""
    path = value.get("class_path") if isinstance(value, Mapping) else value
    return path.rpartition(".")[2] if isinstance(path, str) else ""


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]
