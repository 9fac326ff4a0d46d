"""Measures of colorization. Those that carry networks are never attributes of a LightningModule."""

from colorgan.color.difference import ab_error, ciede2000, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import FeatureStatistics, KernelDistance, frechet_distance, kernel_distance
from colorgan.metrics.perceptual import LPIPS
from colorgan.metrics.pixels import MarginAccuracy, margin_accuracy, psnr, ssim

__all__ = [
    "LPIPS",
    "FeatureExtractor",
    "FeatureStatistics",
    "KernelDistance",
    "MarginAccuracy",
    "ab_error",
    "ciede2000",
    "colorfulness",
    "frechet_distance",
    "kernel_distance",
    "margin_accuracy",
    "psnr",
    "ssim",
    "to_lab",
]
