"""How configurations override each other: one that names another class begins with that class's own defaults.

By default, jsonargparse keeps arguments of the previous class, its defaults included, wherever the new class has an
argument of the same name. ``EncoderUNet`` over a ``UNet`` would silently get the depth of the ``UNet``.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from jsonargparse import ActionConfigFile, Namespace  # type: ignore[attr-defined]

from colorgan.cli.parsing.values import read_configuration
from colorgan.errors import ColorganError, did_you_mean

_CLASS = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*")


class ConfigOverlay(ActionConfigFile):
    """The action of ``--config``, which discards the arguments of a class where the configuration names another one."""

    def __call__(self, parser: Any, cfg: Any, values: Any, option_string: str | None = None) -> None:
        """Applies a configuration file, or a configuration in JSON.

        Args:
            parser: the parser.
            cfg: the configuration so far.
            values: the file, or its content.
            option_string: the option as it was given.

        Raises:
            ColorganError: if it cannot be read.
        """
        content = read_configuration(values)
        if "data" in vars(cfg):  # before the command, the sections are those of commands
            _check_sections(values, content, cfg)
        for arguments in replaced_arguments(cfg, content):
            arguments.clear() if isinstance(arguments, dict) else [arguments.pop(key) for key in list(vars(arguments))]
        super().__call__(parser, cfg, values, option_string)  # type: ignore[no-untyped-call]


def _check_sections(source: str, content: Mapping[str, Any], previous: Namespace, prefix: str = "") -> None:
    """Refuses unknown sections, which jsonargparse ignores if they are empty."""
    where = "--config" if source.lstrip().startswith("{") else source
    for name, value in content.items():
        known = vars(previous)
        key = str(name).removesuffix("+")  # `callbacks+` adds to a list
        if key not in known:
            near = did_you_mean(f"{prefix}{key}", [f"{prefix}{other}" for other in known])
            raise ColorganError(f"{where}: there is no key {f'{prefix}{key}'!r}{near}")
        section = known[key]
        is_section = isinstance(section, Namespace) and not {"class_path", "init_args"} & vars(section).keys()
        if isinstance(value, Mapping) and is_section:
            _check_sections(source, value, section, f"{prefix}{key}.")
        elif is_section and value is not None:
            raise ColorganError(f"{where}: {prefix}{key} must be a section of keys and values, received {value!r:.80}")


def classes_as_overlays(args: Sequence[str], keys: Collection[str]) -> list[str]:
    """Turns options that name a class into overlays, so that the same rule applies to them.

    Args:
        args: the command line.
        keys: keys whose value is a class with arguments, such as ``model.generator``.

    Example:
        >>> classes_as_overlays(["--model.generator=UNet", "--data.size=64"], ["model.generator"])
        ['--config={"model": {"generator": {"class_path": "UNet"}}}', '--data.size=64']
    """
    result: list[str] = []
    remaining = list(args)
    while remaining:
        argument = remaining.pop(0)
        option, equals, value = argument.partition("=")
        key = option.removeprefix("--")
        if not option.startswith("--") or key not in keys or not (equals or remaining):
            result.append(argument)
            continue
        if not equals:
            value = remaining.pop(0)
        if not _CLASS.fullmatch(value):
            result.append(f"{option}={value}")
            continue
        overlay: dict[str, Any] = {"class_path": value}
        for name in reversed(key.split(".")):
            overlay = {name: overlay}
        result.append(f"--config={json.dumps(overlay)}")
    return result


def replaced_arguments(previous: Any, overlay: Any) -> Iterator[Namespace | dict[str, Any]]:
    """The ``init_args`` of all classes that an overlay replaces by another class."""
    if isinstance(previous, list) and isinstance(overlay, list):
        for one, other in zip(previous, overlay, strict=False):
            yield from replaced_arguments(one, other)
        return
    if not isinstance(previous, Namespace | Mapping):
        return
    name = _class_name(previous)
    new_name = overlay.rpartition(".")[2] if isinstance(overlay, str) else _class_name(overlay)
    if name and new_name and name != new_name:
        if arguments := previous.get("init_args"):
            yield arguments
    elif isinstance(overlay, Mapping):
        for key, value in overlay.items():
            yield from replaced_arguments(previous.get(str(key)), value)


def _class_name(config: Any) -> str:
    """The class name without its module, which may differ; empty if the configuration is not that of a class."""
    path = config.get("class_path") if isinstance(config, Namespace | Mapping) else None
    return path.rpartition(".")[2] if isinstance(path, str) else ""
