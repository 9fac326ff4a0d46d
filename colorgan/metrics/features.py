"""Feature extractors for Fréchet and kernel distances, by name.

A distance is only defined together with the network, the weights and the resizing that its features come from. A name
stands for all three:

- ``inception-v3-compat``: the TensorFlow Inception of 2015, with which published FIDs are measured.
- ``inception-v3-clean``: the same network with the antialiased resizing of clean-FID.
- ``efficientnet-lite2``: an ImageNet classifier whose weights are installed as a Python package; the judge of reports.
- ``efficientnet-lite0``: a smaller one, which takes half the time, but is also the default encoder of networks.
- any other extractor that is registered with torch-fidelity.

Weights are loaded without unpickling code, and identified by their SHA-256.
"""

import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor

from colorgan.errors import ColorganError, first_sentence
from colorgan.metrics.efficientnet import EfficientNetLite, EfficientNetLite0, EfficientNetLite2
from colorgan.metrics.inception import InceptionV3Clean
from colorgan.metrics.registry import JUDGE
from colorgan.metrics.weights import Download, find_weights, supply_instructions

LITE0 = "efficientnet-lite0"
INCEPTION = "inception-v3-compat"
INCEPTION_CLEAN = "inception-v3-clean"

_MAX_BATCH_SIZE = 64
_MAX_BATCH_SIZE_ON_CPU = 4
"""Larger batches leave the processor's cache between the layers."""

_INCEPTION_WEIGHTS = Download(URL_INCEPTION_V3, "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2")
_DOWNLOADS = {
    INCEPTION: _INCEPTION_WEIGHTS,
    INCEPTION_CLEAN: _INCEPTION_WEIGHTS,
    "vgg16": Download("https://download.pytorch.org/models/vgg16-397923af.pth", "397923af"),
}
_FID_NAMES = {INCEPTION: "fid", INCEPTION_CLEAN: "fid_clean"}
_PUBLISHED = {
    LITE0: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    JUDGE: "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    **{name: download.sha256 for name, download in _DOWNLOADS.items()},
}

for _name, _class in ((LITE0, EfficientNetLite0), (JUDGE, EfficientNetLite2), (INCEPTION_CLEAN, InceptionV3Clean)):
    if _name not in FEATURE_EXTRACTORS_REGISTRY:
        register_feature_extractor(_name, _class)


def check_extractor(name: str) -> None:
    """Checks the name of a feature extractor, without its weights.

    Raises:
        ColorganError: if there is none.
    """
    if name not in FEATURE_EXTRACTORS_REGISTRY:
        known = ", ".join(sorted(FEATURE_EXTRACTORS_REGISTRY))
        raise ColorganError(f"unknown feature extractor {name!r}; choose one of {known}")


class FeatureExtractor:
    """A named feature extractor with its weights.

    It is not an ``nn.Module`` on purpose: as an attribute of a LightningModule, its weights do not enter checkpoints.

    Args:
        name: ``efficientnet-lite2``, ``efficientnet-lite0``, ``inception-v3-compat``, ``inception-v3-clean``, or any
            extractor registered with torch-fidelity.
        weights: local file with the weights. By default the published ones: from their package, from torch's download
            cache, or downloaded into it and checked against their hash.
        layer: name of the feature layer; by default the one that torch-fidelity uses for the Fréchet distance.
        device: device of the network.

    Attributes:
        sha256: hash of the weight file; ``None`` if torch-fidelity downloaded the weights itself.
        published: whether these are the published weights; ``None`` if there is no published hash.

    Raises:
        ColorganError: if the name or the layer is unknown, or the weights are missing, damaged, contain pickled code or
            belong to another network.

    Example:
        >>> extractor = FeatureExtractor("efficientnet-lite2")
        >>> extractor(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape
        torch.Size([2, 1280])
        >>> extractor.metric
        'fd_efficientnet_lite2'
    """

    def __init__(
        self,
        name: str = JUDGE,
        weights: str | Path | None = None,
        layer: str | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        check_extractor(name)
        extractor_class = FEATURE_EXTRACTORS_REGISTRY[name]
        provided = extractor_class.get_provided_features_list()
        self.name = name
        self.layer = layer if layer is not None else extractor_class.get_default_feature_layer_for_metric("fid")
        if self.layer not in provided:
            raise ColorganError(f"{name} has no layer {self.layer!r}; choose one of {', '.join(provided)}")
        self.sha256: str | None = None
        self.published: bool | None = None
        self._network = self._load(extractor_class, weights)
        self.to(device)

    @property
    def metric(self) -> str:
        """Name of the Fréchet distance on these features.

        ``fid`` and ``fid_clean`` are reserved for the published Inception weights. With unpublished weights the name
        ends in the first digits of their hash.
        """
        if self.name in _FID_NAMES and self.layer == "2048" and self.published:
            return _FID_NAMES[self.name]
        default = FEATURE_EXTRACTORS_REGISTRY[self.name].get_default_feature_layer_for_metric("fid")
        layer = "" if self.layer == default else f"_{self.layer}"
        suffix = f"_{self.sha256[:8]}" if self.sha256 is not None and self.published is False else ""
        return f"fd_{self.name}{layer}{suffix}".replace("-", "_")

    @property
    def resize(self) -> str:
        """Description of how photos are resized to the network's input size."""
        description = getattr(self._network, "RESIZE", None)
        if description is not None:
            return str(description)
        if type(self._network).__module__.startswith("torch_fidelity."):
            size = getattr(self._network, "INPUT_IMAGE_SIZE", None)
            target = f" to {size} x {size}" if size else ""
            return f"bilinear{target} as TensorFlow 1 does, without antialiasing, in float"
        return "defined by the extractor"

    def to(self, device: str | torch.device) -> "FeatureExtractor":
        """Moves the network to a device and returns the extractor."""
        self.device = torch.device(device)
        # Channels-last takes about half the time on a CPU and changes features by rounding, 1e-6 of their range.
        self._network.to(self.device, memory_format=torch.channels_last)
        return self

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Extracts features.

        Args:
            images: uint8 (B, 3, H, W), on any device; convert floats with :func:`colorgan.color.tensors.to_uint8`.

        Returns:
            Features (B, D), float32, on the CPU.

        Raises:
            ColorganError: if the images have another dtype or shape.
        """
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3:
            raise ColorganError(
                f"features are extracted from uint8 images (B, 3, H, W); received {images.dtype} {tuple(images.shape)}"
            )
        rows = []
        size = _MAX_BATCH_SIZE_ON_CPU if self.device.type == "cpu" else _MAX_BATCH_SIZE
        with torch.autocast(self.device.type, enabled=False):
            for batch in torch.split(images, size):
                (features,) = self._network(batch.to(self.device))
                rows.append(features.flatten(1).float().cpu())
        return torch.cat(rows)

    def _load(self, extractor_class: type[FeatureExtractorBase], path: str | Path | None) -> Any:
        if path is None and issubclass(extractor_class, EfficientNetLite):
            path = extractor_class.weights_file()
        weights = find_weights(self.name, path, _DOWNLOADS.get(self.name))
        if weights is None:
            return self._build(extractor_class, None, "its weights")
        self.sha256 = weights.sha256
        if self.name in _PUBLISHED:
            self.published = weights.sha256.startswith(_PUBLISHED[self.name])
        return self._build(extractor_class, weights.open(), str(weights.file))

    def _build(self, extractor_class: type[FeatureExtractorBase], source: io.BytesIO | None, description: str) -> Any:
        try:
            network = extractor_class(self.name, [self.layer], feature_extractor_weights_path=source)
        except NotImplementedError as error:
            raise ColorganError(
                f"torch-fidelity takes no local weights for {self.name}; leave them out and let it download its own"
            ) from error
        except OSError as error:
            raise ColorganError(
                f"the weights of {self.name} are not on this machine and could not be downloaded "
                f"({first_sentence(error)}); {supply_instructions(None)}"
            ) from error
        except (RuntimeError, AttributeError, TypeError, KeyError) as error:
            raise ColorganError(f"{description} are not weights of {self.name}: {first_sentence(error)}") from error
        return network.requires_grad_(False).eval()
