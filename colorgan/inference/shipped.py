"""Finds the model that ships with colorgan, and names the files of a released model."""

from pathlib import Path

from colorgan.errors import CheckpointError

SHIPPED = "colorgan-photos"
"""Name of the default model."""

WEIGHTS = "model.safetensors"
CONFIG = "config.yaml"
CARD = "README.md"
ONNX = "model.onnx"
"""Files of a released model; the card and the ONNX file are optional."""

_PACKAGE = Path(__file__).parent.parent


def shipped_model() -> Path:
    """Returns the folder of the shipped model: inside the installed package, or next to it in a checkout.

    Raises:
        CheckpointError: if this installation has none.
    """
    for folder in (_PACKAGE / "checkpoints" / SHIPPED, _PACKAGE.parent / "checkpoints" / SHIPPED):
        if (folder / CONFIG).is_file():
            return folder
    raise CheckpointError(
        "this installation of colorgan has no shipped model: give one as --checkpoint "
        "(a .ckpt file of a run, or the folder of a released model)"
    )
