"""Callbacks: what happens around training and validation."""

from colorgan.callbacks.frechet import FrechetDistance
from colorgan.callbacks.samples import SampleSheet

__all__ = ["FrechetDistance", "SampleSheet"]
