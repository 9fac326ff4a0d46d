"""Turns the parser's reports, which speak of unions and namespaces, into one sentence about one key."""

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
    """Says what is wrong with which key, what was received, and the nearest right one.

    Args:
        message: the parser's own report, which may have many lines.
        parser: the parser, which knows the right keys.
    """
    key = ".".join(_KEY.findall(message))
    if wrong := re.search(r"unrecognized arguments: (.*)|does not accept option '([^']+)'", message, re.DOTALL):
        return _unknown_option(wrong.group(1) or wrong.group(2), parser)
    if wrong := re.search(r"Option '([^']+)' is not accepted", message):
        owners = re.findall(r"class_path[= ]'([\w.]+)'", message)
        candidates = [name for owner in owners for name in _arguments_of(owner)]
        owner = owners[-1].rpartition(".")[2] if owners else key
        return f"{key}: {owner} has no argument {wrong.group(1)!r}{did_you_mean(wrong.group(1), candidates)}"
    if wrong := re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message):
        module = sys.modules.get(wrong.group(1))
        return f"{key}: {wrong.group(1)} has no {wrong.group(2)!r}{did_you_mean(wrong.group(2), dir(module))}"
    if (wrong := re.search(r"Expected a dot import path string: (\S+)", message)) and not _expected(message):
        classes = sorted(_class_names(key, parser))
        known = f"; known here: {', '.join(classes)}" if classes else ""
        return f"{key}: there is no {wrong.group(1)!r} of this kind{did_you_mean(wrong.group(1), classes)}{known}"
    values = [one or other for one, other in _VALUE.findall(message)]
    if key and _expected(message) and values:
        return f"{key}: expected {' or '.join(_expected(message))}, received {_given(values)}"
    return re.sub(r"\s+", " ", _KEY.sub(r"\1", message)).strip()


def _expected(message: str) -> list[str]:
    """The types that would have been right, without the ``None`` that nobody means."""
    found = [(cls.rpartition(".")[2] or literal) for cls, literal in _EXPECTED.findall(message)]
    found = [choice for name in found for choice in _choices(name)]
    words = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text", "list": "a list"}
    return list(dict.fromkeys(words.get(name, name) for name in found if name not in ("NoneType", "Tensor")))


def _choices(name: str) -> list[str]:
    """The values of a ``Literal``, one by one; any other type as it is."""
    return re.findall(r"[^\s,\[\]']+", name.removeprefix("Literal")) if name.startswith("Literal") else [name]


def _given(values: list[str]) -> str:
    """The innermost value; a class with one bad argument is shown by that argument."""
    inner = re.search(r"init_args=Namespace\(\w+=(.*?)\)+$", values[-1])
    return (inner.group(1) if inner else values[0]).strip("'")


def _unknown_option(option: str, parser: ArgumentParser) -> str:
    words = [word.lstrip("-").partition("=")[0] for word in option.split() if word.startswith("-")] or [option]
    suggestions = did_you_mean(words[0], _known_keys(parser))
    return f"there is no option {words[0]!r}{suggestions}"


def _known_keys(parser: ArgumentParser) -> set[str]:
    """All keys of a parser and of the commands below it."""
    keys: set[str] = set()
    for action in parser._actions:
        keys.add(action.dest)
        for name, below in (getattr(action, "_name_parser_map", None) or {}).items():
            keys |= {key for key in _known_keys(below) if name}
    return keys


def _arguments_of(class_path: str) -> list[str]:
    module, _, name = class_path.rpartition(".")
    cls = getattr(sys.modules.get(module), name, None)
    return list(inspect.signature(cls).parameters) if inspect.isclass(cls) else []


def _class_names(key: str, parser: ArgumentParser) -> set[str]:
    """Names of the known classes that may stand at a key."""
    names: set[str] = set()
    for one in (parser, *_parsers_below(parser)):
        for action in one._actions:
            if action.dest == key:
                for base in _classes_in(getattr(action, "_typehint", None)):
                    names |= {cls.__name__ for cls in _descendants(base) if not inspect.isabstract(cls)}
    return names


def _parsers_below(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    for action in parser._actions:
        yield from (getattr(action, "_name_parser_map", None) or {}).values()


def _classes_in(hint: Any) -> Iterator[type]:
    if inspect.isclass(hint) and hint.__module__ != "builtins":
        yield hint
    for argument in typing.get_args(hint):
        for item in argument if isinstance(argument, list) else [argument]:
            yield from _classes_in(item)


def _descendants(base: type[Any]) -> Iterator[type[Any]]:
    below: list[type[Any]] = base.__subclasses__()
    for cls in below:
        if cls.__module__.startswith(("colorgan.", "torch.optim")):
            yield cls
        yield from _descendants(cls)
