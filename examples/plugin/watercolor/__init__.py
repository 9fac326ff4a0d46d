"""Parts for colorgan: a generator, a loss, a metric and data."""

from watercolor.data import Washes
from watercolor.losses import LogCosh
from watercolor.metrics import SATURATION_ERROR
from watercolor.networks import DilatedNet

__all__ = ["SATURATION_ERROR", "DilatedNet", "LogCosh", "Washes"]
