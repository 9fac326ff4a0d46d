"""Colors photos with an exported model through onnxruntime, without torch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from colorgan.color.cielab import FloatArray
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.onnx.file import read_checked
from colorgan.inference.photo_colorizer import PhotoColorizer

METADATA = "colorgan"
"""Key of the file's metadata under which an exported model describes itself, in JSON."""
FORMAT = 2
"""2: hints come as L*, a*, b* and a mask, and a* and b* are an output of their own."""

OUTPUTS = ("colorized", "ab")

_LONGEST_METADATA = 1 << 20
_LARGEST_SIZE = 4096
_ALL_BUT_FATAL = 4


class OnnxColorizer(PhotoColorizer):
    """A colorizer that ``colorgan export`` wrote.

    Args:
        path: the ``.onnx`` file.
        device: ``cpu``; ``cuda`` or ``cuda:1``, where onnxruntime was built for it; ``auto`` for the fastest of these.
        threads: how many threads compute; onnxruntime's own choice by default.

    Attributes:
        about: what the model says of itself: size, color space, the version of colorgan that exported it and so on.

    Raises:
        CheckpointError: if the file is missing, damaged, refused, or no exported colorizer.
        ColorganError: if the device cannot be used.
    """

    def __init__(self, path: str | Path, device: str = "cpu", threads: int | None = None) -> None:
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            raise CheckpointError(
                f"{path} needs onnxruntime, which is not installed: pip install 'colorgan[onnx]'"
            ) from error
        self._file = Path(path)
        data = read_checked(self._file)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ALL_BUT_FATAL  # what goes wrong is said once, in a sentence
        options.intra_op_num_threads = threads or 0
        provider = _provider(device, onnxruntime.get_available_providers())
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=[provider])
        except Exception as error:  # onnxruntime has an error class for each of its status codes
            raise CheckpointError(
                f"{path} cannot be loaded by onnxruntime ({_reason(error)}); export it again"
            ) from error
        if self._session.get_providers()[0] != provider[0]:
            raise ColorganError(f"the device {device!r} cannot be used here by onnxruntime; try cpu")
        self.about = _metadata(self._session.get_modelmeta().custom_metadata_map, self._file)
        self.card = str(self.about.get("card", ""))
        self._check_signature()

    @property
    def size(self) -> int:
        """Shorter side in pixels at which the model was trained."""
        size: int = self.about["size"]
        return size

    @property
    def takes_hints(self) -> bool:
        """Whether the model follows hints."""
        takes: bool = self.about["takes_hints"]
        return takes

    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small pictures; see :meth:`PhotoColorizer.run_network`.

        Raises:
            ColorganError: if the model cannot be run on them or predicts no colors.
        """
        return self._run("ab", rgb, hints, channels=2)

    def colorize_small(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Colorizes small pictures within the exported graph; arguments and errors as for :meth:`run_network`.

        Returns:
            (B, 3, h, w) in [0, 1].
        """
        return self._run("colorized", rgb, hints, channels=3)

    def _run(self, output: str, rgb: FloatArray, hints: FloatArray | None, channels: int) -> FloatArray:
        feed = {"rgb": np.ascontiguousarray(rgb, np.float32)}
        batch, _, height, width = rgb.shape
        if self.takes_hints:
            feed["hints"] = (
                np.zeros((batch, 4, height, width), np.float32) if hints is None else np.asarray(hints, np.float32)
            )
        try:
            result: FloatArray = self._session.run([output], feed)[0]
        except Exception as error:  # see above
            raise ColorganError(f"{self._file} cannot be run by onnxruntime ({_reason(error)})") from error
        if result.shape != (batch, channels, height, width) or not math.isfinite(result.sum()):
            raise ColorganError(
                f"{self._file} predicted no colors for pictures of shape {rgb.shape}: it is no colorizer, or damaged"
            )
        return result

    def _check_signature(self) -> None:
        """Inputs and outputs as :mod:`colorgan.inference.onnx.export` makes them: float32, and of any batch, height and width."""
        wanted = {"rgb": 3, **({"hints": 4} if self.takes_hints else {})}
        inputs = {entry.name: entry for entry in self._session.get_inputs()}
        outputs = self._session.get_outputs()
        fits = inputs.keys() == wanted.keys() and tuple(entry.name for entry in outputs) == OUTPUTS
        fits = fits and all(_is_picture(inputs[name], channels) for name, channels in wanted.items())
        if not (fits and all(entry.type == "tensor(float)" for entry in outputs)):
            found = ", ".join(f"{name} {entry.shape}" for name, entry in inputs.items())
            raise CheckpointError(
                f"{self._file} is no exported colorizer: it takes {found:.200} instead of "
                f"{' and '.join(f'{name} (B, {channels}, H, W)' for name, channels in wanted.items())} of any size"
            )


def _is_picture(entry: Any, channels: int) -> bool:
    shape = list(entry.shape)
    dynamic = len(shape) == 4 and not any(isinstance(shape[axis], int) for axis in (0, 2, 3))
    return dynamic and shape[1] == channels and entry.type == "tensor(float)"


def _provider(device: str, available: list[str]) -> tuple[str, dict[str, Any]]:
    """Onnxruntime's name of a device."""
    kind, _, number = device.partition(":")
    if kind == "auto":
        kind = "cuda" if "CUDAExecutionProvider" in available else "cpu"
    if kind == "cpu" and not number:
        return "CPUExecutionProvider", {}
    if kind == "cuda" and "CUDAExecutionProvider" in available and (number.isdecimal() or not number):
        return "CUDAExecutionProvider", {"device_id": int(number or 0)}
    reason = "onnxruntime-gpu is not installed" if kind == "cuda" else "an .onnx file runs on cpu or cuda"
    raise ColorganError(f"the device {device!r} cannot be used here ({reason}); try cpu")


def _metadata(properties: Mapping[str, str], file: Path) -> dict[str, Any]:
    text = properties.get(METADATA)
    if text is None:
        raise CheckpointError(f"{file} was not written by `colorgan export`: it does not say what it is")
    try:
        about = json.loads(text) if len(text) <= _LONGEST_METADATA else None
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(f"{file} describes itself in a way that this version of colorgan does not know")
    size, takes_hints = about.get("size"), about.get("takes_hints")
    if type(size) is not int or not 1 <= size <= _LARGEST_SIZE or type(takes_hints) is not bool:
        raise CheckpointError(
            f"{file} is damaged: its size must be a number of pixels up to {_LARGEST_SIZE} and takes_hints true or "
            f"false, received {size!r:.40} and {takes_hints!r:.40}"
        )
    return about


def _reason(error: Exception) -> str:
    """The point of onnxruntime's message, without its status codes."""
    text = " ".join(str(error).split()).split(" : ")[-1]
    return text[:160].rstrip(". ") or type(error).__name__
