"""Rewrites jsonargparse errors, which describe unions and namespaces, as one line about one key."""

import inspect
import re
import sys
import typing
from collections.abc import Iterator
from typing import Any

from jsonargparse import ArgumentParser

from colorgan.errors import did_you_mean

_KEY = re.compile(r'Parser key "([^"]+)"')
_VALUE = re.compile(r"(?:Given value|Got value): (?:NestedArg\(key='[^']*', val=(.*)\)|(.*?))\s*$", re.MULTILINE)
_EXPECTED = re.compile(r"Expected an? (?:<class '([\w.]+)'>|typing\.(Literal\[[^\n]*\]))")


def explain(message: str, parser: ArgumentParser) -> str:
    """Summarizes a parser error: the key, what was received, and the nearest valid choice.

    Args:
        message: the error message of jsonargparse, which may have many lines.
        parser: the parser that raised it.
    """
    key = ".".join(_KEY.findall(message))
    if match := re.search(r"unrecognized arguments: (.*)|does not accept option '([^']+)'", message, re.DOTALL):
        return _explain_unknown_option(match.group(1) or match.group(2), parser)
    if match := re.search(r"Option '([^']+)' is not accepted", message):
        classes = re.findall(r"class_path[= ]'([\w.]+)'", message)
        candidates = [name for class_path in classes for name in _parameter_names(class_path)]
        owner = classes[-1].rpartition(".")[2] if classes else key
        return f"{key}: {owner} has no argument {match.group(1)!r}{did_you_mean(match.group(1), candidates)}"
    if match := re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message):
        module = sys.modules.get(match.group(1))
        return f"{key}: {match.group(1)} has no {match.group(2)!r}{did_you_mean(match.group(2), dir(module))}"
    if (match := re.search(r"Expected a dot import path string: (\S+)", message)) and not _expected_types(message):
        names = sorted(_valid_class_names(key, parser))
        valid = f"; valid classes: {', '.join(names)}" if names else ""
        return f"{key}: {match.group(1)!r} is not a valid class{did_you_mean(match.group(1), names)}{valid}"
    values = [nested or plain for nested, plain in _VALUE.findall(message)]
    if key and _expected_types(message) and values:
        return f"{key}: expected {' or '.join(_expected_types(message))}, received {_received_value(values)}"
    return re.sub(r"\s+", " ", _KEY.sub(r"\1", message)).strip()


def _expected_types(message: str) -> list[str]:
    """The valid types in plain words, without ``None``."""
    found = [(cls.rpartition(".")[2] or literal) for cls, literal in _EXPECTED.findall(message)]
    found = [choice for name in found for choice in _literal_values(name)]
    words = {"int": "an integer", "float": "a number", "bool": "true or false", "str": "text", "list": "a list"}
    return list(dict.fromkeys(words.get(name, name) for name in found if name not in ("NoneType", "Tensor")))


def _literal_values(name: str) -> list[str]:
    """The values of a ``Literal``; any other type is returned unchanged."""
    return re.findall(r"[^\s,\[\]']+", name.removeprefix("Literal")) if name.startswith("Literal") else [name]


def _received_value(values: list[str]) -> str:
    """The innermost value: of a class with one argument, that argument."""
    inner = re.search(r"init_args=Namespace\(\w+=(.*?)\)+$", values[-1])
    return (inner.group(1) if inner else values[0]).strip("'")


def _explain_unknown_option(arguments: str, parser: ArgumentParser) -> str:
    options = [word.lstrip("-").partition("=")[0] for word in arguments.split() if word.startswith("-")] or [arguments]
    return f"there is no option {options[0]!r}{did_you_mean(options[0], _valid_keys(parser))}"


def _valid_keys(parser: ArgumentParser) -> set[str]:
    """All keys of a parser and its subcommands."""
    keys: set[str] = set()
    for action in parser._actions:
        keys.add(action.dest)
        for name, subparser in (getattr(action, "_name_parser_map", None) or {}).items():
            keys |= {key for key in _valid_keys(subparser) if name}
    return keys


def _parameter_names(class_path: str) -> list[str]:
    module, _, name = class_path.rpartition(".")
    cls = getattr(sys.modules.get(module), name, None)
    return list(inspect.signature(cls).parameters) if inspect.isclass(cls) else []


def _valid_class_names(key: str, parser: ArgumentParser) -> set[str]:
    """The names of all imported classes that are valid for a key."""
    names: set[str] = set()
    for candidate in (parser, *_subparsers(parser)):
        for action in candidate._actions:
            if action.dest == key:
                for base in _classes_in(getattr(action, "_typehint", None)):
                    names |= {cls.__name__ for cls in _subclasses(base) if not inspect.isabstract(cls)}
    return names


def _subparsers(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    for action in parser._actions:
        yield from (getattr(action, "_name_parser_map", None) or {}).values()


def _classes_in(type_hint: Any) -> Iterator[type]:
    if inspect.isclass(type_hint) and type_hint.__module__ != "builtins":
        yield type_hint
    for argument in typing.get_args(type_hint):
        for item in argument if isinstance(argument, list) else [argument]:
            yield from _classes_in(item)


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    """The direct and indirect subclasses in colorgan and ``torch.optim``."""
    subclasses: list[type[Any]] = base.__subclasses__()
    for cls in subclasses:
        if cls.__module__.startswith(("colorgan.", "torch.optim")):
            yield cls
        yield from _subclasses(cls)
