"""Colorizes photos with an exported model through onnxruntime, without torch."""

import json
import math
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from colorgan.color.cielab import FloatArray
from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import resolved
from colorgan.files.plain import check_plain
from colorgan.inference.onnx.file_check import read_checked
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.runtime import import_onnxruntime
from colorgan.inference.shipped import ONNX, shipped_model
from colorgan.inference.working_size import check_size
from colorgan.system.memory import total_memory
from colorgan.system.threads import available_cores, map_ahead

METADATA_KEY = "colorgan"
"""Key of the ONNX metadata that contains the description of the model, in JSON."""
FORMAT = 2
"""Version of the description. 2: hints are L*, a*, b* and a mask, and a* and b* are a separate output."""

OUTPUTS = ("colorized", "ab")

_MAX_METADATA_LENGTH = 1 << 20
_MAX_METADATA_VALUES = 10_000
_LOG_FATAL_ONLY = 4
_MAX_THREADS = 16
_TRIAL_SIZE = 64
_TRIAL_BYTES = 256 << 20
_TRIAL_SECONDS = 10.0
"""A trial colorizes this many pixels squared with this much memory beside the weights. Real models need a fiftieth."""


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
        provider = _execution_provider(device, onnxruntime.get_available_providers())
        self._intra_op_threads = num_threads or 0
        self._num_threads = min(num_threads or available_cores(), _MAX_THREADS)
        max_bytes = None
        if not _is_shipped(self._file):
            self._try_out(data)
            memory = total_memory()
            max_bytes = memory // 2 if memory else None
        self._open(data, provider, max_bytes)
        if device != "auto" and self._session.get_providers()[0] != provider[0]:
            raise ColorganError(f"the device {device!r} is not available to onnxruntime; try cpu")
        self.card = str(self.metadata.get("card", ""))

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

    def _open(self, data: bytes, provider: tuple[str, dict[str, Any]], max_bytes: int | None) -> None:
        """Creates the session, and checks that it is one of a colorizer.

        Args:
            data: the content of the file.
            provider: the execution provider.
            max_bytes: memory that the runtime may use on the CPU; ``None`` does not limit it.
        """
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LOG_FATAL_ONLY  # errors are raised below
        options.intra_op_num_threads = self._intra_op_threads
        # waiting threads leave the cores to painting
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if max_bytes is not None:
            memory = onnxruntime.OrtMemoryInfo(
                "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
            )
            # sessions that are created later use it, until another one is registered
            onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_mem": max_bytes}))
            options.add_session_config_entry("session.use_env_allocators", "1")
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=[provider])
        except Exception as error:  # onnxruntime has one exception class per status code
            raise CheckpointError(
                f"{self._file} cannot be loaded by onnxruntime ({_short_message(error)}); export it again"
            ) from error
        self._is_on_cpu = self._session.get_providers()[0] == "CPUExecutionProvider"
        self.metadata = _parse_metadata(self._session.get_modelmeta().custom_metadata_map, self._file)
        self._check_signature()

    def _try_out(self, data: bytes) -> None:
        """Colorizes a few pixels with little memory and time, because a small file may ask for much of both."""
        onnxruntime = import_onnxruntime()
        self._open(data, ("CPUExecutionProvider", {}), _TRIAL_BYTES + 16 * len(data))
        stop = onnxruntime.RunOptions()
        timer = threading.Timer(_TRIAL_SECONDS, setattr, (stop, "terminate", True))
        timer.start()
        try:
            gray = np.full((1, 3, _TRIAL_SIZE, _TRIAL_SIZE), 0.5, np.float32)
            self._run("ab", gray, None, channels=2, options=stop)
            self._run("colorized", gray, None, channels=3, options=stop)
        except ColorganError as error:
            reason = str(error).removeprefix(f"{self._file} ")
            raise CheckpointError(
                f"{self._file} was refused: it cannot colorize {_TRIAL_SIZE} x {_TRIAL_SIZE} pixels within "
                f"{_TRIAL_BYTES >> 20} MiB and {_TRIAL_SECONDS:g} s ({reason:.200})"
            ) from error
        finally:
            timer.cancel()

    def _run(
        self, output: str, rgb: FloatArray, hints: FloatArray | None, channels: int, options: Any = None
    ) -> FloatArray:
        inputs = {"rgb": np.ascontiguousarray(rgb, np.float32)}
        batch, _, height, width = rgb.shape
        if self.takes_hints:
            inputs["hints"] = (
                np.zeros((batch, 4, height, width), np.float32) if hints is None else np.asarray(hints, np.float32)
            )

        def run(images: slice) -> FloatArray:
            selected = {name: value[images] for name, value in inputs.items()}
            part: FloatArray = self._session.run([output], selected, options)[0]
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


def _is_shipped(file: Path) -> bool:
    """Whether a file is that of the model that ships with colorgan."""
    try:
        return resolved(file) == resolved(shipped_model() / ONNX)
    except CheckpointError:
        return False


def _parse_metadata(properties: Mapping[str, str], file: Path) -> dict[str, Any]:
    text = properties.get(METADATA_KEY)
    if text is None:
        raise CheckpointError(f"{file} was not written by `colorgan export`: it contains no description of the model")
    try:
        metadata = json.loads(text) if len(text) <= _MAX_METADATA_LENGTH else None
        check_plain(metadata, file, _MAX_METADATA_VALUES)
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(f"{file} has a description that this version of colorgan cannot read; export it again")
    check_size(metadata.get("size"), file)
    if type(metadata.get("takes_hints")) is not bool:
        raise CheckpointError(
            f"{file} is damaged: takes_hints must be true or false, received {metadata.get('takes_hints')!r:.40}"
        )
    return metadata


def _short_message(error: Exception) -> str:
    """The message of an onnxruntime error without its status codes."""
    text = " ".join(str(error).split()).split(" : ")[-1]
    return text[:160].rstrip(". ") or type(error).__name__
