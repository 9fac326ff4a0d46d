"""The record of a report: everything on which its results depend."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch

from colorgan import __version__
from colorgan.evaluation.report.photos import ReferencePhotos
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.perceptual import LPIPS

_PACKAGES = ("torch", "torchvision", "torch-fidelity", "timm", "kornia", "pillow", "numpy")


def make_record(
    photos: ReferencePhotos,
    protocol: str,
    extractors: Sequence[FeatureExtractor],
    lpips: LPIPS | None,
    margin: float,
    device: torch.device,
    not_measured: Sequence[str],
) -> dict[str, Any]:
    """Describes how the results of a report were measured.

    Args:
        photos: the reference photos.
        protocol: name of the protocol.
        extractors: the feature extractors.
        lpips: the perceptual distance, if it was measured.
        margin: margin of the margin accuracy, for values in [0, 1].
        device: device of the networks.
        not_measured: a sentence on each metric that could not be measured.

    Returns:
        Plain data. It contains no absolute path.
    """
    device_name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "protocol": f"{protocol} protocol, {photos.resize}",
        "photos": {
            "folder": photos.folder.name,
            "count": len(photos),
            "order": "by name",
            "sha256": photos.digest,
        },
        "pairing": "each image with the photo of its name; distances are to the reference photos of the same files",
        "pixels": "8-bit RGB, rounded, never JPEG",
        "features": [
            {
                "metric": extractor.metric,
                "judge": extractor.name,
                "extractor": f"{extractor.name}, layer {extractor.layer}",
                "resize": extractor.resize,
                "weights": extractor.sha256,
                "published": extractor.published,
            }
            for extractor in extractors
        ],
        "lpips": None if lpips is None else {"network": lpips.network, "weights": lpips.sha256},
        "margin": f"{margin * 255:g} of 255",
        "intervals": "95%; means by 1,000 bootstrap resamples, Fréchet distances by 100 subsets without replacement, "
        "differences of means by 9,999 resamples",
        "not_measured": list(not_measured),
        "versions": {"colorgan": __version__, "python": platform.python_version()}
        | {package: version(package) for package in _PACKAGES},
        "device": f"{device.type} ({device_name})",
    }
