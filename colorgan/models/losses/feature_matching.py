"""Feature matching: colorized photos should lead to the same features of the discriminator as the real ones."""

import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.discriminators import Discriminator
from colorgan.models.losses.terms import Comparison, LossTerm


class FeatureMatching(LossTerm):
    """Mean absolute difference of the discriminator's features of colorized and real photos, averaged over its layers.

    It is the loss of pix2pixHD (Wang et al. 2018, https://arxiv.org/abs/1711.11585), which weights it 10 times as much
    as the adversarial loss. It starts with the adversarial loss, after the generator's warm-up.

    Args:
        weight: factor of the term in the sum.
    """

    name = "feature_matching"
    needs_features = True

    def __call__(self, comparison: Comparison) -> Tensor:
        """Computes the term, without its weight.

        Example:
            >>> from colorgan.models import RGB, Verdict
            >>> def judge(color): return Verdict(color, [color, color.flatten(1) * 3])
            >>> zeros = torch.zeros(1, 3, 2, 2)
            >>> FeatureMatching()(Comparison(zeros + 0.5, zeros, zeros[:, :1], RGB(), judge)).item()
            1.0
        """
        pairs = zip(comparison.of_predicted.features, comparison.of_target.features, strict=True)
        return torch.stack([(fake.float() - real.float()).abs().mean() for fake, real in pairs]).mean()

    def check(self, discriminator: Discriminator | None, color_space: ColorSpace) -> None:
        """Checks that there is a discriminator that returns features.

        Raises:
            ColorganError: if there is none.
        """
        if discriminator is None:
            raise ColorganError(
                "FeatureMatching compares features of the discriminator, and model.discriminator is null or "
                "model.adversarial_weight 0: give a discriminator, or take the term out of model.losses"
            )
        if type(discriminator).examine is Discriminator.examine:
            raise ColorganError(
                f"FeatureMatching needs a discriminator that returns features, and {type(discriminator).__name__} "
                "defines only forward: define its method examine instead, or take the term out of model.losses"
            )
