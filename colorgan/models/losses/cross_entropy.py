"""The loss of color spaces whose colors are classified."""

import torch
from torch import Tensor
from torch.nn import functional as F

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace, QuantizedLab
from colorgan.models.color_spaces.base import disable_autocast
from colorgan.models.discriminators import Discriminator
from colorgan.models.losses.rebalancing import rebalancing_weights
from colorgan.models.losses.reconstruction import Reconstruction
from colorgan.models.losses.terms import Comparison


class CrossEntropy(Reconstruction):
    """Cross-entropy between the predicted probabilities of colors and the target's (Zhang et al. 2016).

    Each target color is divided among the nearest bins; see :meth:`~colorgan.models.QuantizedLab.encode`. The loss is
    in nats: a network that knows nothing starts at the logarithm of the number of bins, 5.56 for 261. It never reaches
    0, since a divided target has an entropy of its own, about 1.

    The scores may be smaller than the photo (``output_stride``). Targets are then averaged to their size.

    Args:
        rebalance: how much more rare colors count, from 0 (not at all) to below 1; the paper's is 0.5. Rarity is
            measured within the batch, so use batches of 8 photos or more.
        weight: factor of the term in ``model.losses``; that of ``model.reconstruction`` is
            ``model.reconstruction_weight``.

    Raises:
        ColorganError: for a number out of range.
    """

    name = "cross_entropy"

    def __init__(self, rebalance: float = 0.5, weight: float = 1.0) -> None:
        super().__init__(rebalance, weight)

    def check(self, discriminator: Discriminator | None, color_space: ColorSpace) -> None:
        """Checks that the color space has scores.

        Raises:
            ColorganError: if it has none.
        """
        if not isinstance(color_space, QuantizedLab):
            raise ColorganError(
                f"CrossEntropy compares probabilities of colors, which {type(color_space).__name__} does not have: "
                "set model.color_space to QuantizedLab, or take another loss, such as L1"
            )

    def __call__(self, comparison: Comparison) -> Tensor:
        """Computes the loss from the output of the generator, whose height and width divide those of the photo.

        Returns:
            A float32 scalar.
        """
        color_space, output = comparison.color_space, comparison.output
        assert isinstance(color_space, QuantizedLab)
        with disable_autocast(output):
            with torch.no_grad():
                height, width = output.shape[-2:]
                colors = comparison.gray, comparison.target
                gray, target = (F.adaptive_avg_pool2d(part.float(), (height, width)) for part in colors)
                index, share = color_space.encode(target)
            distance = -(share * output.float().log_softmax(dim=1).gather(1, index)).sum(1, keepdim=True)
            if self.rebalance:
                with torch.no_grad():
                    weights = rebalancing_weights(color_space.merge(gray, target), self.rebalance)
                distance = weights * distance
            return distance.mean()
