"""The U-Net of constant width of the published Lab-landscapes system: its generator and its discriminator share it."""

import torch
from torch import Tensor, nn

from colorgan.models.base import check_at_least, check_probability
from colorgan.models.layers.blocks import Norm, norm_layer


class FlatBody(nn.Module):
    """Halvings and as many doublings, all of the same width: (B, in, H, W) → (B, width, H, W) in [-1, 1].

    A 3×3 convolution and LeakyReLU(0.2); downsampling layers (4×4 convolution of stride 2, LeakyReLU(0.2), normalization);
    doublings (ReLU, 4×4 transposed convolution of stride 2, normalization, dropout), of which the last ends in tanh
    instead. From the second on, a doubling sees the halving of its size as well. No convolution has a bias.

    Args:
        in_channels: channels of the input.
        width: channels of every level.
        depth: how many times height and width are halved.
        norm: the normalization.
        dropout: the share of values that each doubling but the last zeroes while training.
    """

    def __init__(self, in_channels: int, *, width: int, depth: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        check_at_least(1, width=width)
        check_at_least(1, depth=depth)
        check_probability(dropout=dropout)
        self.first = nn.Sequential(nn.Conv2d(in_channels, width, 3, padding=1, bias=False), nn.LeakyReLU(0.2))
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, width, 4, stride=2, padding=1, bias=False),
                nn.LeakyReLU(0.2),
                norm_layer(norm, width),
            )
            for _ in range(depth)
        )
        up: list[nn.Module] = []
        for number in range(depth):
            seen = width if number == 0 else 2 * width
            layers: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(seen, width, 4, stride=2, padding=1, bias=False)]
            last = number == depth - 1
            layers += [nn.Tanh()] if last else [norm_layer(norm, width), nn.Dropout(dropout)]
            up.append(nn.Sequential(*layers))
        self.up = nn.ModuleList(up)

    def forward(self, x: Tensor) -> Tensor:
        """Runs down, then up again past the downsampling layers."""
        x = self.first(x)
        halved: list[Tensor] = []
        for halve in self.down:
            x = halve(x)
            halved.append(x)
        x = halved.pop()
        for number, enlarge in enumerate(self.up):
            x = enlarge(x if number == 0 else torch.cat([x, halved.pop()], dim=1))
        return x
