"""Colorizes photos with an exported model through onnxruntime, without torch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from colorgan.color.cielab import FloatArray
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.onnx.file_check import read_checked
from colorgan.inference.onnx.runtime import import_onnxruntime
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.threads import available_cores, map_ahead

METADATA_KEY = "colorgan"
"""Key of the ONNX metadata that contains the description of the model, in JSON."""
FORMAT = 2
"""Version of the description. 2: hints are L*, a*, b* and a mask, and a* and b* are a separate output."""

OUTPUTS = ("colorized", "ab")

_MAX_METADATA_LENGTH = 1 << 20
_MAX_SIZE = 4096
_LOG_FATAL_ONLY = 4
_MAX_THREADS = 16


class OnnxColorizer(PhotoColorizer):
    """A colorizer exported by ``colorgan export``.

    Args:
        path: the ``.onnx`` file.
        device: ``cpu``; ``cuda`` or ``cuda:1``, if onnxruntime supports it; ``auto`` selects the fastest.
        num_threads: number of CPU threads. Default: chosen by onnxruntime.

    Attributes:
        metadata: the description of the model: size, color space, version of colorgan, and so on.

    Raises:
        CheckpointError: if the file is missing, damaged, refused, or not an exported colorizer.
        ColorganError: if the device is not available.
    """

    def __init__(self, path: str | Path, device: str = "cpu", num_threads: int | None = None) -> None:
        try:
            onnxruntime = import_onnxruntime()
        except ModuleNotFoundError as error:
            raise CheckpointError(
                f"{path} needs onnxruntime, which is not installed: pip install onnxruntime"
            ) from error
        self._file = Path(path)
        data = read_checked(self._file)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LOG_FATAL_ONLY  # errors are raised below
        options.intra_op_num_threads = num_threads or 0
        # waiting threads leave the cores to painting
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        provider = _execution_provider(device, onnxruntime.get_available_providers())
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=[provider])
        except Exception as error:  # onnxruntime has one exception class per status code
            raise CheckpointError(
                f"{path} cannot be loaded by onnxruntime ({_short_message(error)}); export it again"
            ) from error
        if device != "auto" and self._session.get_providers()[0] != provider[0]:
            raise ColorganError(f"the device {device!r} is not available to onnxruntime; try cpu")
        self._is_on_cpu = self._session.get_providers()[0] == "CPUExecutionProvider"
        self._num_threads = min(num_threads or available_cores(), _MAX_THREADS)
        self.metadata = _parse_metadata(self._session.get_modelmeta().custom_metadata_map, self._file)
        self.card = str(self.metadata.get("card", ""))
        self._check_signature()

    @property
    def size(self) -> int:
        """Shorter side, in pixels, of the training images."""
        size: int = self.metadata["size"]
        return size

    @property
    def takes_hints(self) -> bool:
        """Whether the model follows hints."""
        takes_hints: bool = self.metadata["takes_hints"]
        return takes_hints

    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small images; see :meth:`PhotoColorizer.run_network`.

        Raises:
            ColorganError: if onnxruntime fails, or the output is not finite or has the wrong shape.
        """
        return self._run("ab", rgb, hints, channels=2)

    def colorize_small(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Colorizes small images within the exported graph; arguments and errors as for :meth:`run_network`.

        Returns:
            (B, 3, h, w) in [0, 1].
        """
        return self._run("colorized", rgb, hints, channels=3)

    def _run(self, output: str, rgb: FloatArray, hints: FloatArray | None, channels: int) -> FloatArray:
        inputs = {"rgb": np.ascontiguousarray(rgb, np.float32)}
        batch, _, height, width = rgb.shape
        if self.takes_hints:
            inputs["hints"] = (
                np.zeros((batch, 4, height, width), np.float32) if hints is None else np.asarray(hints, np.float32)
            )

        def run(images: slice) -> FloatArray:
            part: FloatArray = self._session.run([output], {name: value[images] for name, value in inputs.items()})[0]
            return part

        # On a CPU, single images in threads take less time than all of them in one call, and the results are equal.
        size = 1 if self._is_on_cpu else max(1, batch)
        parts = [slice(first, first + size) for first in range(0, max(1, batch), size)]
        try:
            result = np.concatenate(list(map_ahead(run, parts, min(self._num_threads, len(parts)))))
        except Exception as error:  # as above
            raise ColorganError(f"{self._file} cannot be run by onnxruntime ({_short_message(error)})") from error
        if result.shape != (batch, channels, height, width) or not math.isfinite(result.sum()):
            raise ColorganError(
                f"{self._file} predicted no valid colors for images of shape {rgb.shape}; it is damaged or not a "
                "colorizer"
            )
        return result

    def _check_signature(self) -> None:
        """Checks that inputs and outputs are float32 and have dynamic batch, height and width."""
        expected = {"rgb": 3, **({"hints": 4} if self.takes_hints else {})}
        inputs = {entry.name: entry for entry in self._session.get_inputs()}
        outputs = self._session.get_outputs()
        fits = inputs.keys() == expected.keys() and tuple(entry.name for entry in outputs) == OUTPUTS
        fits = fits and all(_is_dynamic_image(inputs[name], channels) for name, channels in expected.items())
        if not (fits and all(entry.type == "tensor(float)" for entry in outputs)):
            found = ", ".join(f"{name} {entry.shape}" for name, entry in inputs.items())
            raise CheckpointError(
                f"{self._file} is not an exported colorizer: its inputs are {found:.200} instead of "
                f"{' and '.join(f'{name} (B, {channels}, H, W)' for name, channels in expected.items())} of any size"
            )


def _is_dynamic_image(entry: Any, channels: int) -> bool:
    shape = list(entry.shape)
    is_dynamic = len(shape) == 4 and not any(isinstance(shape[axis], int) for axis in (0, 2, 3))
    return is_dynamic and shape[1] == channels and entry.type == "tensor(float)"


def _execution_provider(device: str, available: list[str]) -> tuple[str, dict[str, Any]]:
    """Translates a device name for onnxruntime."""
    kind, _, index = device.partition(":")
    if kind == "auto":
        kind = "cuda" if "CUDAExecutionProvider" in available else "cpu"
    if kind == "cpu" and not index:
        return "CPUExecutionProvider", {}
    if kind == "cuda" and "CUDAExecutionProvider" in available and (index.isdecimal() or not index):
        return "CUDAExecutionProvider", {"device_id": int(index or 0)}
    reason = "onnxruntime-gpu is not installed" if kind == "cuda" else "an .onnx file runs on cpu or cuda"
    raise ColorganError(f"the device {device!r} is not available ({reason}); try cpu")


def _parse_metadata(properties: Mapping[str, str], file: Path) -> dict[str, Any]:
    text = properties.get(METADATA_KEY)
    if text is None:
        raise CheckpointError(f"{file} was not written by `colorgan export`: it contains no description of the model")
    try:
        metadata = json.loads(text) if len(text) <= _MAX_METADATA_LENGTH else None
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(f"{file} has a description that this version of colorgan cannot read; export it again")
    size, takes_hints = metadata.get("size"), metadata.get("takes_hints")
    if type(size) is not int or not 1 <= size <= _MAX_SIZE or type(takes_hints) is not bool:
        raise CheckpointError(
            f"{file} is damaged: size must be a number of pixels up to {_MAX_SIZE} and takes_hints true or false, "
            f"received {size!r:.40} and {takes_hints!r:.40}"
        )
    return metadata


def _short_message(error: Exception) -> str:
    """The message of an onnxruntime error without its status codes."""
    text = " ".join(str(error).split()).split(" : ")[-1]
    return text[:160].rstrip(". ") or type(error).__name__
