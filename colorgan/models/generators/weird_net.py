"""The network of parallel paths from the published CNN study."""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.generators.base import Generator
from colorgan.models.layers.blocks import Norm, norm_layer, output_activation


class WeirdNet(Generator):
    """Parallel paths of different widths that are joined first in pairs, then all together.

    This is the "Weird-Net" of the published CNN study, which describes the idea but gives no sizes. Each path is two
    convolutions. Each pair of paths is concatenated and convolved to the width of the wider one. All pairs are
    concatenated, and a last convolution predicts the color. Without tanh the output is linear and clipped to [-1, 1],
    with the gradient passed through unchanged.

    Args:
        in_channels: gray (1) plus hint channels; set by the model.
        out_channels: color channels; set by the model.
        widths: channels of each path; two paths or more.
        kernel_size: height and width of each convolution.
        norm: normalization after each convolution but the last: batch, instance or none.
        tanh: whether to end in tanh instead of clipping.

    Example:
        >>> WeirdNet(1, 3, widths=[2, 3])(torch.zeros(1, 1, 7, 9)).shape
        torch.Size([1, 3, 7, 9])
    """

    can_predict_scores = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        widths: Sequence[int] = (4, 8, 16),
        kernel_size: int = 5,
        norm: Norm = "none",
        tanh: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels)
        if len(widths) < 2:
            raise ColorganError(f"widths must name the channels of two paths or more, received {list(widths)}")
        for width in widths:
            check_at_least(1, widths=width)
        check_at_least(1, kernel_size=kernel_size)

        def conv_block(inputs: int, outputs: int) -> nn.Sequential:
            conv = nn.Conv2d(inputs, outputs, kernel_size, padding="same", bias=norm == "none")
            return nn.Sequential(conv, norm_layer(norm, outputs), nn.ReLU())

        self.paths = nn.ModuleList(
            nn.Sequential(conv_block(in_channels, width), conv_block(width, width)) for width in widths
        )
        pairs = list(combinations(widths, 2))
        self.meetings = nn.ModuleList(conv_block(a + b, max(a, b)) for a, b in pairs)
        self.last = nn.Conv2d(sum(max(pair) for pair in pairs), out_channels, kernel_size, padding="same")
        self.activation = output_activation(tanh)

    def forward(self, x: Tensor) -> Tensor:
        """Colorizes a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        pairs = combinations([path(x) for path in self.paths], 2)
        joined = [layer(torch.cat(pair, dim=1)) for layer, pair in zip(self.meetings, pairs, strict=True)]
        return self.activate(self.last(torch.cat(joined, dim=1)), self.activation)
