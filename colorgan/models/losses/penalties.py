"""Gradient penalties, which keep a discriminator smooth. They go with any adversarial loss but the Wasserstein ones."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.config import Part

_BATCH_NORMS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.LazyBatchNorm1d,
    nn.LazyBatchNorm2d,
    nn.LazyBatchNorm3d,
)


def input_gradient(discriminator: nn.Module, pair: Tensor) -> Tensor:
    """The gradient of each photo's mean score with respect to the discriminator's input.

    It is computed in float32 without autocast, and without ``torch.compile``, which does not support double backward.

    Args:
        discriminator: maps pairs to raw scores of any shape.
        pair: its input, (B, C, H, W).

    Returns:
        (B, C * H * W), differentiable with respect to the discriminator's weights.
    """
    with (
        torch.enable_grad(),
        torch.autocast(pair.device.type, enabled=False),
        torch.compiler.set_stance("force_eager"),
    ):
        pair = pair.detach().float().requires_grad_()
        scores: Tensor = discriminator(pair).float().reshape(len(pair), -1)
        (gradient,) = torch.autograd.grad(scores.mean(1).sum(), pair, create_graph=True)
        return gradient.flatten(1)


def reject_batch_norm(penalty: str, discriminator: nn.Module) -> None:
    """Refuses batch normalization, with which a photo's gradient depends on the other photos of the batch.

    Args:
        penalty: name of the class that penalizes gradients.
        discriminator: the network.

    Raises:
        ColorganError: naming the network and the fix.
    """
    if any(isinstance(module, _BATCH_NORMS) for module in discriminator.modules()):
        raise ColorganError(
            f"{penalty} penalizes the discriminator's gradient for each photo, but {type(discriminator).__name__} has "
            "BatchNorm, which mixes the photos of a batch: set the discriminator's norm to 'instance' or 'none'"
        )


class GradientPenalty(Part, ABC):
    """A penalty on the discriminator's gradient, computed in every k-th of its updates only.

    Args:
        weight: γ in the papers: the discriminator's loss has γ / 2 of the penalty.
        every: interval of updates, as in the lazy regularization of StyleGAN2 (Karras et al. 2020,
            https://arxiv.org/abs/1912.04958). The penalty counts as many times, so that it is as strong on average.

    Raises:
        ColorganError: for a number out of range.
    """

    def __init__(self, weight: float = 10.0, every: int = 16) -> None:
        name = type(self).__name__
        if not (math.isfinite(weight) and weight > 0):
            raise ColorganError(f"{name}: weight must be a positive number such as 10, received {weight!r}")
        self.weight = weight
        self.every = check_at_least(1, every=every)

    @property
    def factor(self) -> float:
        """What the penalty is multiplied by in the discriminator's loss."""
        return self.weight / 2 * self.every

    def due(self, update: int) -> bool:
        """Whether the penalty is computed in an update of the discriminator, counted from 0."""
        return update % self.every == 0

    def __call__(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Computes the penalty, without :attr:`factor`.

        Args:
            discriminator: the network.
            real: its input for real photos, (B, C, H, W).
            fake: its input for colorized photos.

        Returns:
            A float32 scalar, differentiable with respect to the discriminator's weights.
        """
        norms = [input_gradient(discriminator, pair).square().sum(1).mean() for pair in self._pairs(real, fake)]
        return torch.stack(norms).sum()

    @abstractmethod
    def _pairs(self, real: Tensor, fake: Tensor) -> list[Tensor]:
        """The inputs at which the gradient is penalized."""

    def check(self, discriminator: nn.Module) -> None:
        """Checks that this penalty can be applied to a discriminator.

        Raises:
            ColorganError: for batch normalization.
        """
        reject_batch_norm(type(self).__name__, discriminator)


class R1(GradientPenalty):
    """γ / 2 · E‖gradient‖² at real photos (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406).

    The gradient is that of a photo's mean score, so that γ means the same for every number of scores.

    Args:
        weight: γ.
        every: compute it in every k-th update of the discriminator, k times as strong; 1 in the paper.

    Example:
        >>> square = lambda pair: pair.square().sum(dim=(1, 2, 3))
        >>> R1()(square, torch.full((2, 1, 1, 1), 3.0), torch.zeros(2, 1, 1, 1)).item()
        36.0
    """

    def _pairs(self, real: Tensor, fake: Tensor) -> list[Tensor]:
        return [real]


class R1R2(GradientPenalty):
    """γ / 2 · (E‖gradient‖² at real photos + E‖gradient‖² at colorized ones), as in R3GAN.

    With :class:`Relativistic` it is the objective of Huang et al. 2024 (https://arxiv.org/abs/2501.05441), where R1
    alone does not keep that loss from diverging.

    Args:
        weight: γ.
        every: compute it in every k-th update of the discriminator, k times as strong; 1 in the paper.
    """

    def _pairs(self, real: Tensor, fake: Tensor) -> list[Tensor]:
        return [real, fake]
