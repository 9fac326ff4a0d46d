"""YCbCr, the color space of JPEG."""

import torch
from kornia.color import rgb_to_ycbcr
from torch import Tensor

from colorgan.models.color_spaces.base import ColorSpace


class YCbCr(ColorSpace):
    """Full-range BT.601 (the YCbCr of JPEG): gray is Y as 2Y - 1, color is Cb and Cr as 2C - 1.

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
        # The inverse of kornia's rgb_to_ycbcr, written out because kornia's own inverse always clips.
        y = (gray + 1) / 2
        blue = y + color[:, :1] / (2 * 0.564)
        red = y + color[:, 1:] / (2 * 0.713)
        green = (y - 0.299 * red - 0.114 * blue) / 0.587
        return torch.cat([red, green, blue], dim=1)
