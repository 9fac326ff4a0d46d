"""Callbacks: what happens around training and validation."""

from colorgan.callbacks.checkpoints import BestCheckpoint, LastCheckpoint
from colorgan.callbacks.fine_tuning import FineTuning
from colorgan.callbacks.frechet import FrechetDistance
from colorgan.callbacks.gradients import WatchGradients
from colorgan.callbacks.hint_psnr import HintPSNR
from colorgan.callbacks.interruption import SaveOnSignal
from colorgan.callbacks.moving_averages import MovingAverages
from colorgan.callbacks.network_sizes import NetworkSizes
from colorgan.callbacks.pixel_figures import PixelFigures
from colorgan.callbacks.predictions import PhotoWriter
from colorgan.callbacks.samples import SampleSheet

__all__ = [
    "BestCheckpoint",
    "FineTuning",
    "FrechetDistance",
    "HintPSNR",
    "LastCheckpoint",
    "MovingAverages",
    "NetworkSizes",
    "PhotoWriter",
    "PixelFigures",
    "SampleSheet",
    "SaveOnSignal",
    "WatchGradients",
]
