"""``colorgan export``: exports a model to a single file that runs without colorgan."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from colorgan.cli.parsing import Parser
from colorgan.errors import ColorganError
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.onnx.export import SUFFIXES, check_output, export
from colorgan.inference.shipped import CARD, shipped_model

_MAX_CARD_LENGTH = 1 << 18


def main(args: Sequence[str]) -> int:
    """Runs the command.

    Args:
        args: the arguments of the command.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.
    """
    options = _parser().parse_args(args)
    check_output(options.output)
    if options.output.exists() and not options.overwrite:
        raise ColorganError(f"{options.output} already exists; choose another name, or replace it with --overwrite")
    if options.checkpoint is not None and options.checkpoint.suffix in SUFFIXES:
        raise ColorganError(f"{options.checkpoint} is already exported; give the checkpoint it was exported from")
    colorizer = Colorizer.from_checkpoint(options.checkpoint)
    parity = export(colorizer, options.output, options.precision, _read_card(options.checkpoint))
    megabytes = options.output.stat().st_size / 1e6
    print(f"{options.output}: {megabytes:.1f} MB, {options.precision}; differs from PyTorch by {parity}")
    return 0


def _read_card(checkpoint: Path | None) -> str:
    """The card of a released model; empty for training checkpoints."""
    folder = shipped_model() if checkpoint is None else checkpoint if checkpoint.is_dir() else checkpoint.parent
    card = folder / CARD
    is_released = folder == checkpoint or checkpoint is None or checkpoint.suffix == ".safetensors"
    return card.read_text(encoding="utf-8")[:_MAX_CARD_LENGTH] if is_released and card.is_file() else ""


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "colorgan export",
        description="Export a model as one file that maps RGB to RGB without colorgan and, as ONNX, without torch.",
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="PATH",
        help="a .ckpt file of a run, or the folder of a released model (default: the shipped model)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="file to write, ending in .onnx or .pt2"
    )
    parser.add_argument(
        "--half", dest="precision", action="store_const", const="half", default="float32",
        help="export as float16: half the size, for GPUs",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    return parser
