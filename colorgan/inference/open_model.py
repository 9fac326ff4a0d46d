"""Opens any kind of model: a training checkpoint, a released model, an ONNX file, or the shipped model.

A released model runs as ONNX where it can, which starts several times faster. Torch is imported only for models that
need it.
"""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from colorgan.errors import CheckpointError
from colorgan.files import refuse_url
from colorgan.inference.onnx.contract import OnnxContract
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.released_files import onnx_file
from colorgan.inference.shipped import ONNX, shipped_model


def open_model(
    path: str | Path | None = None,
    device: str = "cpu",
    contract: OnnxContract | None = None,
    trust: Iterable[str | Path] = (),
) -> PhotoColorizer:
    """Opens a model of any kind.

    The folder of a released model that contains a ``model.onnx`` is opened as that by onnxruntime, if it is installed
    and supports the device; otherwise, PyTorch opens its ``model.safetensors``. The colors are the same. To choose,
    give the path of one of the two files.

    Args:
        path: a ``.ckpt`` file written by ``fit``, the folder or ``model.safetensors`` of a released model, or an
            ``.onnx`` file, of ``colorgan export`` or another program. Default: the model that ships with colorgan.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, ...; ``auto`` selects the fastest that the runtime supports. An
            ``.onnx`` file runs on ``cpu`` or ``cuda``.
        contract: for an ``.onnx`` file of another program: what its numbers mean, unless its metadata say so.
        trust: as for :meth:`~colorgan.inference.torch_colorizer.TorchColorizer.from_checkpoint`.

    Raises:
        CheckpointError: if the model is missing, damaged or refused.
        ColorganError: if the device is not available.
    """
    if path is not None:
        refuse_url(path)
    path = shipped_model() if path is None else Path(path)
    suffix = path.suffix.lower()
    exported = path if suffix == ".onnx" else None
    if exported is None and path.is_dir() and _onnxruntime_supports(device):
        exported = onnx_file(path)
    elif exported is not None and path.name == ONNX:
        onnx_file(path.parent)  # a released model knows the digest of its file
    if exported is not None:
        return _open_onnx(exported, device, contract)
    if suffix == ".pt2":
        raise CheckpointError(
            f"{path} was refused, because torch.export.load can run code contained in the file: give a .ckpt file, a "
            "released model or an .onnx file, or load a file that you exported yourself with torch.export.load"
        )
    try:
        from colorgan.inference.device import choose_device
        from colorgan.inference.torch_colorizer import TorchColorizer
    except ModuleNotFoundError as error:
        raise CheckpointError(_missing(path, error.name)) from error
    return TorchColorizer.from_checkpoint(path, choose_device(device), trust)


def _open_onnx(path: Path, device: str, contract: OnnxContract | None) -> PhotoColorizer:
    """Opens an ONNX file of ``colorgan export`` or of another program."""
    from colorgan.inference.onnx.colorizer import NotExportedError, OnnxColorizer
    from colorgan.inference.onnx.foreign import ForeignOnnxColorizer

    try:
        return OnnxColorizer(path, device)
    except NotExportedError:
        return ForeignOnnxColorizer(path, device, contract)


def _onnxruntime_supports(device: str) -> bool:
    """Whether onnxruntime is installed and can run on a device. It runs on the CPU unless it was built for more."""
    if importlib.util.find_spec("onnxruntime") is None:
        return False
    if device in ("auto", "cpu"):
        return True
    if device.partition(":")[0] != "cuda":
        return False
    from colorgan.inference.runtime import import_onnxruntime

    return "CUDAExecutionProvider" in import_onnxruntime().get_available_providers()


def _missing(path: Path, package: str | None) -> str:
    """What to do where PyTorch or another package is not installed."""
    message = f"{path} needs {package}, which is not installed: install colorgan with all of its dependencies"
    if path.is_dir() and onnx_file(path) is not None:
        return f"{message}, or only onnxruntime, which runs its model.onnx on the CPU"
    return message
