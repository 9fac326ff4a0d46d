"""Opens any kind of model: a training checkpoint, a released model, an ONNX file, or the shipped model.

Torch is imported only for models that need it.
"""

from pathlib import Path

from colorgan.errors import CheckpointError
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.shipped import shipped_model


def open_model(path: str | Path | None = None, device: str = "cpu") -> PhotoColorizer:
    """Opens a model of any kind.

    Args:
        path: a ``.ckpt`` file written by ``fit``, the folder or ``model.safetensors`` of a released model, or an
            ``.onnx`` file written by ``colorgan export``. Default: the model that ships with colorgan.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, ...; ``auto`` selects the fastest. An ``.onnx`` file runs on
            ``cpu`` or ``cuda``.

    Raises:
        CheckpointError: if the model is missing, damaged or refused.
        ColorganError: if the device is not available.
    """
    if path is None:
        path = shipped_model()
    suffix = Path(path).suffix.lower()
    if suffix == ".onnx":
        from colorgan.inference.onnx.colorizer import OnnxColorizer

        return OnnxColorizer(path, device)
    if suffix == ".pt2":
        raise CheckpointError(
            f"{path} was refused, because torch.export.load can run code contained in the file: give a .ckpt file, a "
            "released model or an .onnx file, or load a file that you exported yourself with torch.export.load"
        )
    try:
        from colorgan.inference.colorizer import Colorizer
        from colorgan.inference.device import choose_device
    except ModuleNotFoundError as error:
        raise CheckpointError(
            f"{path} needs {error.name}, which is not installed: install colorgan with all of its dependencies"
        ) from error
    return Colorizer.from_checkpoint(path, choose_device(device))
