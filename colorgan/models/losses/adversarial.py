"""Adversarial losses. They own the sign, the labels and the mean, so each works with every discriminator.

Discriminators return raw scores of any shape: one per photo, patch or pixel. Losses are computed in float32.
"""

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.config import Part
from colorgan.models.losses.penalties import input_gradient, reject_batch_norm


class AdversarialLoss(Part, ABC):
    """The losses of the discriminator and the generator, given the discriminator's scores.

    Attributes:
        is_paired: whether the losses compare the scores of a photo with those of its colorization, so that neither can
            be computed without the other.
        is_penalized: whether the loss constrains the discriminator's gradient or weights itself.
    """

    is_paired: ClassVar[bool] = False
    is_penalized: ClassVar[bool] = False

    @abstractmethod
    def real_loss(self, scores: Tensor) -> Tensor:
        """The discriminator's loss on real photos: raw scores of any shape → scalar."""

    @abstractmethod
    def fake_loss(self, scores: Tensor) -> Tensor:
        """The discriminator's loss on colorized photos: raw scores of any shape → scalar."""

    @abstractmethod
    def generator_loss(self, fake_scores: Tensor, real_scores: Tensor | None = None) -> Tensor:
        """The generator's loss.

        Args:
            fake_scores: raw scores of colorized photos, of any shape.
            real_scores: those of the real photos, which only paired losses need.

        Returns:
            A scalar.
        """

    def discriminator_loss(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """The mean of the losses on real and on colorized photos.

        Args:
            real_scores: raw scores of real photos, of any shape.
            fake_scores: raw scores of colorized photos.

        Returns:
            A scalar.
        """
        return (self.real_loss(real_scores) + self.fake_loss(fake_scores)) / 2

    def penalty(self, discriminator: nn.Module, real_pair: Tensor, fake_pair: Tensor) -> Tensor:
        """A regularization term for the discriminator's loss; 0 for most losses.

        Args:
            discriminator: the network, which is called only if the loss has a penalty.
            real_pair: the discriminator's input for real photos, (B, C, H, W).
            fake_pair: its input for colorized photos.

        Returns:
            A scalar.
        """
        return real_pair.new_zeros((), dtype=torch.float32)

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Hook after each step of the discriminator's optimizer, such as for weight clipping."""

    def check(self, discriminator: nn.Module) -> None:
        """Checks that this loss can train a discriminator.

        Raises:
            ColorganError: naming the network, the reason and the fix.
        """

    def boundary(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """The score above which a photo is classified as real; 0 unless a loss overrides it."""
        return real_scores.new_zeros((), dtype=torch.float32)

    @torch.no_grad()
    def accuracy(self, real_scores: Tensor, fake_scores: Tensor) -> tuple[Tensor, Tensor]:
        """The accuracy of the discriminator over all scores.

        A score exactly at the boundary counts as wrong.

        Args:
            real_scores: raw scores of real photos, of any shape.
            fake_scores: raw scores of colorized photos.

        Returns:
            The fraction of real scores above the boundary and of fake scores below it, two scalars in [0, 1].

        Example:
            >>> real, fake = BCE().accuracy(torch.tensor([2.0, 0.5, -1.0, 3.0]), torch.tensor([-1.0, 1.0]))
            >>> real.item(), fake.item()
            (0.75, 0.5)
        """
        boundary = self.boundary(real_scores, fake_scores)
        return (real_scores > boundary).float().mean(), (fake_scores < boundary).float().mean()


class BCE(AdversarialLoss):
    """Binary cross-entropy on logits, with the non-saturating loss for the generator (Goodfellow et al. 2014).

    By default only the real label is smoothed, to 0.9 (Salimans et al. 2016). ``real_label=0.9, fake_label=0.1``
    smooths both, as in a published flowers system.

    Args:
        real_label: the discriminator's label for real photos.
        fake_label: the discriminator's label for colorized photos.
        generator_label: the generator's label for colorized photos.

    Example:
        >>> zeros = torch.zeros(2, 1, 8, 8)
        >>> round(BCE().discriminator_loss(zeros, zeros).item(), 4)
        0.6931
    """

    def __init__(self, real_label: float = 0.9, fake_label: float = 0.0, generator_label: float = 1.0) -> None:
        if not 0 <= fake_label < real_label <= 1:
            raise ColorganError(
                f"BCE needs 0 <= fake_label < real_label <= 1, received fake_label={fake_label!r} and "
                f"real_label={real_label!r}"
            )
        if not fake_label < generator_label <= 1:
            raise ColorganError(f"BCE: generator_label must be in (fake_label, 1], received {generator_label!r}")
        self.real_label = real_label
        self.fake_label = fake_label
        self.generator_label = generator_label

    def real_loss(self, scores: Tensor) -> Tensor:
        """Cross-entropy with ``real_label``."""
        return _bce_with_logits(scores, self.real_label)

    def fake_loss(self, scores: Tensor) -> Tensor:
        """Cross-entropy with ``fake_label``."""
        return _bce_with_logits(scores, self.fake_label)

    def generator_loss(self, fake_scores: Tensor, real_scores: Tensor | None = None) -> Tensor:
        """Cross-entropy with ``generator_label``."""
        return _bce_with_logits(fake_scores, self.generator_label)


class LeastSquares(AdversarialLoss):
    """Squared distance of the scores from 1 (real) and 0 (fake) (Mao et al. 2017).

    The generator's loss is (score - 1)² without the paper's factor ½, as in CycleGAN.

    Example:
        >>> LeastSquares().discriminator_loss(torch.tensor([0.5]), torch.tensor([1.0])).item()
        0.625
    """

    def real_loss(self, scores: Tensor) -> Tensor:
        """Mean of (score - 1)²."""
        return (scores.float() - 1).square().mean()

    def fake_loss(self, scores: Tensor) -> Tensor:
        """Mean of score²."""
        return scores.float().square().mean()

    def generator_loss(self, fake_scores: Tensor, real_scores: Tensor | None = None) -> Tensor:
        """Mean of (score - 1)²."""
        return self.real_loss(fake_scores)

    def boundary(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Halfway between the two labels: 0.5."""
        return real_scores.new_full((), 0.5, dtype=torch.float32)


class Hinge(AdversarialLoss):
    """Hinge loss with margin 1 (Lim and Ye 2017; Miyato et al. 2018).

    Example:
        >>> Hinge().discriminator_loss(torch.tensor([0.5, 3.0]), torch.tensor([-2.0, 0.0])).item()
        0.375
    """

    def real_loss(self, scores: Tensor) -> Tensor:
        """Mean of max(0, 1 - score)."""
        return F.relu(1 - scores.float()).mean()

    def fake_loss(self, scores: Tensor) -> Tensor:
        """Mean of max(0, 1 + score)."""
        return F.relu(1 + scores.float()).mean()

    def generator_loss(self, fake_scores: Tensor, real_scores: Tensor | None = None) -> Tensor:
        """The negative mean score."""
        return -fake_scores.float().mean()


class Critic(AdversarialLoss):
    """The losses of a Wasserstein critic, without the Lipschitz constraint."""

    is_penalized = True

    def real_loss(self, scores: Tensor) -> Tensor:
        """The negative mean score."""
        return -scores.float().mean()

    def fake_loss(self, scores: Tensor) -> Tensor:
        """The mean score."""
        return scores.float().mean()

    def discriminator_loss(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Mean fake score minus mean real score: the negative estimated Wasserstein distance, hence not halved."""
        return self.real_loss(real_scores) + self.fake_loss(fake_scores)

    def generator_loss(self, fake_scores: Tensor, real_scores: Tensor | None = None) -> Tensor:
        """The negative mean score."""
        return -fake_scores.float().mean()

    def boundary(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Halfway between the mean scores of real and fake photos: the scores of a critic have no absolute zero."""
        return (real_scores.detach().float().mean() + fake_scores.detach().float().mean()) / 2


class Wasserstein(Critic):
    """Wasserstein distance with weight clipping (Arjovsky et al. 2017).

    Args:
        clip: limit of the critic's weights, which are clipped to [-clip, clip] after each of its steps.

    Example:
        >>> Wasserstein().discriminator_loss(torch.tensor([3.0, 1.0]), torch.tensor([0.5, -0.5])).item()
        -2.0
    """

    def __init__(self, clip: float = 0.01) -> None:
        if not (math.isfinite(clip) and clip > 0):
            raise ColorganError(f"Wasserstein: clip must be a positive number such as 0.01, received {clip!r}")
        self.clip = clip

    @torch.no_grad()
    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Clips the weights."""
        for weight in discriminator.parameters():
            weight.clamp_(-self.clip, self.clip)


class WassersteinGP(Critic):
    """Wasserstein distance with a gradient penalty (Gulrajani et al. 2017).

    The paper uses five critic steps per generator step, Adam(1e-4, betas (0, 0.9)), and no BatchNorm in the critic,
    which :meth:`check` enforces.

    Args:
        weight: weight of the penalty, λ in the paper.
    """

    def __init__(self, weight: float = 10.0) -> None:
        if not (math.isfinite(weight) and weight > 0):
            raise ColorganError(f"WassersteinGP: weight must be a positive number such as 10, received {weight!r}")
        self.weight = weight

    def penalty(self, discriminator: nn.Module, real_pair: Tensor, fake_pair: Tensor) -> Tensor:
        """λ·(‖gradient‖ - 1)², averaged over one random interpolation between each real pair and its fake pair.

        Args:
            discriminator: the critic.
            real_pair: its input for real photos, (B, C, H, W).
            fake_pair: its input for colorized photos.

        Returns:
            A scalar, differentiable with respect to the critic's weights.
        """
        real, fake = real_pair.detach().float(), fake_pair.detach().float()
        alpha = torch.rand(len(real), 1, 1, 1, device=real.device)
        gradient = input_gradient(discriminator, torch.lerp(fake, real, alpha))
        gradient_norm: Tensor = torch.linalg.vector_norm(gradient, dim=1)
        return self.weight * (gradient_norm - 1).square().mean()

    def check(self, discriminator: nn.Module) -> None:
        """Rejects BatchNorm, with which a photo's gradient depends on the other photos of the batch.

        Raises:
            ColorganError: naming the network and the fix.
        """
        reject_batch_norm("WassersteinGP", discriminator)


def _bce_with_logits(scores: Tensor, label: float) -> Tensor:
    scores = scores.float()
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))
