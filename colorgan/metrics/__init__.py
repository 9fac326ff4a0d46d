"""Metrics of colorization.

Metrics that hold a network are not modules, so that their weights never enter the checkpoint of a LightningModule.
"""

from colorgan.color.difference import ab_error, ciede2000, colorfulness, tint
from colorgan.color.tensors import to_lab
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import FeatureStatistics, KernelDistance, frechet_distance, kernel_distance
from colorgan.metrics.hinted import hinted_psnr
from colorgan.metrics.perceptual import LPIPS
from colorgan.metrics.pixels import margin_accuracy, psnr, ssim
from colorgan.metrics.registry import METRICS, Metric, find_metric

__all__ = [
    "LPIPS",
    "METRICS",
    "FeatureExtractor",
    "FeatureStatistics",
    "KernelDistance",
    "Metric",
    "ab_error",
    "ciede2000",
    "colorfulness",
    "find_metric",
    "frechet_distance",
    "hinted_psnr",
    "kernel_distance",
    "margin_accuracy",
    "psnr",
    "ssim",
    "tint",
    "to_lab",
]
