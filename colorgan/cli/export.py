"""``colorgan export``: a model as one file that runs without colorgan."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from colorgan.cli.parsing.options import Parser
from colorgan.errors import ColorganError
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.onnx.export import ENDINGS, check_output, export
from colorgan.inference.shipped import CARD, shipped_model

_LARGEST_CARD = 1 << 18


def _card_of(checkpoint: Path | None) -> str:
    folder = shipped_model() if checkpoint is None else checkpoint if checkpoint.is_dir() else checkpoint.parent
    card = folder / CARD
    released = folder == checkpoint or checkpoint is None or checkpoint.suffix == ".safetensors"
    return card.read_text(encoding="utf-8")[:_LARGEST_CARD] if released and card.is_file() else ""


def main(args: Sequence[str]) -> int:
    """Runs the command.

    Args:
        args: its words.

    Returns:
        0.

    Raises:
        ColorganError: for input that the user can mend.
    """
    given = _parser().parse_args(args)
    check_output(given.output, given.precision)
    if given.output.exists() and not given.overwrite:
        raise ColorganError(f"{given.output} is there already; choose another name or say --overwrite")
    if given.checkpoint is not None and given.checkpoint.suffix in ENDINGS:
        raise ColorganError(f"{given.checkpoint} is exported already; give the checkpoint that it was exported from")
    colorizer = Colorizer.from_checkpoint(given.checkpoint)
    parity = export(colorizer, given.output, given.precision, _card_of(given.checkpoint))
    size = given.output.stat().st_size / 1e6
    print(f"{given.output}: {size:.1f} MB, {given.precision}; differs from PyTorch by {parity}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "colorgan export",
        description="Write a model as one file, from RGB to RGB, that runs without colorgan and (ONNX) without torch.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="C",
        help="a .ckpt file of a run, or the folder of a released model (default: the model that ships)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="file to write, ending in .onnx or .pt2"
    )
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument(
        "--half", dest="precision", action="store_const", const="half", default="float32",
        help="16 bits: half the size, for GPUs",
    )  # fmt: skip
    precision.add_argument(
        "--quantize", dest="precision", action="store_const", const="int8",
        help="8 bits (ONNX only): a quarter of the size, and other colors here and there",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    return parser
