"""The relativistic pairing loss: a photo with its own colors should look more real than with generated ones."""

import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.losses.adversarial import AdversarialLoss


class Relativistic(AdversarialLoss):
    """softplus(fake - real) for the discriminator, softplus(real - fake) for the generator.

    Here each real photo is paired with its own colorization, and each score with the score at the same place. The loss
    is that of Jolicoeur-Martineau 2018 (https://arxiv.org/abs/1807.00734), in the form of R3GAN (Huang et al. 2024,
    https://arxiv.org/abs/2501.05441), where it needs :class:`R1R2` to converge.

    Example:
        >>> loss = Relativistic()
        >>> real, fake = torch.tensor([2.0]), torch.tensor([2.0])
        >>> round(loss.discriminator_loss(real, fake).item(), 4), round(loss.generator_loss(fake, real).item(), 4)
        (0.6931, 0.6931)
    """

    is_paired = True

    def real_loss(self, scores: Tensor) -> Tensor:
        """There is none.

        Raises:
            ColorganError: always.
        """
        raise ColorganError(
            "Relativistic compares real with colorized photos and has no loss on one of them alone: set "
            "model.schedule.discriminator_steps to joint"
        )

    def fake_loss(self, scores: Tensor) -> Tensor:
        """As :meth:`real_loss`."""
        return self.real_loss(scores)

    def discriminator_loss(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Mean of softplus(fake - real)."""
        return F.softplus(fake_scores.float() - real_scores.float()).mean()

    def generator_loss(self, fake_scores: Tensor, real_scores: Tensor | None = None) -> Tensor:
        """Mean of softplus(real - fake).

        Raises:
            ValueError: without the scores of the real photos.
        """
        if real_scores is None:
            raise ValueError("Relativistic compares with the scores of real photos, which are missing")
        return self.discriminator_loss(fake_scores, real_scores)

    @torch.no_grad()
    def accuracy(self, real_scores: Tensor, fake_scores: Tensor) -> tuple[Tensor, Tensor]:
        """The fraction of pairs whose real score is the higher one, twice, because a pair is right or wrong as one."""
        right = (real_scores.float() > fake_scores.float()).float().mean()
        return right, right
