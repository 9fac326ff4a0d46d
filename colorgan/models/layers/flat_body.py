"""The constant-width U-Net that the generator and the discriminator of the Lab-landscapes system share."""

import torch
from torch import Tensor, nn

from colorgan.models.base import check_at_least, check_probability
from colorgan.models.layers.blocks import Norm, norm_layer


class FlatBody(nn.Module):
    """A U-Net with the same width at every level: (B, in, H, W) → (B, width, H, W) in [-1, 1].

    It starts with a 3×3 convolution and LeakyReLU(0.2). Downsampling steps are a 4×4 convolution of stride 2,
    LeakyReLU(0.2) and normalization. Upsampling steps are ReLU, a 4×4 transposed convolution of stride 2, normalization
    and dropout; the last one ends in tanh instead. From the second upsampling step on, there are skip connections. No
    convolution has a bias.

    Args:
        in_channels: channels of the input.
        width: channels of every level.
        depth: number of downsampling steps.
        norm: kind of normalization.
        dropout: dropout probability of every upsampling step but the last.
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
        for step in range(depth):
            inputs = width if step == 0 else 2 * width
            layers: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(inputs, width, 4, stride=2, padding=1, bias=False)]
            is_last = step == depth - 1
            layers += [nn.Tanh()] if is_last else [norm_layer(norm, width), nn.Dropout(dropout)]
            up.append(nn.Sequential(*layers))
        self.up = nn.ModuleList(up)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """Runs the contracting path, then the expanding path with its skip connections.

        Args:
            x: (B, in, H, W).
            maps: a list to which the output of each step is added, for those who need them.

        Returns:
            (B, width, H, W) in [-1, 1].
        """
        x = self.first(x)
        skips: list[Tensor] = []
        for downsample in self.down:
            x = downsample(x)
            skips.append(x)
        if maps is not None:
            maps += skips
        x = skips.pop()
        for step, upsample in enumerate(self.up):
            x = upsample(x if step == 0 else torch.cat([x, skips.pop()], dim=1))
            if maps is not None:
                maps.append(x)
        return x
