"""Which model colours: a checkpoint of a run, a released model or an ONNX file, and the one that ships with colorgan.

Torch is imported only for models that need it.
"""

from pathlib import Path

from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.photo_colorizer import PhotoColorizer

SHIPPED = "colorgan-photos"
"""The released model that is taken where none is named."""

WEIGHTS = "model.safetensors"
CONFIG = "config.yaml"
"""The two files that a released model consists of."""

_PACKAGE = Path(__file__).parent.parent


def open_model(path: str | Path | None = None, device: str = "cpu") -> PhotoColorizer:
    """Opens whatever model a path names.

    Args:
        path: a ``.ckpt`` file that ``fit`` wrote, the folder (or the ``.safetensors`` file) of a released model, or an
            ``.onnx`` file that ``colorgan export`` wrote; by default the model that ships with colorgan.
        device: where it runs: ``cpu``, ``cuda``, ``cuda:1``, ``mps`` and so on; ``auto`` for the fastest. An ``.onnx``
            file runs on ``cpu`` or ``cuda``.

    Raises:
        CheckpointError: if there is no such model, or it is damaged or refused.
        ColorganError: if there is no such device.
    """
    if path is None:
        path = shipped_model()
    suffix = Path(path).suffix.lower()
    if suffix == ".onnx":
        from colorgan.inference.onnx.colorizer import OnnxColorizer

        return OnnxColorizer(path, device)
    if suffix == ".pt2":
        raise CheckpointError(
            f"{path} is not opened here, since torch.export.load can run code that such a file holds: "
            "load what you exported yourself with it, and give a .ckpt file, a released model or an .onnx file here"
        )
    try:
        import torch

        from colorgan.inference.colorizer import Colorizer
    except ModuleNotFoundError as error:
        raise CheckpointError(
            f"{path} needs {error.name}, which is not installed: install colorgan with all that it depends on"
        ) from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch has no error of its own for this
        reason = str(error).strip().partition("\n")[0]
        raise ColorganError(f"the device {device!r} cannot be used here ({reason}); try cpu") from error
    return Colorizer.from_checkpoint(path, device)


def shipped_model() -> Path:
    """The folder of the model that ships with colorgan: inside of an installed package, or beside it in a checkout.

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
