"""The encoder-decoder of the published system with a chrominance regressor."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from colorgan.blocks import Norm, initialise, normalisation
from colorgan.errors import ColorganError
from colorgan.generators.base import Generator
from colorgan.network import at_least


class EncoderDecoder(Generator):
    """Halvings, as many doublings, and no skip connections: all that passes fits through the bottom.

    Every layer is a 4×4 convolution of stride 2, a normalisation and an activation. The output is the published
    sigmoid, mapped from [0, 1] to [-1, 1].

    It can be conditioned on the photo's mean colour, as a chrominance regressor predicts it. As everything beside the
    gray, that colour enters through input channels: constant planes. With ``mean_colour`` they skip the halvings and
    join at the bottom, where one colour belongs.

    Args:
        in_channels: gray (1) plus the channels of hints or of a mean colour; set by the model.
        out_channels: colour channels; set by the model.
        width: channels after the first halving; the next three double them.
        depth: how many times height and width are halved; both must be multiples of 2**depth.
        norm: what follows each convolution but the last: batch, instance or none.
        activation: what follows the normalisation: relu or tanh.
        mean_colour: all channels beside the gray one hold one colour for the whole photo, which joins at the bottom.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's own.

    Example:
        >>> EncoderDecoder(1, 2, width=4)(torch.zeros(1, 1, 64, 128)).shape
        torch.Size([1, 2, 64, 128])
        >>> gray, mean = torch.zeros(8, 1, 64, 64), torch.full((8, 2, 64, 64), 0.1)
        >>> EncoderDecoder(3, 2, width=4, mean_colour=True)(torch.cat([gray, mean], dim=1)).shape
        torch.Size([8, 2, 64, 64])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int = 32,
        depth: int = 6,
        norm: Norm = "batch",
        activation: Literal["relu", "tanh"] = "relu",
        mean_colour: bool = False,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels)
        at_least(1, width=width)
        at_least(1, depth=depth)
        if activation not in ("relu", "tanh"):
            raise ColorganError(f"activation must be 'relu' or 'tanh', got {activation!r}")
        self.size_multiple = self.min_size = 2**depth
        self.mean_colour = mean_colour
        activate = nn.ReLU if activation == "relu" else nn.Tanh
        seen, joined = (1, in_channels - 1) if mean_colour else (in_channels, 0)
        widths = [width * 2 ** min(level, 3) for level in range(depth)]
        bias = norm == "none"

        self.down = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 4, stride=2, padding=1, bias=bias), normalisation(norm, after), activate()
                )
                for before, after in pairwise([seen, *widths])
            )
        )
        upwards = widths[::-1]
        self.up = nn.Sequential(
            *(
                nn.Sequential(
                    nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=bias),
                    normalisation(norm, after),
                    activate(),
                )
                for before, after in pairwise([upwards[0] + joined, *upwards[1:]])
            ),
            nn.ConvTranspose2d(width if depth > 1 else width + joined, out_channels, 4, stride=2, padding=1),
        )
        initialise(self, init_std)

    def forward(self, x: Tensor) -> Tensor:
        """Colours a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        if self.mean_colour:
            bottom = self.down(x[:, :1])
            mean = x[:, 1:].mean(dim=(2, 3), keepdim=True).expand(-1, -1, *bottom.shape[-2:])
            bottom = torch.cat([bottom, mean], dim=1)
        else:
            bottom = self.down(x)
        return 2 * torch.sigmoid(self.up(bottom)) - 1
