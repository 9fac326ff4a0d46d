"""Reads values of options and configurations, which jsonargparse would read without limits."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonargparse import get_loader, set_loader

from colorgan.errors import ColorganError
from colorgan.files.yaml import YAMLError, YAMLLimitError, parse_yaml, read_yaml

MODE = "colorgan"
"""The ``parser_mode`` of jsonargparse in which values are read by :func:`load`."""

_UNSUSPICIOUS_LENGTH = 40
_PLAIN_MODULES = frozenset({"datetime"})  # durations of callbacks
_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "a truth value"}


def load(text: str) -> Any:
    """Parses the value of an option, or a configuration.

    Raises:
        YAMLError: if it is not YAML, which jsonargparse then takes for a text.
    """
    value = parse_yaml(text)
    if isinstance(value, dict) and value and all(item is None for item in value.values()):
        return get_loader("yaml")(text)  # a text such as {name} or name:
    return value


set_loader(MODE, load, exceptions=(YAMLError,))


def check_limits(value: Any, key: str) -> None:
    """Refuses null characters, and texts that stand for more values than memory can hold if they are read as YAML.

    Args:
        value: a configuration, or the value of an option.
        key: its key, for error messages.

    Raises:
        YAMLError: naming the key, also for null characters.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise YAMLError(f"{key} contains a null character, which no name has; received {value!r:.80}")
        if len(value) > _UNSUSPICIOUS_LENGTH:
            try:
                parse_yaml(value, key)
            except YAMLLimitError:
                raise
            except YAMLError:  # any other text
                return
        return
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        check_limits(item, f"{key}.{name}" if key else str(name))


def read_configuration(text: str) -> dict[str, Any]:
    """Reads what follows ``--config``.

    Args:
        text: the name of a YAML file, or a mapping such as ``{"data": {"size": 64}}``.

    Raises:
        ColorganError: naming the file, if it cannot be read or does not hold a mapping.
    """
    if text.lstrip().startswith("{"):
        source, content = "--config", parse_yaml(text, "--config")
    else:
        source, content = text, _read_file(text)
    if not isinstance(content, dict):
        kind = "is empty" if content is None else f"holds {_KINDS[type(content)]}"
        raise ColorganError(
            f"{source} is not a configuration: it {kind}; write keys and values, such as data: {{size: 64}}"
        )
    for key in content:
        if not isinstance(key, str):
            raise ColorganError(f"{source}: there is no key {key!r}; the sections are data, model and trainer")
    check_limits(content, "")
    _check_classes(content, source)
    return content


def _check_classes(value: Any, source: str) -> None:
    """Nothing is configured by a class of Python's own library, and some of its functions would run programs."""
    if isinstance(value, Mapping):
        path = value.get("class_path")
        module = path.partition(".")[0] if isinstance(path, str) and "." in path else ""
        if module in sys.stdlib_module_names - _PLAIN_MODULES:
            raise ColorganError(f"{source}: the class_path {path} is part of Python itself; name a class of a library")
        for item in value.values():
            _check_classes(item, source)
    elif isinstance(value, list):
        for item in value:
            _check_classes(item, source)


def _read_file(name: str) -> Any:
    if not name:
        raise ColorganError("--config needs the name of a YAML file, received ''")
    try:
        return read_yaml(Path(name))
    except FileNotFoundError as error:
        raise ColorganError(f"there is no configuration file {name}") from error
    except (OSError, ValueError) as error:
        if isinstance(error, ColorganError):
            raise
        raise ColorganError(
            f"cannot read the configuration {name}: {getattr(error, 'strerror', None) or error}"
        ) from error
