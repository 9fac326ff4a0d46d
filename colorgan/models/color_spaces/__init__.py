"""Color spaces: how a photo is split into the gray that a network receives and the color that it predicts.

Every color space converts RGB in [0, 1] to a gray channel and color channels in [-1, 1], the range of tanh, and back.
In :class:`QuantizedLab` a network predicts scores of many colors, from which the color channels follow. All arithmetic
is float32, also under autocast, because bfloat16 cannot tell L = 99.0 from 99.5.
"""

from colorgan.models.color_spaces.base import ColorSpace
from colorgan.models.color_spaces.hsv import HSV
from colorgan.models.color_spaces.lab import Lab
from colorgan.models.color_spaces.quantized_lab import QuantizedLab
from colorgan.models.color_spaces.rgb import RGB
from colorgan.models.color_spaces.ycbcr import YCbCr

__all__ = ["HSV", "RGB", "ColorSpace", "Lab", "QuantizedLab", "YCbCr"]
