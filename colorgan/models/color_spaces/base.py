"""The base class of color spaces."""

import contextlib
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from kornia.color import lab_to_rgb, rgb_to_lab, rgb_to_y
from torch import Tensor

from colorgan.models.config import Part


class ColorSpace(Part, ABC):
    """Splits RGB photos into gray and color, and merges them again.

    A gray photo (R = G = B) keeps its gray values in every color space, and its color is :meth:`neutral`.

    Attributes:
        channels: number of color channels, which targets, hints and discriminators have in this space.
        names: display names of the color channels.
        predicts_scores: whether generators predict a score of each of many colors, of any size, instead of the color
            channels in [-1, 1].
    """

    channels: int
    names: tuple[str, ...]
    predicts_scores: ClassVar[bool] = False

    @property
    def output_channels(self) -> int:
        """Number of channels that a generator predicts in this space: the color channels, or scores of colors."""
        return self.channels

    def decode(self, output: Tensor) -> Tensor:
        """Turns the output of a generator into color.

        Args:
            output: (B, output_channels, H, W).

        Returns:
            (B, channels, H, W) in [-1, 1]; the output itself unless it consists of scores.
        """
        return output

    def split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Splits photos into gray and color.

        Args:
            rgb: float (B, 3, H, W) in [0, 1].

        Returns:
            The gray (B, 1, H, W) and the color (B, channels, H, W), both float32 in [-1, 1].

        Raises:
            ValueError: if ``rgb`` has another shape or an integer dtype.
        """
        rgb = check_image(rgb, 3, "rgb")
        with disable_autocast(rgb):
            return self._split(rgb)

    def merge(self, gray: Tensor, color: Tensor, clip: bool = True) -> Tensor:
        """Merges gray and color into photos, the inverse of :meth:`split`.

        Args:
            gray: (B, 1, H, W) in [-1, 1].
            color: (B, channels, H, W) in [-1, 1].
            clip: whether to clip colors outside the gamut to [0, 1]. Clipped colors have no gradient. Losses use
                ``clip=False``, where such colors lie outside [0, 1] and are pulled back.

        Returns:
            RGB, float32 (B, 3, H, W), in [0, 1] if ``clip``.

        Raises:
            ValueError: if a tensor has another shape or an integer dtype.
        """
        gray = check_image(gray, 1, "gray")
        color = check_image(color, self.channels, "color")
        with disable_autocast(gray):
            rgb = self._merge(gray, color, clip)
            return rgb.clamp(0, 1) if clip else rgb

    def neutral(self, gray: Tensor) -> Tensor:
        """The color of gray photos: :meth:`merge` with it gives R = G = B.

        Args:
            gray: (B, 1, H, W) in [-1, 1].

        Returns:
            (B, channels, H, W) with the dtype of ``gray``.
        """
        return torch.zeros_like(gray).expand(-1, self.channels, -1, -1)

    def mean(self, color: Tensor, weight: Tensor) -> Tensor:
        """Weighted mean of colors over the last dimension.

        Args:
            color: (B, channels, ..., n) in [-1, 1].
            weight: (B, 1, ..., n), non-negative. Where all n weights are 0, the mean is meaningless.

        Returns:
            (B, channels, ...) in [-1, 1].
        """
        return (color * weight).sum(-1) / weight.sum(-1).clamp(min=1e-6)

    def to_ab(self, gray: Tensor, color: Tensor) -> Tensor:
        """Converts colors of this space to a* and b* of CIE Lab, without their lightness.

        Args:
            gray: (B, 1, H, W) in [-1, 1].
            color: (B, channels, H, W) in [-1, 1].

        Returns:
            float32 (B, 2, H, W), in the units of CIE Lab.
        """
        merged = self.merge(gray, color)
        with disable_autocast(merged):
            ab: Tensor = rgb_to_lab(merged)[:, 1:]
            return ab

    def from_lab(self, lab: Tensor) -> Tensor:
        """Converts colors from CIE Lab to this space.

        Args:
            lab: float (B, 3, H, W), L* in [0, 100], a* and b* in the units of CIE Lab, all within sRGB.

        Returns:
            float32 (B, channels, H, W) in [-1, 1].
        """
        lab = check_image(lab, 3, "lab")
        with disable_autocast(lab):
            return self.split(lab_to_rgb(lab))[1]

    @abstractmethod
    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]: ...

    @abstractmethod
    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor: ...


def luma(rgb: Tensor) -> Tensor:
    """Rec. 601 luma: (B, 3, H, W) → (B, 1, H, W)."""
    y: Tensor = rgb_to_y(rgb)
    return y


def check_image(image: Tensor, channels: int, name: str) -> Tensor:
    """Checks the shape and dtype of an image, and converts it to float32 (float64 stays).

    Raises:
        ValueError: naming the shape or dtype received.
    """
    if not image.is_floating_point():
        raise ValueError(f"{name} must have a float dtype, received {image.dtype}: divide uint8 photos by 255 first")
    if image.ndim != 4 or image.shape[1] != channels:
        raise ValueError(f"{name} must have the shape (B, {channels}, H, W), received {tuple(image.shape)}")
    return image.to(torch.promote_types(image.dtype, torch.float32))


def disable_autocast(image: Tensor) -> contextlib.AbstractContextManager[object]:
    """Disables autocast where it is enabled, so that exported graphs do not contain it."""
    device = image.device.type
    if device != "meta" and torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return contextlib.nullcontext()
