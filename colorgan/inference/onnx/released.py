"""Adds the ONNX file to a released model, so that it also runs without torch."""

from collections.abc import Iterable
from pathlib import Path

from colorgan.files import digest
from colorgan.inference.onnx.export import Parity, export
from colorgan.inference.released import read_released
from colorgan.inference.released_files import ONNX_DIGEST, read_config, write_config
from colorgan.inference.shipped import ONNX


def add_onnx(folder: Path, trust: Iterable[str | Path] = ()) -> Parity:
    """Exports a released model as ``model.onnx`` in its own folder, and names it in the model's description.

    The file holds the SHA-256 of the weights that it was exported from, and the description that of the file. It holds
    no model card: that is next to it.

    Args:
        folder: folder of a released model.
        trust: as for :meth:`~colorgan.inference.torch_colorizer.TorchColorizer.from_checkpoint`.

    Returns:
        The difference from PyTorch on a photo.

    Raises:
        CheckpointError: if the folder is no released model.
        ColorganError: if libraries are missing, or the network cannot be exported; the released model is unchanged.
    """
    network = read_released(folder, trust)
    config = read_config(folder)
    parity = export(network, folder / ONNX, weights=config["sha256"])
    write_config(folder, {**config, ONNX_DIGEST: digest(folder / ONNX)})
    return parity
