"""Losses: adversarial losses of generator and discriminator, and reconstruction losses against the target colors."""

from colorgan.models.losses.adversarial import BCE, AdversarialLoss, Hinge, LeastSquares, Wasserstein, WassersteinGP
from colorgan.models.losses.cross_entropy import CrossEntropy
from colorgan.models.losses.reconstruction import L1, MSE, Reconstruction

__all__ = [
    "BCE",
    "L1",
    "MSE",
    "AdversarialLoss",
    "CrossEntropy",
    "Hinge",
    "LeastSquares",
    "Reconstruction",
    "Wasserstein",
    "WassersteinGP",
]
