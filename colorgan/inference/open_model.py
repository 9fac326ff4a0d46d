"""Opens whatever model a path names: a checkpoint of a run, a released model, an ONNX file, or the one that ships.

Torch is imported only for models that need it.
"""

from pathlib import Path

from colorgan.errors import CheckpointError
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.shipped import shipped_model


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
        from colorgan.inference.colorizer import Colorizer
        from colorgan.inference.device import choose_device
    except ModuleNotFoundError as error:
        raise CheckpointError(
            f"{path} needs {error.name}, which is not installed: install colorgan with all that it depends on"
        ) from error
    return Colorizer.from_checkpoint(path, choose_device(device))
