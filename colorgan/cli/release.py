"""``colorgan release``: a released model from a training checkpoint."""

import argparse
import shutil
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.inference.card import ModelCard
from colorgan.inference.checkpoint import read_network
from colorgan.inference.released import read_released, write_released
from colorgan.inference.shipped import CONFIG, WEIGHTS


def main(args: list[str]) -> int:
    """Runs the command.

    Args:
        args: its words.

    Returns:
        0.

    Raises:
        ColorganError: for input that the user can mend.
    """
    parser = argparse.ArgumentParser("colorgan release", description="Make a released model of a training checkpoint.")
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file that fit wrote")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the released model")
    parser.add_argument("--card", type=Path, help="YAML with the contents of the model card")
    parser.add_argument("--full", action="store_true", help="keep the weights in 32 bits")
    parser.add_argument("--overwrite", action="store_true", help="replace a model that is there")
    given = parser.parse_args(args)
    if (given.output / CONFIG).exists() and not given.overwrite:
        raise ColorganError(f"{given.output} holds a model already; choose another folder or say --overwrite")
    card = ModelCard.read(given.card).markdown() if given.card else ""
    write_released(read_network(given.checkpoint), given.output, card, half=not given.full)
    if given.card and given.card.resolve() != (given.output / "card.yaml").resolve():
        shutil.copyfile(given.card, given.output / "card.yaml")
    read_released(given.output)  # what cannot be read back is not released
    size = sum(file.stat().st_size for file in (given.output / WEIGHTS, given.output / CONFIG))
    print(f"{given.output}: {size / 1e6:.1f} MB")
    return 0
