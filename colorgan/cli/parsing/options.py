"""The argparse options and error messages that several commands share."""

import argparse
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from colorgan.errors import did_you_mean


class Parser(argparse.ArgumentParser):
    """An argument parser that reports errors in one line and suggests the nearest option.

    Options cannot be abbreviated unless ``allow_abbrev`` is set.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})

    def error(self, message: str) -> NoReturn:
        """Exits with code 2."""
        if unknown := re.match(r"unrecognized arguments: (--?[^\s=]+)", message):
            options = [option for action in self._actions for option in action.option_strings]
            message = f"there is no option {unknown[1]!r}{did_you_mean(unknown[1], options)}"
        self.exit(2, f"error: {message}\n(`{self.prog} --help` lists all options)\n")


def number(convert: Callable[[str], float], low: float, high: float) -> Callable[[str], float]:
    """Creates an argparse type for numbers in a closed interval.

    Args:
        convert: ``int`` or ``float``.
        low: the minimum.
        high: the maximum.

    Example:
        >>> number(int, 1, 9)("0")
        Traceback (most recent call last):
        ...
        argparse.ArgumentTypeError: expected an integer from 1 to 9, received '0'
    """

    def parse(text: str) -> float:
        try:
            value = convert(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            kind = "an integer" if convert is int else "a number"
            raise argparse.ArgumentTypeError(f"expected {kind} from {low:g} to {high:g}, received {text!r}")
        return value

    return parse


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Adds ``--checkpoint``, ``--size`` and ``--device``."""
    parser.add_argument(
        "--checkpoint", type=Path, metavar="PATH",
        help="a .ckpt file of a run, the folder of a released model, or an .onnx file (default: the shipped model)",
    )  # fmt: skip
    parser.add_argument(
        "--size", type=number(int, 1, 4096), metavar="N",
        help="shorter side, in pixels, at which colors are predicted (default: the training size)",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps, ... (default: %(default)s)")
