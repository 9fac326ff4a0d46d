"""Losses: adversarial losses and gradient penalties, and the terms that compare predicted with target colors."""

from colorgan.models.losses.adversarial import BCE, AdversarialLoss, Hinge, LeastSquares, Wasserstein, WassersteinGP
from colorgan.models.losses.colorful import Colorfulness
from colorgan.models.losses.cross_entropy import CrossEntropy
from colorgan.models.losses.feature_matching import FeatureMatching
from colorgan.models.losses.penalties import R1, R1R2, GradientPenalty
from colorgan.models.losses.perceptual import Perceptual
from colorgan.models.losses.reconstruction import L1, MSE, Huber, PixelDistance, Reconstruction
from colorgan.models.losses.relativistic import Relativistic
from colorgan.models.losses.terms import Comparison, LossTerm

__all__ = [
    "BCE",
    "L1",
    "MSE",
    "R1",
    "R1R2",
    "AdversarialLoss",
    "Colorfulness",
    "Comparison",
    "CrossEntropy",
    "FeatureMatching",
    "GradientPenalty",
    "Hinge",
    "Huber",
    "LeastSquares",
    "LossTerm",
    "Perceptual",
    "PixelDistance",
    "Reconstruction",
    "Relativistic",
    "Wasserstein",
    "WassersteinGP",
]
