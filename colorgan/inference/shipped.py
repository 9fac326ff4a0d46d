"""Where the model lies that ships with colorgan, and what the files of a released model are called."""

from pathlib import Path

from colorgan.errors import CheckpointError

SHIPPED = "colorgan-photos"
"""The released model that is used where none is named."""

WEIGHTS = "model.safetensors"
CONFIG = "config.yaml"
CARD = "README.md"
"""The files of a released model; the card is optional."""

_PACKAGE = Path(__file__).parent.parent


def shipped_model() -> Path:
    """The folder of the model that ships with colorgan: inside an installed package, or beside it in a checkout.

    Raises:
        CheckpointError: if this installation came without one.
    """
    for folder in (_PACKAGE / "checkpoints" / SHIPPED, _PACKAGE.parent / "checkpoints" / SHIPPED):
        if (folder / CONFIG).is_file():
            return folder
    raise CheckpointError(
        "this installation of colorgan came without a model: name one with --checkpoint "
        "(a .ckpt file of a run, or the folder of a released model)"
    )
