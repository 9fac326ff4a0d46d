"""Quantizes exported graphs to 8 bits."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from colorgan.color.cielab import FloatArray

_NUM_FIRST, _NUM_LAST = 3, 8
"""Maximum number of convolutions at the input and output that stay in float32, because rounding there is visible."""


def quantize(model: Any, calibration_inputs: Sequence[tuple[FloatArray, FloatArray | None]]) -> Any:
    """Quantizes convolutions to 8 bits, except for the first and last ones, in QDQ format.

    Weights are quantized per channel; the ranges of activations are measured on the calibration inputs. All other
    operators, such as color conversion, stay in float32.

    Args:
        model: an ``onnx.ModelProto``.
        calibration_inputs: images (B, 3, h, w) and, for models with hints, rasterized hints (B, 4, h, w).

    Returns:
        The quantized ``onnx.ModelProto``.
    """
    import onnx

    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    num_first, num_last = min(_NUM_FIRST, len(convolutions) // 8), min(_NUM_LAST, len(convolutions) // 4)
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # silences the advice to optimize first, which the exporter has done
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "quantized.onnx")
            quantize_static(
                model,
                file,
                _CalibrationInputs(calibration_inputs),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=[*convolutions[:num_first], *convolutions[len(convolutions) - num_last :]],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            return onnx.load(file)
    finally:
        logging.root.setLevel(level)


class _CalibrationInputs(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, inputs: Sequence[tuple[FloatArray, FloatArray | None]]) -> None:
        self._inputs = iter({"rgb": rgb, **({} if hints is None else {"hints": hints})} for rgb, hints in inputs)

    def get_next(self) -> dict[str, FloatArray] | None:
        return next(self._inputs, None)
