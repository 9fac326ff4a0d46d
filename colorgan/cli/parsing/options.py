"""What the annotations of a command's function can say about its options."""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated


@dataclass(frozen=True)
class Option:
    """How a parameter appears on the command line.

    Args:
        names: names of the option, such as ``-o``, ``--output``; by default the name of the parameter.
        metavar: name of the value in help texts.
        const: value of an option that is given without a value; ``None`` makes the value mandatory.
    """

    names: tuple[str, ...] = ()
    metavar: str | None = None
    const: str | None = None


@dataclass(frozen=True)
class Range:
    """The values that a number may have, both bounds included.

    Args:
        low: the minimum.
        high: the maximum.

    Example:
        >>> Range(1, 9).parse(int, "0")
        Traceback (most recent call last):
        ...
        argparse.ArgumentTypeError: expected an integer from 1 to 9, received '0'
    """

    low: float
    high: float = math.inf

    def parse(self, number_type: type[float], text: str) -> float:
        """Converts the text of an option to an ``int`` or a ``float`` in the range."""
        try:
            value = number_type(text)
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high:
            kind = "an integer" if number_type is int else "a number"
            bounds = f"of at least {self.low:g}" if self.high == math.inf else f"from {self.low:g} to {self.high:g}"
            raise argparse.ArgumentTypeError(f"expected {kind} {bounds}, received {text!r}")
        return value


@dataclass(frozen=True)
class PassThrough:
    """Marks ``*args``, which collects arguments unchanged, for another parser.

    Args:
        pattern: regular expression at the start of each of them.
        form: an example of an option with its value after an equals sign, if that is the form they must have.
    """

    pattern: str = ""
    form: str = ""


@dataclass(frozen=True)
class ModelOptions:
    """The options that choose a model; functions that take them have the fields as options of their own.

    Attributes:
        checkpoint: a .ckpt file of a run, the folder of a released model, or an .onnx file (default: the shipped
            model).
        size: shorter side, in pixels, at which colors are predicted (default: the training size).
        device: auto, cpu, cuda, cuda:1 or mps
    """

    checkpoint: Annotated[Path | None, Option(metavar="PATH")] = None
    size: Annotated[int | None, Range(1, 4096), Option(metavar="N")] = None
    device: str = "auto"


SHIPPED_MODEL = ModelOptions()
"""The defaults."""
