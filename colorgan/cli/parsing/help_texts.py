"""The layout of help texts: a synopsis, what the command does, examples, and then its options."""

import argparse
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill, indent

ALL = "--help-all"
"""The option that shows all options of a command; ``--help`` shows the common ones."""

_MAX_WIDTH = 100


def help_width() -> int:
    """The number of columns of help texts: those of the terminal, at most 100."""
    return min(shutil.get_terminal_size().columns, _MAX_WIDTH) - 2


def description(paragraphs: Iterable[str], examples: Sequence[str]) -> str:
    """What a command does, filled to the width of the terminal, and examples of its use."""
    text = "\n\n".join(fill(paragraph, help_width()) for paragraph in paragraphs)
    return f"{text}\n\nexamples:\n{indent(chr(10).join(examples), '  ')}" if examples else text


@dataclass(frozen=True)
class ShortHelp:
    """The help text of a command whose own parser has too many options for one.

    Attributes:
        summary: what the command does, in a few words.
        paragraphs: what it does, and what there is to know.
        examples: command lines, and what they do on indented lines.
        options: common options with the names of their values, and what they do.
        more: what ``--help-all`` shows.
    """

    summary: str
    paragraphs: Sequence[str]
    examples: Sequence[str]
    options: Mapping[str, str]
    more: str

    def text(self, prog: str) -> str:
        """The help text.

        Args:
            prog: the program and the command.
        """
        parser = argparse.ArgumentParser(
            usage=f"{prog} [OPTIONS]",
            description=description(self.paragraphs, self.examples),
            epilog=f"{prog} {ALL} {self.more}",
            formatter_class=HelpFormatter,
            add_help=False,
        )
        group = parser.add_argument_group("common options")
        for form, text in self.options.items():
            names, _, metavar = form.partition(" ")
            group.add_argument(*names.split("|"), metavar=metavar, help=text)
        return parser.format_help()


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """A formatter whose width is bounded, so that lines stay readable on a wide terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=help_width())
