"""Callbacks: what happens around training and validation."""

from colorgan.training.callbacks.checkpoints import BestCheckpoint, LastCheckpoint
from colorgan.training.callbacks.fine_tuning import FineTuning
from colorgan.training.callbacks.frechet import FrechetDistance
from colorgan.training.callbacks.gradients import WatchGradients
from colorgan.training.callbacks.hint_psnr import HintPSNR
from colorgan.training.callbacks.interruption import SaveOnSignal
from colorgan.training.callbacks.moving_averages import MovingAverages
from colorgan.training.callbacks.network_sizes import NetworkSizes
from colorgan.training.callbacks.pixel_metrics import PixelMetrics
from colorgan.training.callbacks.predictions import PhotoWriter
from colorgan.training.callbacks.samples import SampleSheet

__all__ = [
    "BestCheckpoint",
    "FineTuning",
    "FrechetDistance",
    "HintPSNR",
    "LastCheckpoint",
    "MovingAverages",
    "NetworkSizes",
    "PhotoWriter",
    "PixelMetrics",
    "SampleSheet",
    "SaveOnSignal",
    "WatchGradients",
]
