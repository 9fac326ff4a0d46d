"""Exports models to ONNX and runs them with onnxruntime.

Exporting (:mod:`colorgan.inference.onnx.export`) needs torch; running an exported model does not.
"""

from colorgan.inference.onnx.colorizer import OnnxColorizer
from colorgan.inference.onnx.contract import OnnxContract
from colorgan.inference.onnx.foreign import ForeignOnnxColorizer

__all__ = ["ForeignOnnxColorizer", "OnnxColorizer", "OnnxContract"]
