"""Measures of colorization. Those that carry networks are never attributes of a LightningModule."""

from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import FeatureStatistics, KernelDistance, frechet_distance, kernel_distance

__all__ = ["FeatureExtractor", "FeatureStatistics", "KernelDistance", "frechet_distance", "kernel_distance"]
