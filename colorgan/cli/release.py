"""``colorgan release``: converts a training checkpoint to a released model."""

import shutil
from pathlib import Path

from colorgan.cli.parsing import Parser
from colorgan.errors import ColorganError
from colorgan.inference.card import ModelCard
from colorgan.inference.checkpoint import read_network
from colorgan.inference.released import read_released, write_released
from colorgan.inference.shipped import CONFIG, WEIGHTS

_CARD_SOURCE = "card.yaml"


def main(args: list[str]) -> int:
    """Runs the command.

    Args:
        args: the arguments of the command.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.
    """
    parser = Parser("colorgan release", description="Convert a training checkpoint to a small released model.")
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file written by `fit`")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder to write to")
    parser.add_argument("--card", type=Path, metavar="FILE", help="YAML file with the contents of the model card")
    parser.add_argument("--full", action="store_true", help="keep the weights in float32 (default: float16)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing model")
    options = parser.parse_args(args)
    if (options.output / CONFIG).exists() and not options.overwrite:
        raise ColorganError(
            f"{options.output} already contains a model; choose another folder, or replace it with --overwrite"
        )
    card = ModelCard.read(options.card).markdown() if options.card else ""
    write_released(read_network(options.checkpoint), options.output, card, half=not options.full)
    if options.card and options.card.resolve() != (options.output / _CARD_SOURCE).resolve():
        shutil.copyfile(options.card, options.output / _CARD_SOURCE)
    read_released(options.output)  # verifies that the model can be loaded
    num_bytes = sum(file.stat().st_size for file in (options.output / WEIGHTS, options.output / CONFIG))
    print(f"{options.output}: {num_bytes / 1e6:.1f} MB")
    return 0
