"""Augmentation of photos before a network, on the device."""

from colorgan.models.augmentation.adaptive import AdaptiveStrength
from colorgan.models.augmentation.diff_augment import DiffAugment

__all__ = ["AdaptiveStrength", "DiffAugment"]
