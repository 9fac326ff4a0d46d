"""HSV: hue and saturation as color, luma or value as gray."""

import math
from typing import Literal

import torch
from kornia.color import hsv_to_rgb, rgb_to_hsv
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces.base import ColorSpace, luma


class HSV(ColorSpace):
    """Hue and saturation as color.

    With ``hue="vector"`` the channels are s·cos h and s·sin h: equal reds have equal values, and a gray pixel is (0, 0)
    whatever its hue. With ``hue="angle"`` they are h/π - 1, with h in [0, 2π), and 2s - 1, as in published comparisons.
    There, two reds on either side of h = 0 are as far apart as possible.

    The value V = max(R, G, B) of HSV is not what a black-and-white photograph shows: a saturated blue is dark in luma
    and white in V (on 300 photos of flowers and other subjects, V is 16 of 255 brighter on average, and 46 or more on
    one pixel in twenty). A model trained to colorize V would therefore see images at inference unlike any it was
    trained on. With ``gray="luma"`` the gray is Rec. 601 luma, and :meth:`merge` solves for the V that has this luma at
    the predicted hue and saturation. Colors too saturated for their luma are desaturated, so that the luma is always
    preserved. With ``gray="value"`` the gray is V, as in the published comparisons; a gray photo enters with its own
    gray values, which are its V.

    Args:
        hue: vector for (s·cos h, s·sin h), or angle for hue and saturation.
        gray: luma for Rec. 601 luma as the gray, or value for HSV's V.

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
            raise ColorganError(f"HSV: hue must be 'vector' or 'angle', received {hue!r}")
        if gray not in ("luma", "value"):
            raise ColorganError(f"HSV: gray must be 'luma' or 'value', received {gray!r}")
        self.hue = hue
        self.gray = gray
        self.names = ("s·cos h", "s·sin h") if hue == "vector" else ("hue", "saturation")

    def neutral(self, gray: Tensor) -> Tensor:
        """Saturation 0: (0, 0) as a vector, (-1, -1) as an angle (hue 0 and saturation 0)."""
        zero = super().neutral(gray)
        return zero if self.hue == "vector" else zero - 1

    def mean(self, color: Tensor, weight: Tensor) -> Tensor:
        """Averages vectors in both cases: the mean of two reds on either side of h = 0 is red."""
        if self.hue == "vector":
            return super().mean(color, weight)
        vector = super().mean(_to_vector((color[:, :1] + 1) * math.pi, (color[:, 1:] + 1) / 2), weight)
        hue, saturation = _to_polar(vector[:, :1], vector[:, 1:])
        return torch.cat([hue % (2 * math.pi) / math.pi - 1, saturation * 2 - 1], dim=1)

    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        hue, saturation, value = rgb_to_hsv(rgb).chunk(3, dim=1)
        gray = luma(rgb) if self.gray == "luma" else value
        if self.hue == "vector":
            return gray * 2 - 1, _to_vector(hue, saturation)
        return gray * 2 - 1, torch.cat([hue / math.pi - 1, saturation * 2 - 1], dim=1)

    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor:
        x, y = color[:, :1], color[:, 1:]
        hue, saturation = _to_polar(x, y) if self.hue == "vector" else ((x + 1) * math.pi, (y + 1) / 2)
        gray = (gray + 1) / 2
        one = torch.ones_like(hue)
        # What full saturation subtracts from each channel of a pixel with V = 1, so that RGB = V (1 - s · reduction).
        reduction: Tensor = 1 - hsv_to_rgb(torch.cat([hue, one, one], dim=1))
        if clip:
            saturation = saturation.clamp(0, 1)
        if self.gray == "value":
            return gray * (1 - saturation * reduction)
        luma_reduction = luma(reduction)  # between 0.114 (yellow) and 0.886 (blue)
        if clip:
            saturation = torch.minimum(saturation, (1 - gray) / luma_reduction)
        value = (gray / (1 - saturation * luma_reduction).clamp(min=0.114)).clamp(max=1)
        return value * (1 - saturation * reduction)


def _to_vector(hue: Tensor, saturation: Tensor) -> Tensor:
    """Hue in radians and saturation, each (B, 1, ...) → (s·cos h, s·sin h), (B, 2, ...)."""
    return torch.cat([saturation * hue.cos(), saturation * hue.sin()], dim=1)


def _to_polar(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Hue in radians and saturation of vectors, with finite gradients also at zero saturation."""
    is_gray = x.square() + y.square() < 1e-12
    x = torch.where(is_gray, 1.0, x)
    y = torch.where(is_gray, 0.0, y)
    saturation = torch.where(is_gray, 0.0, (x.square() + y.square()).sqrt())
    return torch.atan2(y, x), saturation
