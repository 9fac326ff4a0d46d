"""What the command lines of the app have in common."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser that answers wrong usage in a sentence, without the list of all options."""

    def error(self, message: str) -> NoReturn:
        """Ends the program with exit code 2."""
        self.exit(2, f"error: {message}\n(`{self.prog} --help` lists all options)\n")


def number(kind: Callable[[str], float], least: float, most: float) -> Callable[[str], float]:
    """A number within bounds, for argparse.

    Example:
        >>> number(int, 1, 9)("0")
        Traceback (most recent call last):
        ...
        argparse.ArgumentTypeError: a whole number from 1 to 9 is needed, received '0'
    """

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{what} from {least:g} to {most:g} is needed, received {text!r}")
        return value

    return parse


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Adds which model colors, at which size, and where: ``--checkpoint``, ``--size`` and ``--device``."""
    parser.add_argument(
        "--checkpoint", type=Path, metavar="C",
        help="a .ckpt file of a run, the folder of a released model, or an .onnx file (default: the model that ships)",
    )  # fmt: skip
    parser.add_argument(
        "--size", type=number(int, 1, 4096), metavar="N",
        help="shorter side in pixels at which the color is predicted (default: that of the training)",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps … (default: %(default)s)")
