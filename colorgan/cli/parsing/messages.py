"""Rewrites jsonargparse errors, which describe unions and namespaces, as one line about one key."""

import inspect
import re
import sys
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from jsonargparse import ArgumentParser, Namespace

from colorgan.cli.parsing.help_texts import ALL
from colorgan.cli.parsing.values import check_limits
from colorgan.errors import did_you_mean, one_line
from colorgan.system.installed_parts import installed_parts

_KEY = re.compile(r'Parser key "([^"]+)"')
_VALUE = re.compile(r"(?:Given value|Got value): (?:NestedArg\(key='[^']*', val=(.*)\)|(.*?))\s*$", re.MULTILINE)
_EXPECTED = re.compile(r"Expected an? (?:<class '([\w.]+)'>|typing\.(Literal\[[^\]]*\]))")
_MAX_LENGTH = 500
_MAX_VALUE = 80
_MAX_NAMES = 20
_OFFERED = ("colorgan.", "torch.optim.", "lightning.pytorch.callbacks.", "lightning.pytorch.loggers.")
_WORDS = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "list": "a list",
    "tuple": "a list",
    "Sequence": "a list",
    "Iterable": "a list",
}
_OPTION = re.compile(r"--([\w.]+[\w.-]*)")


class OneLineErrors(ArgumentParser):
    """A parser that reports errors in one line and suggests the nearest valid name.

    Attributes:
        roots: the classes of the keys whose arguments are those of a class, such as ``{"model": ColorGAN}``.
        subparsers: the parsers of the subcommands.
    """

    roots: Mapping[str, type] = {}
    subparsers: Iterable[ArgumentParser] = ()

    def parse_args(self, args: Sequence[str], **options: Any) -> Namespace:  # type: ignore[override]
        """Parses a command line whose values stay within limits.

        Raises:
            YAMLLimitError: for a value that stands for too many values.
        """
        self.args = list(args)
        for argument in args:
            option, equals, value = argument.partition("=")
            is_option = option.startswith("-") and equals
            check_limits(value if is_option else argument, option.lstrip("-") if is_option else "an argument")
        return super().parse_args(args, **options)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Exits with code 2."""
        if not self.exit_on_error:
            super().error(message, ex)
        valid = [name for parser in (self, *self.subparsers) for name in _OPTION.findall(parser.format_help())]
        if match := re.match(r"argument (\S+): expected one argument", message):
            typed = [word for word in self.args if word.startswith(match.group(1)) and "=" not in word]
            message = message.replace(match.group(1), typed[-1], 1) if typed else message
        explanation = one_line(explain(message, valid, self.roots), _MAX_LENGTH)
        print(
            f"error: {explanation} (`{self.prog.replace(' [options]', '')} {ALL}` lists all options)", file=sys.stderr
        )
        sys.exit(2)


def explain(message: str, options: Iterable[str] = (), roots: Mapping[str, type] | None = None) -> str:
    """Summarizes a parser error: the key, what was received, and the nearest valid choice.

    Args:
        message: the error message of jsonargparse, which may have many lines.
        options: the valid options.
        roots: see :class:`OneLineErrors`.
    """
    if match := re.search(r"unrecognized arguments: (.*)", message, re.DOTALL):
        unknown = next((word for word in match.group(1).split() if word.startswith("-")), None)
        if unknown is None:
            return f"there is no place for the argument {match.group(1)!r:.80}"
        return _no_option(unknown.partition("=")[0], {f"--{name}" for name in options})
    if match := re.search(r"does not accept option '([^']+)'", message):
        return _no_option(match.group(1), set(options))
    if match := re.search(r"^argument (\S+): expected one argument", message):
        return f"{match.group(1)} needs a value"
    key = _as_typed(".".join(_KEY.findall(message)), set(options))
    if match := re.search(r"arguments are required: ([^\n]*?)(?:\. Got value|$)", message, re.MULTILINE):
        if key:
            return (
                f"{key}: {_owner(message) or 'this class'} needs the arguments {match.group(1)}; set them in init_args"
            )
        names = [f"--{name}" if name in set(options) else name for name in match.group(1).split(", ")]
        return f"the following arguments are required: {', '.join(names)}"
    if match := re.search(r"Option '([^']+)' is not accepted", message):
        return f"{key}: {_unknown_argument(message, match.group(1))}"
    if problem := _wrong_class(message, key, roots or {}):
        return f"{key}: {problem}"
    values = [(nested or plain).partition(". Got value")[0] for nested, plain in _VALUE.findall(message)]
    if key and _expected_types(message) and values:
        return f"{key}: expected {' or '.join(_expected_types(message))}, received {_received_value(values)}"
    if key and "Unable to load config" in message:
        section = key.partition(".")[0]
        return f"{section} is a section of keys, such as {section}.NAME; set them one by one"
    return re.sub(r"\s+", " ", _KEY.sub(r"\1", message.partition("Got value: ")[0])).strip(" .")


def _as_typed(key: str, options: Collection[str]) -> str:
    """The option of a key, where it is spelled with hyphens.

    >>> _as_typed("max_size", {"max-size"}), _as_typed("data.size", {"data.size"})
    ('--max-size', 'data.size')
    """
    hyphenated = key.replace("_", "-")
    return f"--{hyphenated}" if hyphenated in options and "." not in key else key


def _unknown_argument(message: str, name: str) -> str:
    """An argument that a class does not have."""
    class_path = _owner(message)
    owner = class_path.rpartition(".")[2] or "the class"
    if name == "class_path":
        return f"put the arguments of {owner} below init_args, beside class_path"
    candidates = [*_parameter_names(class_path), "class_path", "init_args"]
    return f"{owner} has no argument {name!r}{did_you_mean(name, candidates)}"


def _owner(message: str) -> str:
    """The path of the class whose arguments are wrong."""
    inner = re.findall(r"given class_path '([\w.]+)':\s+(?:Option|the following)", message)
    found = inner or re.findall(r"class_path[= ]'([\w.]+)'", message)
    return found[-1] if found else ""


def _wrong_class(message: str, key: str, roots: Mapping[str, type]) -> str:
    """What is wrong with the path of a class; empty if it is not that."""
    names = sorted(_valid_class_names(key, roots))
    valid = f"; valid classes: {', '.join(names)}" if 0 < len(names) <= _MAX_NAMES else ""
    if match := re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message):
        module = sys.modules.get(match.group(1))
        return f"{match.group(1)} has no {match.group(2)!r}{did_you_mean(match.group(2), dir(module))}"
    if match := re.search(r"No module named '([^']+)'", message):
        return f"there is no module {match.group(1)!r}"
    types = _expected_types(message)
    may_be_class = not {"text", "a number", "an integer"} & set(types)
    if may_be_class and (match := re.search(r"Expected a dot import path string: ([^\n]+)", message)):
        name = match.group(1).partition(". Got value")[0]
        return f"{name[:_MAX_VALUE]!r} is not a valid class{did_you_mean(name, names)}{valid}"
    if match := re.search(r"Unexpected import path format: ([^\n]*)", message):
        return f"{match.group(1)[:_MAX_VALUE]!r} is not a valid class{valid}"
    if found := re.findall(r"Import path (\S+) does not correspond to a subclass of (\w+)", message):
        return f"{found[0][0]} is not a subclass of {' or '.join(base for _, base in found)}{valid}"
    if match := re.search(r"Expected '([^']+)' to be a subclass of ([^\n]*?)\.\.", message):
        return f"{match.group(1)} is not a subclass of {_base_name(match.group(2))}{valid}"
    if match := re.search(r"Not possible to determine the import path for object <module '([\w.]+)'", message):
        return f"{match.group(1)} is a module, not a class{valid}"
    if "object has no attribute 'keys'" in message:
        return "init_args must be a mapping of arguments, such as {width: 32}"
    if re.search(r"argument of type '\w+' is not iterable", message):
        return f"class_path must be the name of a class{valid}"
    match = re.search(r"but got (\S*?)\. Got value", message) or re.search(r"Given value: (.*)", message)
    if (
        may_be_class
        and match
        and re.search(r"Not a valid subclass of|Expected an import path or a subclass spec", message)
    ):
        expected = " or ".join(dict.fromkeys(["a class (class_path and init_args)", *types]))
        return f"expected {expected}, received {match.group(1).partition('. Got value')[0][:_MAX_VALUE]}{valid}"
    return ""


def _base_name(text: str) -> str:
    return " or ".join(re.findall(r"\w+", text.removeprefix("Union").replace("<class", "")))


def _expected_types(message: str) -> list[str]:
    """The valid types in plain words, without ``None``."""
    found = [(cls.rpartition(".")[2] or literal) for cls, literal in _EXPECTED.findall(message)]
    found = [choice for name in found for choice in _literal_values(name)]
    return list(dict.fromkeys(_WORDS.get(name, name) for name in found if name not in ("NoneType", "Tensor")))


def _literal_values(name: str) -> list[str]:
    """The values of a ``Literal``; any other type is returned unchanged."""
    return re.findall(r"[^\s,\[\]']+", name.removeprefix("Literal")) if name.startswith("Literal") else [name]


def _received_value(values: list[str]) -> str:
    """The innermost value: of a class with one argument, that argument."""
    inner = re.search(r"init_args=Namespace\(\w+=([^()]*)\)", values[-1])
    value = (inner.group(1) if inner else values[0])[:_MAX_VALUE]
    return value.strip("'") or "''"


def _no_option(name: str, options: Iterable[str]) -> str:
    return f"there is no option {name!r}{did_you_mean(name, options)}"


def _parameter_names(class_path: str) -> list[str]:
    module, _, name = class_path.rpartition(".")
    cls = getattr(sys.modules.get(module), name, None)
    return list(inspect.signature(cls).parameters) if inspect.isclass(cls) else []


def _valid_class_names(key: str, roots: Mapping[str, type]) -> set[str]:
    """The names of all imported classes that are valid for a key such as ``model.generator``."""
    key = key.removeprefix("--")
    root, _, name = key.partition(".")
    if key in roots:
        root, name = key, ""
    if root not in roots:
        return set()
    hint = typing.get_type_hints(roots[root].__init__).get(name) if name else roots[root]  # type: ignore[misc]
    offered = (*_OFFERED, *(part.module for part in installed_parts()))
    return {
        cls.__name__
        for base in _classes_in(hint)
        for cls in (base, *_subclasses(base))
        if f"{cls.__module__}.".startswith(offered) and not inspect.isabstract(cls)
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
