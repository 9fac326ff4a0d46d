"""Colorizes photos with an exported model through onnxruntime, without torch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from colorgan.color.cielab import FloatArray
from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import resolved
from colorgan.files.plain import check_plain
from colorgan.inference.onnx.file_check import read_checked
from colorgan.inference.onnx.session import (
    CPU,
    OnnxSession,
    check_provider,
    execution_provider,
    memory_limit,
    require_onnxruntime,
    stop_after,
)
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.shipped import ONNX, shipped_model
from colorgan.inference.working_size import check_size
from colorgan.system.threads import available_cores, map_ahead

METADATA_KEY = "colorgan"
"""Key of the ONNX metadata that contains the description of the model, in JSON."""
FORMAT = 3
"""Version of the contract of inputs, outputs and description, which docs/export.md states.

2: hints are L*, a*, b* and a mask, and a* and b* are a separate output. 3: hints are optional, and may have sizes of 1.
"""
_READABLE_FORMATS = (2, FORMAT)

OUTPUTS = ("colorized", "ab")
PROBABILITIES = "probabilities"
"""A third output of models that classify color, whose description has the ``color_bins``."""

_MAX_METADATA_LENGTH = 1 << 20
_MAX_METADATA_VALUES = 10_000
_MAX_COLOR_BINS = 2000
_MAX_THREADS = 16
_TRIAL_SIZE = 64
_TRIAL_BYTES = 256 << 20
_TRIAL_SECONDS = 10.0
"""A trial colorizes this many pixels squared with this much memory beside the weights. Real models need a fiftieth."""


class NotExportedError(CheckpointError):
    """An ONNX file was not written by ``colorgan export``."""


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
        require_onnxruntime(path)
        self._file = Path(path)
        data = read_checked(self._file)
        provider = execution_provider(device)
        self._num_threads = min(num_threads or available_cores(), _MAX_THREADS)
        max_bytes = None
        if not _is_shipped(self._file):
            self._open(OnnxSession(self._file, data, max_bytes=_TRIAL_BYTES + 16 * len(data)))
            self._try_out()
            max_bytes = memory_limit()
        self._open(OnnxSession(self._file, data, provider, num_threads or 0, max_bytes))
        check_provider(self._session, provider, device)
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

    @property
    def color_bins(self) -> FloatArray | None:
        """CIE a* and b* of the colors of a model that classifies color; see :attr:`PhotoColorizer.color_bins`."""
        bins = self.metadata.get("color_bins")
        return None if bins is None else np.array(bins, np.float32)

    def run_classifier(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts probabilities of colors; see :meth:`PhotoColorizer.run_classifier`."""
        if "color_bins" not in self.metadata:
            return super().run_classifier(rgb, hints)
        return self._run(PROBABILITIES, rgb, hints, channels=len(self.metadata["color_bins"]))

    def _open(self, session: OnnxSession) -> None:
        """Uses a session, after checking that it is one of a colorizer."""
        self._session = session
        self.metadata = _parse_metadata(session.metadata, self._file)
        self._check_signature()

    def _try_out(self) -> None:
        """Colorizes a few pixels with little memory and time, because a small file may ask for much of both."""
        gray = np.full((1, 3, _TRIAL_SIZE, _TRIAL_SIZE), 0.5, np.float32)
        try:
            with stop_after(_TRIAL_SECONDS) as options:
                self._run("ab", gray, None, channels=2, options=options)
                self._run("colorized", gray, None, channels=3, options=options)
        except ColorganError as error:
            reason = str(error).removeprefix(f"{self._file} ")
            raise CheckpointError(
                f"{self._file} was refused: it cannot colorize {_TRIAL_SIZE} x {_TRIAL_SIZE} pixels within "
                f"{_TRIAL_BYTES >> 20} MiB and {_TRIAL_SECONDS:g} s ({reason:.200})"
            ) from error

    def _run(
        self, output: str, rgb: FloatArray, hints: FloatArray | None, channels: int, options: Any = None
    ) -> FloatArray:
        inputs = {"rgb": np.ascontiguousarray(rgb, np.float32)}
        batch, _, height, width = rgb.shape
        if self.takes_hints and hints is not None:
            inputs["hints"] = np.asarray(hints, np.float32)
        elif "hints" in {entry.name for entry in self._session.inputs}:  # required
            inputs["hints"] = np.zeros((batch, 4, height, width), np.float32)

        def run(images: slice) -> FloatArray:
            return self._session.run(output, {name: value[images] for name, value in inputs.items()}, options)

        # On a CPU, single images in threads take less time than all of them in one call, and the results are equal.
        size = 1 if self._session.provider == CPU[0] else max(1, batch)
        parts = [slice(first, first + size) for first in range(0, max(1, batch), size)]
        result = np.concatenate(list(map_ahead(run, parts, min(self._num_threads, len(parts)))))
        shape = (batch, channels, *(result.shape[2:] if output == PROBABILITIES else (height, width)))
        if result.shape != shape or not math.isfinite(result.sum()):
            raise ColorganError(
                f"{self._file} predicted no valid colors for images of shape {rgb.shape}; it is damaged or not a "
                "colorizer"
            )
        return result

    def _check_signature(self) -> None:
        """Checks that inputs and outputs are float32 and have dynamic batch, height and width."""
        expected = {"rgb": 3, **({"hints": 4} if self.takes_hints else {})}
        optional = [entry for entry in self._session.optional_inputs if entry.name in expected]
        inputs = {entry.name: entry for entry in (*self._session.inputs, *optional)}
        outputs = self._session.outputs
        names = (*OUTPUTS, PROBABILITIES) if "color_bins" in self.metadata else OUTPUTS
        fits = inputs.keys() == expected.keys() and tuple(entry.name for entry in outputs) == names
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


def _is_shipped(file: Path) -> bool:
    """Whether a file is that of the model that ships with colorgan."""
    try:
        return resolved(file) == resolved(shipped_model() / ONNX)
    except CheckpointError:
        return False


def _parse_metadata(properties: Mapping[str, str], file: Path) -> dict[str, Any]:
    text = properties.get(METADATA_KEY)
    if text is None:
        raise NotExportedError(f"{file} was not written by `colorgan export`: it contains no description of the model")
    try:
        metadata = json.loads(text) if len(text) <= _MAX_METADATA_LENGTH else None
        check_plain(metadata, file, _MAX_METADATA_VALUES)
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or metadata.get("format") not in _READABLE_FORMATS:
        raise CheckpointError(f"{file} has a description that this version of colorgan cannot read; export it again")
    check_size(metadata.get("size"), file)
    if type(metadata.get("takes_hints")) is not bool:
        raise CheckpointError(
            f"{file} is damaged: takes_hints must be true or false, received {metadata.get('takes_hints')!r:.40}"
        )
    _check_color_bins(metadata.get("color_bins"), file)
    return metadata


def _check_color_bins(bins: Any, file: Path) -> None:
    if bins is None:
        return
    is_list = isinstance(bins, list) and 1 <= len(bins) <= _MAX_COLOR_BINS
    if not (is_list and all(isinstance(each, list) and len(each) == 2 and all(map(_is_ab, each)) for each in bins)):
        raise CheckpointError(f"{file} is damaged: color_bins must be pairs of a* and b*, received {bins!r:.40}")


def _is_ab(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= 128
