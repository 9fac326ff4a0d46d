"""The U-Net that the generator and the discriminator of the published flowers system share."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from colorgan.models.base import check_at_least, check_probability
from colorgan.models.layers.blocks import ConvBlock, Downsample, Norm, norm_layer
from colorgan.models.layers.upsampling import Upsampling, upsample_layer


class Upsample(nn.Sequential):
    """Upsampling layer, normalization, dropout, ReLU, 3×3 block: (B, in, H, W) → (B, out, 2H, 2W)."""

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
    """A U-Net without an output activation: (B, in, H, W) → (B, out, H, W), unbounded.

    Every level has a skip connection, including the bottom. Each upsampling step reduces the concatenated channels to
    a quarter.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        width: channels at full resolution, doubled at each downsampling step.
        depth: number of downsampling steps; height and width must be multiples of ``2**depth``.
        norm: kind of normalization after each convolution but the last.
        upsampling: kind of upsampling layer.
        dropout: dropout probability of every upsampling step.
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
        pairs = list(pairwise(widths))
        self.first = ConvBlock(in_channels, width, norm=norm)
        self.down = nn.ModuleList(Downsample(finer, coarser, norm=norm) for finer, coarser in pairs)
        self.bottom = ConvBlock(widths[-1], widths[-1], norm=norm)
        self.up = nn.ModuleList(
            Upsample(2 * coarser, finer, norm=norm, upsampling=upsampling, dropout=dropout)
            for finer, coarser in reversed(pairs)
        )
        self.last = nn.Conv2d(2 * width, out_channels, 1)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """Runs the contracting path, then the expanding path with its skip connections.

        Args:
            x: (B, in, H, W).
            maps: a list to which the output of each step but the last is added, for those who need them.

        Returns:
            (B, out, H, W).
        """
        x = self.first(x)
        skips = [x]
        for downsample in self.down:
            x = downsample(x)
            skips.append(x)
        x = self.bottom(x)
        if maps is not None:
            maps += [*skips, x]
        for upsample in self.up:
            x = upsample(torch.cat([x, skips.pop()], dim=1))
            if maps is not None:
                maps.append(x)
        output: Tensor = self.last(torch.cat([x, skips.pop()], dim=1))
        return output
