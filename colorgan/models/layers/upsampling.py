"""Learned layers that double height and width."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorgan.errors import ColorganError

Upsampling = Literal["transposed", "resize", "pixel_shuffle"]
"""``transposed``: 4x4 transposed convolution, prone to checkerboard artifacts; ``resize``: nearest-neighbor upsampling
and a 3x3 convolution (Odena et al., "Deconvolution and Checkerboard Artifacts", 2016); ``pixel_shuffle``: sub-pixel
convolution (Shi et al. 2016) with ICNR, which starts free of checkerboards (Aitken et al. 2017)."""


class ResizeConv2d(nn.Sequential):
    """Nearest-neighbor upsampling and a 3×3 convolution: (B, in, H, W) → (B, out, 2H, 2W)."""

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2.0, mode="nearest"),
            nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode="replicate", bias=bias),
        )


class PixelShuffleConv2d(nn.Module):
    """A convolution to four times the channels and a pixel shuffle: (B, in, H, W) → (B, out, 2H, 2W).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: 3, or 1 as in fastai's dynamic U-Net.
        bias: whether the convolution has a bias.
        blur: whether to average each 2×2 neighborhood afterward (Sugawara et al. 2019), against checkerboards that
            develop in training.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: Literal[1, 3] = 3,
        bias: bool = True,
        blur: bool = False,
    ) -> None:
        super().__init__()
        self.blur = blur
        padding = kernel_size // 2
        self.conv = nn.Conv2d(
            in_channels, 4 * out_channels, kernel_size, padding=padding, padding_mode="replicate", bias=bias
        )
        self.icnr_()

    @torch.no_grad()
    def icnr_(self) -> None:
        """Initializes the convolution with ICNR: the layer then equals nearest-neighbor upsampling.

        Call it again after initializing the weights anew.
        """
        for parameter in self.conv.parameters():
            parameter.copy_(parameter[::4].repeat_interleave(4, dim=0))

    def forward(self, x: Tensor) -> Tensor:
        """Upsamples a batch."""
        x = F.pixel_shuffle(self.conv(x), 2)
        return F.avg_pool2d(F.pad(x, (1, 0, 1, 0), mode="replicate"), 2, stride=1) if self.blur else x


def upsample_layer(kind: Upsampling, in_channels: int, out_channels: int, *, bias: bool = True) -> nn.Module:
    """Builds a layer (B, in_channels, H, W) → (B, out_channels, 2H, 2W).

    Raises:
        ColorganError: for a kind that is not an :data:`Upsampling`.

    Example:
        >>> upsample_layer("resize", 8, 4)(torch.zeros(1, 8, 5, 5)).shape
        torch.Size([1, 4, 10, 10])
    """
    match kind:
        case "transposed":
            return nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=bias)
        case "resize":
            return ResizeConv2d(in_channels, out_channels, bias=bias)
        case "pixel_shuffle":
            return PixelShuffleConv2d(in_channels, out_channels, bias=bias)
    raise ColorganError(f"upsampling must be 'transposed', 'resize' or 'pixel_shuffle', received {kind!r}")
