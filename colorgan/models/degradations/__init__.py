"""Degradations: what happens to the gray that a network sees in training, while the target stays as it is."""

from colorgan.models.degradations.base import Degradation
from colorgan.models.degradations.old_photos import OldPhotos

__all__ = ["Degradation", "OldPhotos"]
