"""What the annotations of a command's function can say about its options."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from colorgan.errors import ColorganError

if TYPE_CHECKING:
    from colorgan.inference import PhotoColorizer


@dataclass(frozen=True)
class Option:
    """How a parameter appears on the command line.

    Args:
        names: names of the option, such as ``-o``, ``--output``; by default the name of the parameter.
        metavar: name of the value in help texts.
        const: value of an option that is given without a value; ``None`` makes the value mandatory.
        rare: whether only ``--help-all`` shows the option.
    """

    names: tuple[str, ...] = ()
    metavar: str | None = None
    const: str | None = None
    rare: bool = False


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
    """The options that choose the models; functions that take them have the fields as options of their own.

    Attributes:
        checkpoint: a .ckpt file of a run, the folder of a released model, or an .onnx file; give several to mix what
            they predict (default: the shipped model).
        mix: for two models, the share of the second; otherwise, give it once per model, with its weight (default: equal
            weights).
        size: shorter side, in pixels, at which colors are predicted (default: the training size).
        device: auto, cpu, cuda, cuda:1 or mps
        onnx_black: for an .onnx file of another program: its input value of black; see docs/export.md.
        onnx_white: its input value of white, such as 100 for L*.
        onnx_scale: factor from its output to a* and b*.
        trust: package, module or class of your own that a model may name, such as mynet, or the config.yaml of its run;
            repeatable. Nothing else is imported.
    """

    checkpoint: Annotated[Sequence[Path], Option(metavar="PATH")] = ()
    mix: Annotated[Sequence[float], Range(0), Option(metavar="SHARE", rare=True)] = ()
    size: Annotated[int | None, Range(1, 4096), Option(metavar="N", rare=True)] = None
    device: Annotated[str, Option(rare=True)] = "auto"
    onnx_black: Annotated[float | None, Option(metavar="N", rare=True)] = None
    onnx_white: Annotated[float | None, Option(metavar="N", rare=True)] = None
    onnx_scale: Annotated[float | None, Option(metavar="N", rare=True)] = None
    trust: Annotated[Sequence[str], Option(metavar="NAME", rare=True)] = ()

    def open(self) -> "PhotoColorizer":
        """Opens the models.

        Raises:
            ColorganError: if one of them cannot be opened, or the options do not fit together.
        """
        from colorgan.inference import OnnxContract, open_models

        black, white, scale = self.onnx_black, self.onnx_white, self.onnx_scale
        if black is None and white is None and scale is None:
            return open_models(self.checkpoint, self.mix, self.device, None, self.trust)
        if black is None or white is None:
            raise ColorganError(
                "--onnx-black and --onnx-white go together: give the input values of black and white of the .onnx file"
            )
        contract = OnnxContract(black, white, 1.0 if scale is None else scale)
        return open_models(self.checkpoint, self.mix, self.device, contract, self.trust)


SHIPPED_MODEL = ModelOptions()
"""The defaults."""
