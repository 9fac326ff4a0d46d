from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY


class TinyFeatures(FeatureExtractorBase):
    """24 fixed features: weighted means of the pixels of a photo, through a bend."""

    def __init__(self, name, features_list, feature_extractor_weights_path=None, **_):
        super().__init__(name, features_list)
        self.register_buffer("weights", torch.randn(24, 3 * 16, generator=torch.Generator().manual_seed(0)))

    def forward(self, images):
        pooled = torch.nn.functional.adaptive_avg_pool2d(images.float() / 255, 4).flatten(1)
        return (torch.nn.functional.softplus(pooled @ self.weights.T),)

    @staticmethod
    def get_provided_features_list():
        return ("24",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "24"

    @staticmethod
    def can_be_compiled():
        return False


@pytest.fixture
def tiny_features(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a small extractor, registered with torch-fidelity for the duration of a test."""
    monkeypatch.setitem(FEATURE_EXTRACTORS_REGISTRY, "tiny-test", TinyFeatures)
    return "tiny-test"


def photos(count: int, seed: int, size: int = 16) -> Tensor:
    """Smooth random uint8 photos (count, 3, size, size), more colourful with each seed."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 4, 4, generator=random) * (0.6 + 0.1 * seed)
    smooth = torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear", align_corners=False)
    return smooth.clamp(0, 1).mul(255).round().to(torch.uint8)


def write(images: Tensor, folder: Path) -> Path:
    """Writes photos as PNG files whose names sort in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        Image.fromarray(np.ascontiguousarray(image.permute(1, 2, 0).numpy())).save(folder / f"{index:04d}.png")
    return folder
