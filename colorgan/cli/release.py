"""``colorgan release``: converts a training checkpoint to a released model."""

import shutil
from pathlib import Path
from typing import Annotated

from colorgan.cli.parsing.options import Option
from colorgan.errors import ColorganError

_CARD_SOURCE = "card.yaml"


def release(
    checkpoint: Path,
    *,
    output: Annotated[Path, Option(("-o", "--output"), "FOLDER")],
    card: Annotated[Path | None, Option(metavar="FILE")] = None,
    full: bool = False,
    overwrite: bool = False,
) -> int:
    """Convert a training checkpoint to a small released model.

    Args:
        checkpoint: a .ckpt file written by `fit`.
        output: folder to write to.
        card: YAML file with the contents of the model card.
        full: keep the weights in float32 (default: float16).
        overwrite: replace an existing model.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.
    """
    from colorgan.inference.card import ModelCard
    from colorgan.inference.checkpoint import read_network
    from colorgan.inference.released import read_released, write_released
    from colorgan.inference.shipped import CONFIG, WEIGHTS

    if (output / CONFIG).exists() and not overwrite:
        raise ColorganError(f"{output} already contains a model; choose another folder, or replace it with --overwrite")
    text = ModelCard.read(card).markdown() if card else ""
    write_released(read_network(checkpoint), output, text, half=not full)
    if card and card.resolve() != (output / _CARD_SOURCE).resolve():
        shutil.copyfile(card, output / _CARD_SOURCE)
    read_released(output)  # verifies that the model can be loaded
    num_bytes = sum(file.stat().st_size for file in (output / WEIGHTS, output / CONFIG))
    print(f"{output}: {num_bytes / 1e6:.1f} MB")
    return 0
