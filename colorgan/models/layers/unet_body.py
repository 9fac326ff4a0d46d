"""The U-Net of the published flowers system, without an output activation: the generator and its judge share it."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from colorgan.models.base import check_at_least, check_probability
from colorgan.models.layers.blocks import ConvBlock, Downsample, Norm, norm_layer
from colorgan.models.layers.upsampling import Upsampling, upsample_layer


class Upsample(nn.Sequential):
    """A learned upsample_layer, normalization, ReLU, then a 3×3 block: (B, in, H, W) → (B, out, 2H, 2W)."""

    def __init__(
        self, in_channels: int, out_channels: int, *, norm: Norm, upsampling: Upsampling, dropout: float
    ) -> None:
        super().__init__(
            upsample_layer(upsampling, in_channels, out_channels, bias=norm == "none"),
            norm_layer(norm, out_channels),
            nn.Dropout(dropout),
            nn.ReLU(),
            ConvBlock(out_channels, out_channels, norm=norm),
        )


class UNetBody(nn.Module):
    """Halvings, as many doublings, and between them the skip connections: (B, in, H, W) → (B, out, H, W), unbounded.

    Every level of the contracting path is concatenated with its twin of the expanding path, the bottom included; each
    doubling takes the concatenated channels to a quarter.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        width: channels at full size; each halving doubles them.
        depth: how many times height and width are halved; both must be multiples of ``2**depth``.
        norm: what follows each convolution but the last.
        upsampling: how the expanding path doubles height and width.
        dropout: the share of values that each doubling zeroes while training.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: int,
        depth: int,
        norm: Norm,
        upsampling: Upsampling,
        dropout: float,
    ) -> None:
        super().__init__()
        check_at_least(1, width=width)
        check_at_least(1, depth=depth)
        check_probability(dropout=dropout)
        widths = [width * 2**level for level in range(depth + 1)]
        levels = list(pairwise(widths))
        self.first = ConvBlock(in_channels, width, norm=norm)
        self.down = nn.ModuleList(Downsample(above, below, norm=norm) for above, below in levels)
        self.bottom = ConvBlock(widths[-1], widths[-1], norm=norm)
        self.up = nn.ModuleList(
            Upsample(2 * below, above, norm=norm, upsampling=upsampling, dropout=dropout)
            for above, below in reversed(levels)
        )
        self.last = nn.Conv2d(2 * width, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Runs down, then up again past the twins."""
        x = self.first(x)
        twins = [x]
        for halve in self.down:
            x = halve(x)
            twins.append(x)
        x = self.bottom(x)
        for double in self.up:
            x = double(torch.cat([x, twins.pop()], dim=1))
        output: Tensor = self.last(torch.cat([x, twins.pop()], dim=1))
        return output
