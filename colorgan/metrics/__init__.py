"""Metrics of colorization.

Metrics that hold a network are not modules, so that their weights never enter the checkpoint of a LightningModule.
"""

from colorgan.color.difference import ab_error, ciede2000, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import FeatureStatistics, KernelDistance, frechet_distance, kernel_distance
from colorgan.metrics.hinted import hinted_psnr
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
    "hinted_psnr",
    "kernel_distance",
    "margin_accuracy",
    "psnr",
    "ssim",
    "to_lab",
]
