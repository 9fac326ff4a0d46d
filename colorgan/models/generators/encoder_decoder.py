"""The encoder-decoder of the published system with a chrominance regressor."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.chroma import ChromaNet, FrozenChromaNet, load_regressor
from colorgan.models.encoders import pretrained_weights_wanted
from colorgan.models.generators.base import Generator
from colorgan.models.layers.blocks import Norm, init_weights, norm_layer


class EncoderDecoder(Generator):
    """Halvings, as many doublings, and no skip connections: all that passes fits through the bottom.

    Every layer is a 4×4 convolution of stride 2, a normalization and an activation. The output is the published
    sigmoid, mapped from [0, 1] to [-1, 1].

    On request, a :class:`~colorgan.models.chroma.ChromaNet` of its own guesses the photo's mean color from the gray. It
    joins at the bottom, where one color belongs. With ``regressor`` it is one that was trained before and stays as it
    is; without, it learns with the rest. Either way it is a part of this network and of its checkpoints.

    Args:
        in_channels: gray (1) plus the channels of hints or of a mean color; set by the model.
        out_channels: color channels; set by the model.
        width: channels after the first halving; the next three double them.
        depth: how many times height and width are halved; both must be multiples of 2**depth.
        norm: what follows each convolution but the last: batch, instance or none.
        activation: what follows the normalization: relu or tanh.
        mean_color: whether a guess of the mean color joins at the bottom.
        regressor: a checkpoint of a ChromaRegressor of the same color space, whose guess it is; or a pattern such as
            ``checkpoints/chroma/*/checkpoints/best.ckpt``, of whose files the newest is taken.
        regressor_width: hidden channels of the regressor.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's own.

    Example:
        >>> EncoderDecoder(1, 2, width=4)(torch.zeros(1, 1, 64, 128)).shape
        torch.Size([1, 2, 64, 128])
        >>> EncoderDecoder(1, 2, width=4, mean_color=True)(torch.zeros(8, 1, 64, 64)).shape
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
        mean_color: bool = False,
        regressor: str | None = None,
        regressor_width: int = 3,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels)
        check_at_least(1, width=width)
        check_at_least(1, depth=depth)
        if activation not in ("relu", "tanh"):
            raise ColorganError(f"activation must be 'relu' or 'tanh', got {activation!r}")
        if regressor is not None and not mean_color:
            raise ColorganError("a regressor was given, but mean_color is false: set it to true, or regressor to null")
        self.size_multiple = self.min_size = 2**depth
        activate = nn.ReLU if activation == "relu" else nn.Tanh
        joined = out_channels if mean_color else 0
        widths = [width * 2 ** min(level, 3) for level in range(depth)]
        bias = norm == "none"

        self.down = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 4, stride=2, padding=1, bias=bias), norm_layer(norm, after), activate()
                )
                for before, after in pairwise([in_channels, *widths])
            )
        )
        upwards = widths[::-1]
        self.up = nn.Sequential(
            *(
                nn.Sequential(
                    nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=bias),
                    norm_layer(norm, after),
                    activate(),
                )
                for before, after in pairwise([upwards[0] + joined, *upwards[1:]])
            ),
            nn.ConvTranspose2d(width if depth > 1 else width + joined, out_channels, 4, stride=2, padding=1),
        )
        init_weights(self, init_std)
        self.chroma: ChromaNet | FrozenChromaNet | None = None
        if mean_color:
            self.chroma = ChromaNet(1, out_channels, width=regressor_width)
            if regressor is not None:
                if pretrained_weights_wanted():
                    load_regressor(self.chroma, regressor)
                self.chroma = FrozenChromaNet(self.chroma)

    def forward(self, x: Tensor) -> Tensor:
        """Colors a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        bottom = self.down(x)
        if self.chroma is not None:
            mean = self.chroma(x[:, :1])[:, :, None, None].expand(-1, -1, *bottom.shape[-2:])
            bottom = torch.cat([bottom, mean], dim=1)
        return 2 * torch.sigmoid(self.up(bottom)) - 1
