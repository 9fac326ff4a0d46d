"""Rewrites jsonargparse errors, which describe unions and namespaces, as one line about one key."""

import inspect
import re
import sys
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from jsonargparse import ArgumentParser

from colorgan.errors import did_you_mean, printable_text

_KEY = re.compile(r'Parser key "([^"]+)"')
_VALUE = re.compile(r"(?:Given value|Got value): (?:NestedArg\(key='[^']*', val=(.*)\)|(.*?))\s*$", re.MULTILINE)
_EXPECTED = re.compile(r"Expected an? (?:<class '([\w.]+)'>|typing\.(Literal\[[^\n]*\]))")
_OPTION = re.compile(r"--([\w.]+[\w.-]*)")


class OneLineErrors(ArgumentParser):
    """A parser that reports errors in one line and suggests the nearest valid name.

    Attributes:
        roots: the classes of the keys whose arguments are those of a class, such as ``{"model": ColorGAN}``.
        subparsers: the parsers of the subcommands.
    """

    roots: Mapping[str, type] = {}
    subparsers: Iterable[ArgumentParser] = ()

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Exits with code 2."""
        if not self.exit_on_error:
            super().error(message, ex)
        valid = [name for parser in (self, *self.subparsers) for name in _OPTION.findall(parser.format_help())]
        explanation = printable_text(explain(message, valid, self.roots))
        print(f"error: {explanation}\n(`{self.prog} --help` lists all options)", file=sys.stderr)
        sys.exit(2)


def explain(message: str, options: Iterable[str] = (), roots: Mapping[str, type] | None = None) -> str:
    """Summarizes a parser error: the key, what was received, and the nearest valid choice.

    Args:
        message: the error message of jsonargparse, which may have many lines.
        options: the valid options.
        roots: see :class:`OneLineErrors`.
    """
    key = ".".join(_KEY.findall(message))
    if match := re.search(r"unrecognized arguments: (.*)", message, re.DOTALL):
        unknown = next((word for word in match.group(1).split() if word.startswith("-")), None)
        if unknown is None:
            return f"there is no place for the argument {match.group(1)!r}"
        return _no_option(unknown.partition("=")[0], {f"--{name}" for name in options})
    if match := re.search(r"arguments are required: (.*)", message):
        names = [f"--{name}" if name in set(options) else name for name in match.group(1).split(", ")]
        return f"the following arguments are required: {', '.join(names)}"
    if match := re.search(r"does not accept option '([^']+)'", message):
        return _no_option(match.group(1), set(options))
    if match := re.search(r"Option '([^']+)' is not accepted", message):
        classes = re.findall(r"class_path[= ]'([\w.]+)'", message)
        candidates = [name for class_path in classes for name in _parameter_names(class_path)]
        owner = classes[-1].rpartition(".")[2] if classes else key
        return f"{key}: {owner} has no argument {match.group(1)!r}{did_you_mean(match.group(1), candidates)}"
    if match := re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message):
        module = sys.modules.get(match.group(1))
        return f"{key}: {match.group(1)} has no {match.group(2)!r}{did_you_mean(match.group(2), dir(module))}"
    if (match := re.search(r"Expected a dot import path string: (\S+)", message)) and not _expected_types(message):
        names = sorted(_valid_class_names(key, roots or {}))
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


def _no_option(name: str, options: Iterable[str]) -> str:
    return f"there is no option {name!r}{did_you_mean(name, options)}"


def _parameter_names(class_path: str) -> list[str]:
    module, _, name = class_path.rpartition(".")
    cls = getattr(sys.modules.get(module), name, None)
    return list(inspect.signature(cls).parameters) if inspect.isclass(cls) else []


def _valid_class_names(key: str, roots: Mapping[str, type]) -> set[str]:
    """The names of all imported classes that are valid for a key such as ``model.generator``."""
    root, _, name = key.partition(".")
    if root not in roots:
        return set()
    hint = typing.get_type_hints(roots[root].__init__).get(name) if name else roots[root]  # type: ignore[misc]
    return {
        cls.__name__
        for base in _classes_in(hint)
        for cls in (base, *_subclasses(base))
        if cls.__module__.startswith(("colorgan.", "torch.optim")) and not inspect.isabstract(cls)
    }


def _classes_in(type_hint: Any) -> Iterator[type]:
    if inspect.isclass(type_hint) and type_hint.__module__ != "builtins":
        yield type_hint
    for argument in typing.get_args(type_hint):
        for item in argument if isinstance(argument, list) else [argument]:
            yield from _classes_in(item)


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    for cls in base.__subclasses__():
        yield cls
        yield from _subclasses(cls)
