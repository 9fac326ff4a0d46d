"""CIE Lab."""

import math

import torch
from kornia.color import lab_to_rgb, rgb_to_lab
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces.base import ColorSpace, check_image


class Lab(ColorSpace):
    """CIE L*a*b* (D65, 2°): gray is L/50 - 1, color is a and b divided by ``ab_scale``.

    In sRGB, a ranges from -86.2 to 98.2 and b from -107.9 to 94.5, so a scale of 110 makes good use of the range of
    tanh. An L1 loss in this space is in units of ``ab_scale``: times 110, it is a mean difference of a and b.

    Args:
        ab_scale: divisor of a and b; set it to 127 to reproduce systems that use that.

    Example:
        >>> gray, color = Lab().split(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1))
        >>> round(gray.item() * 50 + 50, 1), [round(x * 110, 1) for x in color.flatten().tolist()]
        (53.2, [80.1, 67.2])
    """

    channels = 2
    names = ("a", "b")

    def __init__(self, ab_scale: float = 110.0) -> None:
        if not (math.isfinite(ab_scale) and ab_scale > 0):
            raise ColorganError(f"Lab: ab_scale must be a positive number such as 110, received {ab_scale!r}")
        self.ab_scale = ab_scale

    def to_ab(self, gray: Tensor, color: Tensor) -> Tensor:
        """The color channels in the units of CIE Lab, without conversion or clipping."""
        return check_image(color, self.channels, "color") * self.ab_scale

    def from_lab(self, lab: Tensor) -> Tensor:
        """The a* and b* channels, scaled."""
        return check_image(lab, 3, "lab")[:, 1:] / self.ab_scale

    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        lab = rgb_to_lab(rgb)
        return lab[:, :1] / 50 - 1, lab[:, 1:] / self.ab_scale

    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor:
        rgb: Tensor = lab_to_rgb(torch.cat([(gray + 1) * 50, color * self.ab_scale], dim=1), clip=clip)
        return rgb
