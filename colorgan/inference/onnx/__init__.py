"""Exports models to ONNX and runs them with onnxruntime.

Exporting (:mod:`colorgan.inference.onnx.export`) needs torch; running an exported model does not.
"""

from colorgan.inference.onnx.colorizer import OnnxColorizer

__all__ = ["OnnxColorizer"]
