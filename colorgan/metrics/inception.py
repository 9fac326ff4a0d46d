"""Inception-v3 with the image resizing of clean-FID, as a feature extractor of torch-fidelity."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3


class InceptionV3Clean(FeatureExtractorInceptionV3):  # type: ignore[misc]
    """Inception-v3 on photos resized as in clean-FID (Parmar et al. 2022, https://arxiv.org/abs/2104.11222).

    Photos are resized to 299 x 299 with Pillow's antialiased bicubic filter, one channel at a time, in float.
    """

    RESIZE = "bicubic to 299 x 299, antialiased, in float (Pillow; clean-FID)"

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps uint8 photos (B, 3, H, W) to a tuple with one tensor, features (B, 2048)."""
        size = self.INPUT_IMAGE_SIZE
        channels = images.flatten(0, 1).float().cpu().numpy()
        resized = [np.asarray(Image.fromarray(c).resize((size, size), Image.Resampling.BICUBIC)) for c in channels]
        x = torch.from_numpy(np.stack(resized)).clamp(0, 255).to(images.device)
        x = x.view(*images.shape[:2], size, size)
        x = (x - 128) / 128
        *layers, _classifier = self.children()
        for layer in layers:
            x = layer(x)
        return (x.flatten(1),)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Names of the available feature layers."""
        return ("2048",)
