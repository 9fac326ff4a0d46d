"""Hints: known colors at some pixels of a photo, given to the network as extra input channels.

Hint channels are concatenated to the gray input of a generator: the color channels, zero where nothing is known, and a
mask that is 1 where a color is known.
"""

from colorgan.models.hints.base import Hints, NoHints
from colorgan.models.hints.points import GeometricPointHints, PixelHints, PointHints

__all__ = ["GeometricPointHints", "Hints", "NoHints", "PixelHints", "PointHints"]
