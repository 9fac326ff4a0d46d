"""Loads models and colorizes photos, without any training code.

What needs torch, such as :class:`~colorgan.inference.torch_colorizer.TorchColorizer`, is imported from its own module,
so that an exported model runs where torch is not installed.
"""

from colorgan.inference.color_distribution import ColorDistribution, LikelyColor, color_distribution
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.full_size import ChromaPrediction, apply_chroma
from colorgan.inference.hints import ColorArea, ColorHint, ColorStroke, Hint, parse_hints, read_hints, write_hints
from colorgan.inference.look import Look
from colorgan.inference.mixture import MixedColorizer, open_models
from colorgan.inference.onnx.contract import OnnxContract
from colorgan.inference.open_model import open_model
from colorgan.inference.palette import Palette
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.temporal import TemporalSmoother

__all__ = [
    "ChromaPrediction",
    "ColorArea",
    "ColorDistribution",
    "ColorHint",
    "ColorStroke",
    "Colorizer",
    "Hint",
    "LikelyColor",
    "Look",
    "MixedColorizer",
    "OnnxContract",
    "Palette",
    "PhotoColorizer",
    "TemporalSmoother",
    "apply_chroma",
    "color_distribution",
    "open_model",
    "open_models",
    "parse_hints",
    "read_hints",
    "write_hints",
]
