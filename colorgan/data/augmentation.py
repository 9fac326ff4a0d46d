"""Augmentation of training photos by transforms of albumentations and of torchvision, in any order."""

import os
import random
from collections.abc import Iterable, Sequence
from itertools import groupby
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from jsonargparse.typing import register_type
from torch import Tensor
from torchvision.transforms import v2
from torchvision.tv_tensors import Image

from colorgan.errors import ColorganError

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # keeps the import from checking for updates online
import albumentations
from albumentations.core.serialization import Serializable


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    return value


# Arguments such as the degrees of torchvision's RandomRotation have this type, which YAML can hold.
register_type(Number, serializer=_number, deserializer=_number, fail_already_registered=False)

Transform: TypeAlias = Serializable | v2.Transform
"""A transform of albumentations or of ``torchvision.transforms.v2``."""


class Augmentation:
    """Applies transforms to a photo. All their randomness comes from a given generator.

    Args:
        transforms: applied in order; they receive and return uint8 with 3 channels.

    Raises:
        ColorganError: if something is not a transform.

    Example:
        >>> augment = Augmentation([v2.RandomHorizontalFlip(p=1), albumentations.VerticalFlip(p=1)])
        >>> augment(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), np.random.default_rng(0))[..., 0].tolist()
        [[9, 6], [3, 0]]
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        for transform in transforms:
            if not isinstance(transform, Serializable | v2.Transform):
                raise ColorganError(
                    "train_transforms takes transforms of albumentations and of torchvision.transforms.v2; received "
                    f"{type(transform).__module__}.{type(transform).__qualname__}"
                )
        groups = groupby(transforms, key=lambda transform: isinstance(transform, v2.Transform))
        self.stages = [_Torchvision(group) if is_v2 else _Albumentations(group) for is_v2, group in groups]

    def __call__(self, photo: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """Augments a photo.

        Args:
            photo: (H, W, 3) uint8.
            rng: source of all random numbers.

        Returns:
            (h, w, 3) uint8, in a size that the transforms choose.

        Raises:
            ColorganError: if a transform returns anything else.
        """
        for stage in self.stages:
            photo = stage(photo, rng)
            _check(photo)
        return photo


class _Albumentations:
    def __init__(self, transforms: Iterable[Any]) -> None:
        self.compose = albumentations.Compose(list(transforms))

    def __call__(self, photo: npt.NDArray[np.uint8], rng: np.random.Generator) -> Any:
        self.compose.set_random_state(rng, random.Random(int(rng.integers(1 << 62))))  # noqa: S311 (not a secret)
        return self.compose(image=photo)["image"]


class _Torchvision:
    def __init__(self, transforms: Iterable[Any]) -> None:
        self.transforms = list(transforms)

    def __call__(self, photo: npt.NDArray[np.uint8], rng: np.random.Generator) -> Any:
        image: Any = Image(torch.from_numpy(np.ascontiguousarray(photo.transpose(2, 0, 1))))
        # The transforms draw from torch's global generator; that of the training must not notice.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(int(rng.integers(1 << 62)))
            for transform in self.transforms:
                image = transform(image)
        is_image = isinstance(image, Tensor) and image.ndim == 3
        return np.ascontiguousarray(image.numpy().transpose(1, 2, 0)) if is_image else image


def _check(photo: Any) -> None:
    shape: tuple[int, ...] = tuple(getattr(photo, "shape", ()))
    if not isinstance(photo, np.ndarray) or photo.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3:
        raise ColorganError(
            f"train_transforms returned {type(photo).__name__} {shape} of {getattr(photo, 'dtype', '?')}; they must "
            "return uint8 with 3 channels (remove Normalize, ToTensorV2, ToDtype and the like: the model converts and "
            "normalizes photos itself)"
        )
