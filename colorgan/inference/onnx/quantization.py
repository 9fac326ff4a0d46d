"""Exported graphs with convolutions of 8 bits."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from colorgan.color.cielab import FloatArray

_FIRST, _LAST = 3, 8
"""Convolutions at the graph's ends that keep 32 bits: rounding gray, hints or colors is what would show."""


def quantized(model: Any, seen: Sequence[tuple[FloatArray, FloatArray | None]]) -> Any:
    """The model with 8-bit convolutions, all but the first and the last ones, between tensors of float32 (QDQ).

    Weights are rounded for each channel by itself; the ranges of activations are those met on photos. Everything but
    convolutions, color conversion above all, stays as it is.

    Args:
        model: an ``onnx.ModelProto``.
        seen: pictures (B, 3, h, w) and, for models that take them, painted hints (B, 4, h, w).

    Returns:
        Another ``onnx.ModelProto``.
    """
    import onnx

    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    first, last = min(_FIRST, len(convolutions) // 8), min(_LAST, len(convolutions) // 4)
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it advises on every call to optimize first, which the exporter has done
    try:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "quantized.onnx")
            quantize_static(
                model,
                target,
                _Photos(seen),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=[*convolutions[:first], *convolutions[len(convolutions) - last :]],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            return onnx.load(target)
    finally:
        logging.root.setLevel(level)


class _Photos(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, seen: Sequence[tuple[FloatArray, FloatArray | None]]) -> None:
        self._feeds = iter({"rgb": rgb, **({} if hints is None else {"hints": hints})} for rgb, hints in seen)

    def get_next(self) -> dict[str, FloatArray] | None:
        return next(self._feeds, None)
