"""Colorizes photos with an ONNX colorizer of another program."""

from pathlib import Path
from typing import Any

import numpy as np

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.onnx.contract import METADATA_KEY, OnnxContract
from colorgan.inference.onnx.file_check import read_checked
from colorgan.inference.onnx.session import (
    OnnxSession,
    check_provider,
    execution_provider,
    memory_limit,
    require_onnxruntime,
    stop_after,
)
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.small_image import resize_planes
from colorgan.inference.working_size import check_size

_MULTIPLE = 32
"""Sides of graphs without a fixed size are stretched to multiples of this, which all common networks take."""
_TRIAL_SHAPE = (64, 64)
_TRIAL_BYTES = 256 << 20
_TRIAL_SECONDS = 10.0
_TRIAL_PIXELS = 128 * 128
"""A trial gets this memory, beside the weights, and this time for each so many pixels."""
_MAX_AB = 128.0


class ForeignOnnxColorizer(PhotoColorizer):
    """An ONNX colorizer that was not written by colorgan, but fits :class:`~colorgan.inference.onnx.OnnxContract`.

    Args:
        path: the ``.onnx`` file.
        device: ``cpu``; ``cuda`` or ``cuda:1``, if onnxruntime supports it; ``auto`` selects the fastest.
        contract: what its numbers mean. Default: as the metadata of the file say.

    Attributes:
        contract: what its numbers mean.

    Raises:
        CheckpointError: if the file is missing, damaged, refused, or does not fit.
        ColorganError: if the device is not available.
    """

    takes_hints = False

    def __init__(self, path: str | Path, device: str = "cpu", contract: OnnxContract | None = None) -> None:
        require_onnxruntime(path)
        self._file = Path(path)
        data = read_checked(self._file)
        provider = execution_provider(device)
        trial_shape = self._open(OnnxSession(self._file, data, max_bytes=_TRIAL_BYTES + 16 * len(data)), contract)
        area = max(1.0, trial_shape[0] * trial_shape[1] / _TRIAL_PIXELS)
        if area > 1:
            limit = round(_TRIAL_BYTES * area) + 16 * len(data)
            self._open(OnnxSession(self._file, data, max_bytes=limit), contract)
        self._try_out(trial_shape, _TRIAL_SECONDS * area)
        self._open(OnnxSession(self._file, data, provider, max_bytes=memory_limit()), contract)
        check_provider(self._session, provider, device)

    @property
    def size(self) -> int:
        """Shorter side, in pixels, at which the photo is shown."""
        return self.contract.size if self._fixed_shape is None else min(self._fixed_shape)

    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small images; see :meth:`PhotoColorizer.run_network`.

        Raises:
            ColorganError: if onnxruntime fails, or the output is not finite or has the wrong shape.
        """
        return np.stack([self._predict_one(image) for image in rgb])

    def _open(self, session: OnnxSession, contract: OnnxContract | None) -> tuple[int, int]:
        """Uses a session, after checking that the contract describes it, and returns the height and width to try."""
        contract = contract or OnnxContract.from_metadata(session.metadata, self._file)
        if contract is None:
            raise CheckpointError(
                f"{self._file} was not written by `colorgan export`, and does not say what its input means: give "
                f"--onnx-black and --onnx-white, or write them into its metadata {METADATA_KEY!r} (see docs/export.md)"
            )
        self.contract = contract
        self._session = session
        self._channels, self._fixed_shape = self._check_signature()
        return self._fixed_shape or _TRIAL_SHAPE

    def _check_signature(self) -> tuple[int, tuple[int, int] | None]:
        """Checks inputs and outputs, and returns the input's channels, and its height and width if they are fixed."""
        inputs, outputs = self._session.inputs, self._session.outputs
        if len(inputs) == len(outputs) == 1:
            shape, output = list(inputs[0].shape), list(outputs[0].shape)
            fixed = [isinstance(side, int) for side in shape[2:]]
            fits = (
                len(shape) == len(output) == 4
                and shape[1] in (1, 3)
                and (shape[0] == 1 or not isinstance(shape[0], int))
                and (output[1] == 2 or not isinstance(output[1], int))
                and fixed[0] == fixed[1]
                and inputs[0].type == outputs[0].type == "tensor(float)"
            )
            if fits:
                for side in shape[2:] if fixed[0] else []:
                    check_size(side, self._file)
                return shape[1], ((shape[2], shape[3]) if fixed[0] else None)
        raise CheckpointError(
            f"{self._file} is no colorizer that colorgan can run: its inputs are {_describe(inputs)} and its outputs "
            f"{_describe(outputs)}, instead of one input (1, 1 or 3, H, W) and one output (1, 2, h, w) of float32"
        )

    def _try_out(self, shape: tuple[int, int], seconds: float) -> None:
        """Colorizes a gray image with little memory and time, because a small file may ask for much of both."""
        try:
            with stop_after(seconds) as options:
                self._run(np.full((3, *shape), 0.5, np.float32), shape, options)
        except ColorganError as error:
            reason = str(error).removeprefix(f"{self._file} ")
            raise CheckpointError(
                f"{self._file} was refused: it cannot colorize {shape[1]} x {shape[0]} pixels within limits of memory "
                f"and time ({reason:.200})"
            ) from error

    def _predict_one(self, image: FloatArray) -> FloatArray:
        """a* and b*, (2, h, w), of an image (3, h, w) in [0, 1]."""
        height, width = image.shape[1:]
        shape = self._fixed_shape or (_to_multiple(height), _to_multiple(width))
        return resize_planes(self._run(image, shape), (height, width))

    def _run(self, image: FloatArray, shape: tuple[int, int], options: Any = None) -> FloatArray:
        """The output, as a* and b* of any size, for an image (3, h, w) that is resized to ``shape``."""
        contract = self.contract
        fy = cielab.fy(np.rint(image.transpose(1, 2, 0) * np.float32(255)).astype(np.uint8))
        if self._channels == 1:
            gray = (fy * np.float32(116) - np.float32(16)) / np.float32(100)
        else:
            linear = cielab.lab_to_linear(fy, np.zeros_like(fy), np.zeros_like(fy))[0]
            gray = cielab.linear_to_srgb(linear, np.uint16) / np.float32(65535)
        resized = resize_planes(gray[None], shape) * np.float32(contract.white - contract.black)
        resized += np.float32(contract.black)
        planes = np.repeat(resized[None], self._channels, axis=1)
        output = self._session.run(self._session.outputs[0].name, {self._session.inputs[0].name: planes}, options)
        if output.ndim != 4 or output.shape[:2] != (1, 2) or 0 in output.shape or not np.isfinite(output).all():
            raise ColorganError(
                f"{self._file} predicted no valid colors: for an input of shape {planes.shape}, its output has the "
                f"shape {output.shape}, or is not finite"
            )
        ab: FloatArray = (output[0] * np.float32(contract.scale)).clip(-_MAX_AB, _MAX_AB)
        return ab


def _to_multiple(side: int) -> int:
    return max(1, round(side / _MULTIPLE)) * _MULTIPLE


def _describe(entries: Any) -> str:
    text = ", ".join(f"{entry.name} {entry.shape} of {entry.type}" for entry in entries)
    return text if len(text) <= 120 else f"{text[:117]}..."
