"""Metrics of colorization.

Importing the package imports the table of metrics; torch comes in with the first name that needs it. Metrics that hold
a network are not modules, so that their weights never enter the checkpoint of a LightningModule.
"""

from typing import TYPE_CHECKING, Any

from colorgan.metrics.metric import Metric
from colorgan.metrics.registry import METRICS, find_metric

if TYPE_CHECKING:
    from colorgan.color.difference import ab_error, ciede2000, colorfulness, tint
    from colorgan.color.tensors import to_lab
    from colorgan.metrics.features import FeatureExtractor
    from colorgan.metrics.frechet import FeatureStatistics, KernelDistance, frechet_distance, kernel_distance
    from colorgan.metrics.hinted import hinted_psnr
    from colorgan.metrics.perceptual import LPIPS
    from colorgan.metrics.pixels import margin_accuracy, psnr, ssim

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

_NAMES = {
    "LPIPS": "colorgan.metrics.perceptual",
    "FeatureExtractor": "colorgan.metrics.features",
    "FeatureStatistics": "colorgan.metrics.frechet",
    "KernelDistance": "colorgan.metrics.frechet",
    "ab_error": "colorgan.color.difference",
    "ciede2000": "colorgan.color.difference",
    "colorfulness": "colorgan.color.difference",
    "frechet_distance": "colorgan.metrics.frechet",
    "hinted_psnr": "colorgan.metrics.hinted",
    "kernel_distance": "colorgan.metrics.frechet",
    "margin_accuracy": "colorgan.metrics.pixels",
    "psnr": "colorgan.metrics.pixels",
    "ssim": "colorgan.metrics.pixels",
    "tint": "colorgan.color.difference",
    "to_lab": "colorgan.color.tensors",
}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
