"""The U-Net that the generator and the discriminator of the published flowers system share."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least, check_probability
from colorgan.models.layers.blocks import ConvBlock, Downsample, Norm, norm_layer
from colorgan.models.layers.upsampling import Upsampling, upsample_layer


class Upsample(nn.Sequential):
    """Upsampling layer, normalization, dropout, ReLU, 3×3 blocks: (B, in, H, W) → (B, out, 2H, 2W)."""

    def __init__(
        self, in_channels: int, out_channels: int, *, norm: Norm, upsampling: Upsampling, dropout: float, blocks: int
    ) -> None:
        super().__init__(
            upsample_layer(upsampling, in_channels, out_channels, bias=norm == "none"),
            norm_layer(norm, out_channels),
            nn.Dropout(dropout),
            nn.ReLU(),
            *(ConvBlock(out_channels, out_channels, norm=norm) for _ in range(blocks)),
        )


class UNetBody(nn.Module):
    """A U-Net without an output activation: (B, in, H, W) → (B, out, H / 2**cut, W / 2**cut), unbounded.

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
        blocks: 3×3 blocks per level.
        cut: number of upsampling steps that are left out at the end, at most ``depth``.
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
        blocks: int = 1,
        cut: int = 0,
    ) -> None:
        super().__init__()
        check_at_least(1, width=width)
        check_at_least(1, depth=depth)
        check_at_least(1, blocks=blocks)
        check_at_least(0, cut=cut)
        if cut > depth:
            raise ColorganError(f"cut must be at most the depth, {depth}, received {cut}")
        check_probability(dropout=dropout)
        widths = [width * 2**level for level in range(depth + 1)]
        pairs = list(pairwise(widths))
        self.first = _blocks(in_channels, width, norm, blocks)
        self.down = nn.ModuleList(Downsample(finer, coarser, norm=norm, blocks=blocks) for finer, coarser in pairs)
        self.bottom = _blocks(widths[-1], widths[-1], norm, blocks)
        self.up = nn.ModuleList(
            Upsample(2 * coarser, finer, norm=norm, upsampling=upsampling, dropout=dropout, blocks=blocks)
            for finer, coarser in reversed(pairs[cut:])
        )
        self.last = nn.Conv2d(2 * widths[cut], out_channels, 1)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """Runs the contracting path, then the expanding path with its skip connections.

        Args:
            x: (B, in, H, W).
            maps: a list to which the output of each step but the last is added, for those who need them.

        Returns:
            (B, out, H / 2**cut, W / 2**cut).
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


def _blocks(in_channels: int, out_channels: int, norm: Norm, number: int) -> nn.Sequential:
    """The 3×3 blocks of a level; a single one has no container, whose name older checkpoints do not know."""
    first = ConvBlock(in_channels, out_channels, norm=norm)
    further = [ConvBlock(out_channels, out_channels, norm=norm) for _ in range(number - 1)]
    return nn.Sequential(first, *further) if further else first
