"""Color spaces: how a photo is taken apart into the gray that a network sees and the color that it predicts.

Every space maps RGB in [0, 1] to a gray condition and color channels in [-1, 1], the range of a tanh, and back. All
arithmetic is float32, also under autocast: bfloat16 cannot tell L = 99.0 from 99.5.
"""

import contextlib
import math
from abc import ABC, abstractmethod
from typing import Literal

import torch
from kornia.color import hsv_to_rgb, lab_to_rgb, rgb_to_hsv, rgb_to_lab, rgb_to_y, rgb_to_ycbcr
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.config import Part


class ColorSpace(Part, ABC):
    """Splits RGB photos into gray and color, and merges them again.

    A really gray photo (R = G = B) enters every space as the gray that it is, and its color is :meth:`neutral`.

    Attributes:
        channels: number of color channels that a generator predicts in this space.
        names: what to call them where people look at them.
    """

    channels: int
    names: tuple[str, ...]

    def split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Takes photos apart.

        Args:
            rgb: float (B, 3, H, W) in [0, 1].

        Returns:
            The gray condition (B, 1, H, W) and the color (B, channels, H, W), both float32 in [-1, 1].

        Raises:
            ValueError: if ``rgb`` has another shape or holds integers.
        """
        rgb = _checked(rgb, 3, "rgb")
        with _autocast_off(rgb):
            return self._split(rgb)

    def merge(self, gray: Tensor, color: Tensor, clip: bool = True) -> Tensor:
        """Puts photos together again, the inverse of :meth:`split`.

        Args:
            gray: (B, 1, H, W) in [-1, 1].
            color: (B, channels, H, W) in [-1, 1].
            clip: bring colors that no screen can show into [0, 1]. Clipped colors pass no gradient on; a loss takes
                ``clip=False``, where such colors lie outside of [0, 1] and are pulled back.

        Returns:
            RGB, float32 (B, 3, H, W), in [0, 1] if ``clip``.

        Raises:
            ValueError: if a tensor has another shape or holds integers.
        """
        gray = _checked(gray, 1, "gray")
        color = _checked(color, self.channels, "color")
        with _autocast_off(gray):
            rgb = self._merge(gray, color, clip)
            return rgb.clamp(0, 1) if clip else rgb

    def neutral(self, gray: Tensor) -> Tensor:
        """Gives the color of a photo that is really gray: :meth:`merge` of both has R = G = B.

        Args:
            gray: (B, 1, H, W) in [-1, 1].

        Returns:
            (B, channels, H, W) of the dtype of ``gray``.
        """
        return torch.zeros_like(gray).expand(-1, self.channels, -1, -1)

    def mean(self, color: Tensor, weight: Tensor) -> Tensor:
        """Weighted mean of colors over the last dimension.

        Args:
            color: (B, channels, ..., n) in [-1, 1].
            weight: (B, 1, ..., n), not negative; where all n weights are 0, the mean has no meaning.

        Returns:
            (B, channels, ...) in [-1, 1].
        """
        return (color * weight).sum(-1) / weight.sum(-1).clamp(min=1e-6)

    def to_ab(self, gray: Tensor, color: Tensor) -> Tensor:
        """The CIE a* and b* of colors in this space; their lightness is left behind.

        Args:
            gray: (B, 1, H, W) in [-1, 1].
            color: (B, channels, H, W) in [-1, 1].

        Returns:
            float32 (B, 2, H, W), in the units of CIE Lab.
        """
        merged = self.merge(gray, color)
        with _autocast_off(merged):
            ab: Tensor = rgb_to_lab(merged)[:, 1:]
            return ab

    def from_lab(self, lab: Tensor) -> Tensor:
        """The colors of this space for colors in CIE Lab.

        Args:
            lab: float (B, 3, H, W), L* in [0, 100], a* and b* in their own units, all within sRGB.

        Returns:
            float32 (B, channels, H, W) in [-1, 1].
        """
        lab = _checked(lab, 3, "lab")
        with _autocast_off(lab):
            return self.split(lab_to_rgb(lab))[1]

    @abstractmethod
    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]: ...

    @abstractmethod
    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor: ...


class RGB(ColorSpace):
    """Predicts the photo itself: the condition is Rec. 601 luma, the color is R, G and B, all as 2x - 1.

    Since a generator predicts all three channels, :meth:`merge` does not look at the gray.

    Example:
        >>> gray, color = RGB().split(torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1))
        >>> gray.item(), color.flatten().tolist()
        (0.18499..., [1.0, 0.0, -1.0])
    """

    channels = 3
    names = ("R", "G", "B")

    def neutral(self, gray: Tensor) -> Tensor:
        """The gray itself in all three channels."""
        return gray.expand(-1, 3, -1, -1)

    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        return _luma(rgb) * 2 - 1, rgb * 2 - 1

    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor:
        return (color + 1) / 2


class HSV(ColorSpace):
    """Hue and saturation as the color.

    ``hue="vector"`` has the channels s·cos h and s·sin h: equal reds are equal numbers, and a gray pixel is (0, 0)
    whatever its hue. ``hue="angle"`` has h/π - 1 with h in [0, 2π), and 2s - 1, as in published comparisons; there, two
    reds on either side of h = 0 are as far apart as can be.

    HSV's own value V = max(R, G, B) is not what a black-and-white photograph shows: luma renders a saturated blue dark,
    V renders it white (on 300 photos of flowers and of all sorts, V is 16 of 255 brighter on average, and 46 or more on
    one pixel in twenty). A model that learned to color V would meet, at its first real gray photo, an image of a kind
    that it never saw. With ``gray="luma"`` the condition is therefore Rec. 601 luma, and :meth:`merge` solves for the V
    that has this luma at the predicted hue and saturation; a color too saturated for its luma is desaturated until it
    fits, so that the luma always remains. ``gray="value"`` takes V, as the published comparisons do; a really gray
    photo then enters as its gray values, being its own V.

    Args:
        hue: ``vector`` for (s·cos h, s·sin h); ``angle`` for hue and saturation.
        gray: ``luma`` for the Rec. 601 luma as the condition, also a real gray photo's; ``value`` for HSV's V.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> HSV().split(red)[1].flatten().tolist()
        [1.0, 0.0]
        >>> HSV("angle", gray="value").split(red)[0].item()
        1.0
    """

    channels = 2

    def __init__(self, hue: Literal["vector", "angle"] = "vector", gray: Literal["luma", "value"] = "luma") -> None:
        if hue not in ("vector", "angle"):
            raise ColorganError(f"HSV's hue is 'vector' or 'angle', but {hue!r} was given")
        if gray not in ("luma", "value"):
            raise ColorganError(f"HSV's gray is 'luma' or 'value', but {gray!r} was given")
        self.hue = hue
        self.gray = gray
        self.names = ("s·cos h", "s·sin h") if hue == "vector" else ("hue", "saturation")

    def neutral(self, gray: Tensor) -> Tensor:
        """No saturation: (0, 0) as a vector; hue 0 and saturation 0, which are (-1, -1), as an angle."""
        none = super().neutral(gray)
        return none if self.hue == "vector" else none - 1

    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        hue, saturation, value = rgb_to_hsv(rgb).chunk(3, dim=1)
        gray = _luma(rgb) if self.gray == "luma" else value
        if self.hue == "vector":
            return gray * 2 - 1, _vector(hue, saturation)
        return gray * 2 - 1, torch.cat([hue / math.pi - 1, saturation * 2 - 1], dim=1)

    def mean(self, color: Tensor, weight: Tensor) -> Tensor:
        """As a vector in either case: the mean of two reds on either side of h = 0 is red."""
        if self.hue == "vector":
            return super().mean(color, weight)
        vector = super().mean(_vector((color[:, :1] + 1) * math.pi, (color[:, 1:] + 1) / 2), weight)
        hue, saturation = _polar(vector[:, :1], vector[:, 1:])
        return torch.cat([hue % (2 * math.pi) / math.pi - 1, saturation * 2 - 1], dim=1)

    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor:
        first, second = color[:, :1], color[:, 1:]
        hue, saturation = _polar(first, second) if self.hue == "vector" else ((first + 1) * math.pi, (second + 1) / 2)
        gray = (gray + 1) / 2
        one = torch.ones_like(hue)
        # Full saturation takes this much off each channel of a pixel of value 1, so RGB = V (1 - s · lack).
        lack: Tensor = 1 - hsv_to_rgb(torch.cat([hue, one, one], dim=1))
        if clip:
            saturation = saturation.clamp(0, 1)
        if self.gray == "value":
            return gray * (1 - saturation * lack)
        dimming = _luma(lack)  # between 0.114 (yellow) and 0.886 (blue)
        if clip:
            saturation = torch.minimum(saturation, (1 - gray) / dimming)
        value = (gray / (1 - saturation * dimming).clamp(min=0.114)).clamp(max=1)
        return value * (1 - saturation * lack)


class YCbCr(ColorSpace):
    """Full-range BT.601 (the YCbCr of JPEG): Y as 2Y - 1 is the condition, Cb and Cr as 2C - 1 are the color.

    Example:
        >>> gray, color = YCbCr().split(torch.full((1, 3, 1, 1), 0.75))
        >>> gray.item(), color.flatten().tolist()
        (0.5, [0.0, 0.0])
    """

    channels = 2
    names = ("Cb", "Cr")

    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        ycbcr = rgb_to_ycbcr(rgb) * 2 - 1
        return ycbcr[:, :1], ycbcr[:, 1:]

    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor:
        # The inverse of kornia's rgb_to_ycbcr, written out because kornia's own always clips.
        luma = (gray + 1) / 2
        blue = luma + color[:, :1] / (2 * 0.564)
        red = luma + color[:, 1:] / (2 * 0.713)
        green = (luma - 0.299 * red - 0.114 * blue) / 0.587
        return torch.cat([red, green, blue], dim=1)


class Lab(ColorSpace):
    """CIE L*a*b* (D65, 2°): L/50 - 1 is the condition, a and b over ``ab_scale`` are the color.

    sRGB reaches a from -86.2 to 98.2 and b from -107.9 to 94.5, so that 110 uses the range of a tanh well. An L1 loss
    in this space is in units of ``ab_scale``: times 110, it is a mean difference of a and b.

    Args:
        ab_scale: what a and b are divided by; 127 to reproduce systems that took it.

    Example:
        >>> gray, color = Lab().split(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1))
        >>> round(gray.item() * 50 + 50, 1), [round(x * 110, 1) for x in color.flatten().tolist()]
        (53.2, [80.1, 67.2])
    """

    channels = 2
    names = ("a", "b")

    def __init__(self, ab_scale: float = 110.0) -> None:
        if not (math.isfinite(ab_scale) and ab_scale > 0):
            raise ColorganError(f"Lab's ab_scale must be a positive number such as 110, but {ab_scale!r} was given")
        self.ab_scale = ab_scale

    def to_ab(self, gray: Tensor, color: Tensor) -> Tensor:
        """The channels themselves, in units of CIE Lab: nothing is converted or clipped."""
        return _checked(color, self.channels, "color") * self.ab_scale

    def from_lab(self, lab: Tensor) -> Tensor:
        """The a* and b* themselves, scaled."""
        return _checked(lab, 3, "lab")[:, 1:] / self.ab_scale

    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        lab = rgb_to_lab(rgb)
        return lab[:, :1] / 50 - 1, lab[:, 1:] / self.ab_scale

    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor:
        rgb: Tensor = lab_to_rgb(torch.cat([(gray + 1) * 50, color * self.ab_scale], dim=1), clip=clip)
        return rgb


def _vector(hue: Tensor, saturation: Tensor) -> Tensor:
    """Hue in radians and saturation, each (B, 1, ...), as (s·cos h, s·sin h), (B, 2, ...)."""
    return torch.cat([saturation * hue.cos(), saturation * hue.sin()], dim=1)


def _polar(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Hue in radians and saturation of a vector, with finite gradients also where there is no saturation."""
    colorless = first.square() + second.square() < 1e-12
    first = torch.where(colorless, 1.0, first)
    second = torch.where(colorless, 0.0, second)
    saturation = torch.where(colorless, 0.0, (first.square() + second.square()).sqrt())
    return torch.atan2(second, first), saturation


def _luma(rgb: Tensor) -> Tensor:
    """Rec. 601 luma, (B, 1, H, W)."""
    luma: Tensor = rgb_to_y(rgb)
    return luma


def _checked(image: Tensor, channels: int, name: str) -> Tensor:
    """The image in single precision or better, or a sentence saying what is wrong with it."""
    if not image.is_floating_point():
        raise ValueError(f"{name} must hold floats, but holds {image.dtype}: divide uint8 photos by 255 first")
    if image.ndim != 4 or image.shape[1] != channels:
        raise ValueError(f"{name} must have the shape (B, {channels}, H, W), but has {tuple(image.shape)}")
    return image.to(torch.promote_types(image.dtype, torch.float32))


def _autocast_off(image: Tensor) -> contextlib.AbstractContextManager[object]:
    """Turns autocast off where it is on; the exported graph stays free of it."""
    device = image.device.type
    if device != "meta" and torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return contextlib.nullcontext()
