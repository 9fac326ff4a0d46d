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
    """An encoder and a decoder without skip connections: everything passes through the bottleneck.

    Every layer is a 4×4 convolution of stride 2, a normalization and an activation. The output is the published
    sigmoid, mapped from [0, 1] to [-1, 1].

    With ``mean_color``, a :class:`~colorgan.models.ChromaNet` predicts the photo's mean color from the gray, and its
    prediction is concatenated to the bottleneck. If ``regressor`` names a checkpoint, the ChromaNet is loaded from it
    and frozen; otherwise it is trained with the rest of the network. Either way its weights are part of this network
    and of its checkpoints.

    Args:
        in_channels: gray (1) plus hint channels; set by the model.
        out_channels: color channels; set by the model.
        width: channels after the first downsampling step, doubled at each of the next three.
        depth: number of downsampling steps; height and width must be multiples of 2**depth.
        norm: normalization after each convolution but the last: batch, instance or none.
        activation: activation after the normalization: relu or tanh.
        mean_color: whether to concatenate a predicted mean color to the bottleneck.
        regressor: checkpoint of a ChromaRegressor trained in the same color space, which predicts the mean color. A
            pattern such as ``checkpoints/chroma/*/checkpoints/best.ckpt`` selects the newest matching file.
        regressor_width: hidden channels of the regressor.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> EncoderDecoder(1, 2, width=4)(torch.zeros(1, 1, 64, 128)).shape
        torch.Size([1, 2, 64, 128])
        >>> EncoderDecoder(1, 2, width=4, mean_color=True)(torch.zeros(8, 1, 64, 64)).shape
        torch.Size([8, 2, 64, 64])
    """

    can_predict_scores = True

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
            raise ColorganError(f"activation must be 'relu' or 'tanh', received {activation!r}")
        if regressor is not None and not mean_color:
            raise ColorganError(
                "regressor is set, but mean_color is false: set mean_color to true, or regressor to null"
            )
        self.size_multiple = self.min_size = 2**depth
        activation_layer = nn.ReLU if activation == "relu" else nn.Tanh
        mean_channels = out_channels if mean_color else 0
        widths = [width * 2 ** min(level, 3) for level in range(depth)]
        bias = norm == "none"

        self.down = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=bias),
                    norm_layer(norm, outputs),
                    activation_layer(),
                )
                for inputs, outputs in pairwise([in_channels, *widths])
            )
        )
        decoder_widths = widths[::-1]
        self.up = nn.Sequential(
            *(
                nn.Sequential(
                    nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias),
                    norm_layer(norm, outputs),
                    activation_layer(),
                )
                for inputs, outputs in pairwise([decoder_widths[0] + mean_channels, *decoder_widths[1:]])
            ),
            nn.ConvTranspose2d(width if depth > 1 else width + mean_channels, out_channels, 4, stride=2, padding=1),
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
        """Colorizes a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        bottleneck = self.down(x)
        if self.chroma is not None:
            mean = self.chroma(x[:, :1])[:, :, None, None].expand(-1, -1, *bottleneck.shape[-2:])
            bottleneck = torch.cat([bottleneck, mean], dim=1)
        return self.activate(self.up(bottleneck), lambda x: 2 * torch.sigmoid(x) - 1)
