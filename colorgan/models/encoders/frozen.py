"""A pretrained encoder that teaches: it turns photos into features, and is itself neither trained nor saved."""

import functools
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.encoders.building import build_encoder
from colorgan.models.encoders.pretrained import without_pretrained_weights

_MAX_REDUCTION = 32
_IS_BUILDING = ContextVar("is_building_frozen_encoder", default=False)


def is_building_frozen_encoder() -> bool:
    """Whether the modules that are being made belong to a frozen encoder, and so to no network and no checkpoint."""
    return _IS_BUILDING.get()


class FrozenEncoder:
    """A timm network with pretrained weights in evaluation mode.

    It is not an ``nn.Module`` on purpose: as an attribute of a network, its weights are not trained with it, and do not
    enter checkpoints. They are loaded by :meth:`load`, or with the first photos, also where a run is resumed.

    Args:
        encoder: name of a timm model with a pyramid of feature maps.
        weights: ``package``, ``timm`` or a local file, as for :func:`build_encoder`.
        reductions: downsampling factors of the feature maps to return; by default all of the encoder's.
        size: number of pixels that the shorter side of a photo is resized to before it enters the encoder; None leaves
            photos as they are.

    Attributes:
        reductions: downsampling factors of the feature maps, from the finest to the coarsest.
        channels: numbers of channels of the feature maps.

    Raises:
        ColorganError: for an unknown or unsuitable encoder, factors that it does not have, or missing weights.

    Example:
        >>> encoder = FrozenEncoder("tf_efficientnet_lite0", "package", reductions=[4, 16])
        >>> [tuple(features.shape) for features in encoder(torch.rand(1, 3, 64, 32))]
        [(1, 24, 16, 8), (1, 112, 4, 2)]
    """

    def __init__(
        self, encoder: str, weights: str, reductions: Sequence[int] | None = None, size: int | None = None
    ) -> None:
        if not isinstance(weights, str) or not weights:
            raise ColorganError(
                f"the features of {encoder} are compared, not trained, so it needs pretrained weights: set weights to "
                f"package, timm or a local file, received {weights!r}"
            )
        if size is not None:
            check_at_least(_MAX_REDUCTION, size=size)
        self.encoder, self.weights, self.size = encoder, weights, size
        skeleton = _skeleton(encoder, _MAX_REDUCTION)
        available: list[int] = skeleton.feature_info.reduction()
        wanted = list(available if reductions is None else reductions)
        if not wanted or any(reduction not in available for reduction in wanted):
            raise ColorganError(
                f"the feature maps of {encoder} are smaller than the photo by the factors "
                f"{', '.join(map(str, available))}: choose some of these, received {wanted}"
            )
        self._indices = sorted({available.index(reduction) for reduction in wanted})
        self.reductions: list[int] = [available[index] for index in self._indices]
        self.channels: list[int] = [skeleton.feature_info.channels()[index] for index in self._indices]
        self._network: Any = None

    def __deepcopy__(self, memo: object) -> Self:
        """Copies of a network share the encoder, which never changes."""
        return self

    @property
    def num_parameters(self) -> int:
        """Number of weights, up to the last of the feature maps."""
        return sum(parameter.numel() for parameter in self._skeleton.parameters())

    def load(self) -> None:
        """Loads the weights, unless they are there. It does not change torch's random numbers.

        Raises:
            ColorganError: if they are missing or belong to another network.
        """
        if self._network is None:
            with torch.random.fork_rng(devices=[]), torch.device("cpu"):
                network = build_encoder(self.encoder, self.weights, self.reductions[-1])
            self._network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(self, rgb: Tensor) -> list[Tensor]:
        """Computes the feature maps of photos, differentiably with respect to the photos.

        Args:
            rgb: float (B, 3, H, W) in [0, 1]; values outside of it are not clipped.

        Returns:
            (B, channels, h, w) for each of ``reductions``.
        """
        network = self._on(rgb)
        config = network.pretrained_cfg
        mean, std = (torch.tensor(config[name], device=rgb.device, dtype=rgb.dtype) for name in ("mean", "std"))
        features: list[Tensor] = network((self._resized(rgb) - mean.view(3, 1, 1)) / std.view(3, 1, 1))
        return [features[index] for index in self._indices]

    @property
    def _skeleton(self) -> Any:
        return _skeleton(self.encoder, self.reductions[-1])

    def _on(self, rgb: Tensor) -> Any:
        """The network on the device and with the type of photos; only the shapes on ``meta``."""
        if rgb.is_meta:
            return self._skeleton
        self.load()
        weight = next(self._network.parameters())
        if (weight.device, weight.dtype) != (rgb.device, rgb.dtype):
            self._network.to(rgb.device, rgb.dtype)
        return self._network

    def _resized(self, rgb: Tensor) -> Tensor:
        height, width = rgb.shape[-2:]
        shorter = min(height, width)
        if self.size is None or self.size == shorter:
            return rgb
        size = [round(length * self.size / shorter) for length in (height, width)]
        return F.interpolate(rgb, size, mode="bilinear", align_corners=False, antialias=self.size < shorter)


@functools.lru_cache(maxsize=4)
def _skeleton(encoder: str, max_reduction: int) -> Any:
    """The encoder without weights, on the ``meta`` device."""
    token = _IS_BUILDING.set(True)
    try:
        with torch.device("meta"), without_pretrained_weights():
            return build_encoder(encoder, None, max_reduction).eval().requires_grad_(False)
    finally:
        _IS_BUILDING.reset(token)
