"""Command-line parsers made from functions.

Parameters without a default are positional arguments, keyword-only parameters are options, and dataclasses contribute
their fields. Types, defaults and help texts come from annotations and docstrings, so that an argument is written once.
"""

import argparse
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Annotated, Any

import docstring_parser
from jsonargparse import ArgumentParser

from colorgan.cli.parsing.help_texts import ALL, HelpFormatter, description
from colorgan.cli.parsing.messages import OneLineErrors
from colorgan.cli.parsing.options import Option, PassThrough, Range
from colorgan.cli.parsing.values import MODE


class CommandParser(OneLineErrors, ArgumentParser):
    """The parser of a command, which reports errors in one line."""


def run_function(function: Callable[..., int], args: Sequence[str], name: str) -> int:
    """Calls a function with arguments of the command line.

    Args:
        function: the function of the command.
        args: the arguments of the command.
        name: name of the command.

    Returns:
        What the function returns, the exit code.

    Raises:
        SystemExit: with code 2 for invalid arguments, and 0 after ``--help``.
    """
    parser = make_parser(function, f"colorgan {name}")
    if wanted := {"-h", "--help", ALL} & set(args):
        print((parser if ALL in wanted else make_parser(function, parser.prog, only_common=True)).format_help(), end="")
        raise SystemExit(0)
    passed_on, own = _split(args, _pass_through(function), parser)
    _refuse_empty(own, parser)
    namespace = parser.parse_args([_with_hyphens(argument) for argument in own])
    values = {argument.name: namespace[argument.key] for argument in _arguments(function)}
    positional, keywords = [], {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            positional.append(values[parameter.name])
        elif parameter.kind is parameter.KEYWORD_ONLY:
            group = _dataclass(parameter.annotation)
            keywords[parameter.name] = (
                values[parameter.name]
                if group is None
                else group(**{field.name: values[field.name] for field in fields(group)})
            )
    return function(*positional, *passed_on, **keywords)


def make_parser(function: Callable[..., int], prog: str, only_common: bool = False) -> CommandParser:
    """Creates the parser of a function.

    Args:
        function: a function with annotations and a docstring in Google style, with examples.
        prog: name of the program in help texts.
        only_common: whether to leave out the rare options, for a short help text.
    """
    documentation = docstring_parser.parse(function.__doc__ or "")
    paragraphs = [documentation.short_description or "", *(documentation.long_description or "").split("\n\n")]
    arguments = list(_arguments(function))
    left_out = sum(argument.is_rare for argument in arguments) if only_common else 0
    parser = CommandParser(
        prog=prog,
        usage=" ".join([prog, *(argument.synopsis for argument in arguments if argument.synopsis), "[OPTIONS]"]),
        description=description(
            [" ".join(paragraph.split()) for paragraph in paragraphs if paragraph],
            [line for example in documentation.examples for line in (example.description or "").splitlines()],
        ),
        epilog=f"{prog} {ALL} lists {left_out} more options" if left_out else None,
        formatter_class=HelpFormatter,
        add_help=False,
        allow_abbrev=False,
        parser_mode=MODE,
    )
    for argument in arguments:
        if not (only_common and argument.is_rare):
            argument.add_to(parser)
    parser.add_argument("-h", "--help", action="store_true", help="show this text")
    if left_out or not only_common:
        parser.add_argument(ALL, action="store_true", help="show all options")
    return parser


@dataclass(frozen=True)
class _Argument:
    """An argument of a parser.

    Attributes:
        name: name of the parameter or field.
        type: its type without ``Annotated``.
        extras: its annotations.
        default: its default, ``inspect.Parameter.empty`` if it is required.
        positional: whether it is a positional argument.
        description: its documentation.
    """

    name: str
    type: Any
    extras: Sequence[Any]
    default: Any
    positional: bool
    description: str

    @property
    def _option(self) -> Option:
        return next((extra for extra in self.extras if isinstance(extra, Option)), Option())

    @property
    def key(self) -> str:
        """The key of its value in the namespace."""
        names = self._option.names
        return self.name if self.positional else (names[-1].lstrip("-").replace("-", "_") if names else self.name)

    @property
    def is_rare(self) -> bool:
        """Whether only the full help text shows it."""
        return self._option.rare

    @property
    def synopsis(self) -> str:
        """How it appears in the first line of the help text; empty for what may be left out."""
        value = self._option.metavar or self.name.upper()
        if self.positional:
            return f"{value} ..." if _item_type(self.type)[1] else value
        names = self._option.names or (f"--{self.name.replace('_', '-')}",)
        return f"{names[0]} {value}" if self.default is inspect.Parameter.empty else ""

    def add_to(self, parser: ArgumentParser) -> None:
        option = self._option
        names = option.names or (self.name if self.positional else f"--{self.name.replace('_', '-')}",)
        required = self.default is inspect.Parameter.empty
        if self.type is bool:
            parser.add_argument(*names, action="store_true", help=_plain(self.description))
            return
        settings: dict[str, Any] = {"help": self._help(required)}
        item, is_list = _item_type(self.type)
        limits = next((extra for extra in self.extras if isinstance(extra, Range)), None)
        parse: Callable[[Any], Any] = _parse_path if item is Path else item
        if limits is not None:
            parse = partial(limits.parse, item)
        settings["type"] = partial(_parse_each, parse) if is_list and not self.positional else parse
        if option.metavar is not None:
            settings["metavar"] = option.metavar
        if option.const is not None:
            settings |= {"nargs": "?", "const": option.const}
        if self.positional:
            settings |= {"nargs": "+"} if is_list else {}
        else:
            settings |= {"action": "append"} if is_list else {}
            settings |= {"required": True} if required else {"default": [] if is_list else self.default}
        parser.add_argument(*names, **settings)

    def _help(self, required: bool) -> str:
        text = _plain(self.description)
        unsaid = required or self.default is None or self.default == () or "default" in text
        return text if unsaid else f"{text} (default: {_as_text(self.default)})"


def _arguments(function: Callable[..., Any], positional: bool = True) -> Iterator[_Argument]:
    """The arguments of a function, or the fields of a dataclass."""
    documentation = docstring_parser.parse(function.__doc__ or "")
    help_texts = {entry.arg_name: entry.description or "" for entry in documentation.params}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if (group := _dataclass(parameter.annotation)) is not None:
            yield from _arguments(group, positional=False)
            continue
        base, extras = _unpack(parameter.annotation)
        is_positional = positional and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        yield _Argument(
            parameter.name, base, extras, parameter.default, is_positional, help_texts.get(parameter.name, "")
        )


def _dataclass(annotation: Any) -> type[Any] | None:
    """The annotation, if it is a dataclass."""
    return annotation if is_dataclass(annotation) and isinstance(annotation, type) else None


def _unpack(annotation: Any) -> tuple[Any, Sequence[Any]]:
    """The type and the annotations of ``Annotated``; a type without ``None``, which an option cannot receive."""
    extras: Sequence[Any] = ()
    if typing.get_origin(annotation) is Annotated:
        annotation, *extras = typing.get_args(annotation)
    members = [member for member in typing.get_args(annotation) if member is not NoneType]
    is_optional = NoneType in typing.get_args(annotation)
    return (members[0] if is_optional and len(members) == 1 else annotation), extras


def _item_type(annotation: Any) -> tuple[Any, bool]:
    """The type of an item, and whether the annotation is that of a sequence."""
    origin = typing.get_origin(annotation)
    is_list = isinstance(origin, type) and issubclass(origin, Sequence)
    return (typing.get_args(annotation)[0] if is_list else annotation), is_list


def _parse_path(text: str | Path) -> Path:
    """A path; jsonargparse checks what this has returned once more."""
    if isinstance(text, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        raise argparse.ArgumentTypeError(f"{text} is a URL; download the file and give its local path")
    return Path(text)


def _parse_each(parse: Callable[[Any], Any], value: Any) -> Any:
    """Parses the value of an option that may be repeated; jsonargparse checks all values together once more."""
    return [parse(item) for item in value] if isinstance(value, list) else parse(value)


def _split(args: Sequence[str], rule: PassThrough | None, parser: ArgumentParser) -> tuple[list[str], list[str]]:
    """Separates arguments that are passed on unchanged from those of the function itself."""
    if rule is None:
        return [], list(args)
    passed_on = [argument for argument in args if re.match(rule.pattern, argument)]
    for argument in passed_on:
        if rule.form and "=" not in argument:
            parser.error(f"{argument}: options that are passed on take the form {rule.form}")
    return passed_on, [argument for argument in args if not re.match(rule.pattern, argument)]


def _refuse_empty(args: Sequence[str], parser: ArgumentParser) -> None:
    """An empty path would mean the working directory, as where a shell's variable is not set."""
    for previous, argument in zip(("", *args), args, strict=False):
        option = argument.removesuffix("=")
        if not argument or (option != argument and "=" not in option and option.startswith("-")):
            name = option or (previous if previous.startswith("-") else "an argument")
            parser.error(f"{name} is empty; give a value, or leave it out")


def _pass_through(function: Callable[..., int]) -> PassThrough | None:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            _, extras = _unpack(parameter.annotation)
            return next(extra for extra in extras if isinstance(extra, PassThrough))
    return None


def _with_hyphens(argument: str) -> str:
    """The name of an option with hyphens, as commands have it, where it was given with underscores, as ``fit`` has it.

    >>> _with_hyphens("--kid_subset_size=a_b"), _with_hyphens("a_b")
    ('--kid-subset-size=a_b', 'a_b')
    """
    name, equals, value = argument.partition("=")
    return f"{name.replace('_', '-')}{equals}{value}" if argument.startswith("--") else argument


def _plain(description: str) -> str:
    """A description without markup, as argparse expects it."""
    return " ".join(description.removesuffix(".").replace("``", "`").replace("%", "%%").split())


def _as_text(default: Any) -> str:
    return f"{default:g}" if isinstance(default, float) else str(default)
