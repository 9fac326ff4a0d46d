"""The plain convolutional network from the published CNN study."""

from itertools import pairwise

from torch import Tensor, nn

from colorgan.models.base import check_at_least
from colorgan.models.generators.base import Generator
from colorgan.models.layers.blocks import Norm, norm_layer, output_activation


class PlainCNN(Generator):
    """A stack of convolutions at full resolution with ReLU in between: the baseline of the published CNN study.

    Without tanh the output is linear and clipped to [-1, 1]. The gradient passes through the clipping unchanged, so
    that colors outside the range can still be corrected.

    Args:
        in_channels: gray (1) plus hint channels; set by the model.
        out_channels: color channels; set by the model.
        layers: number of convolutions, including the last one, which predicts the color.
        kernel_size: height and width of each convolution.
        kernels: channels of the hidden layers.
        norm: normalization after each convolution but the last: batch, instance or none.
        tanh: whether to end in tanh instead of clipping.

    Example:
        >>> import torch
        >>> PlainCNN(1, 3, layers=2, kernel_size=5, kernels=4)(torch.zeros(1, 1, 7, 9)).shape
        torch.Size([1, 3, 7, 9])
    """

    can_predict_scores = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        layers: int = 2,
        kernel_size: int = 5,
        kernels: int = 4,
        norm: Norm = "none",
        tanh: bool = False,
    ) -> None:
        super().__init__(in_channels, out_channels)
        check_at_least(1, layers=layers)
        check_at_least(1, kernel_size=kernel_size)
        check_at_least(1, kernels=kernels)
        widths = [in_channels, *[kernels] * (layers - 1)]
        blocks: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            blocks += [
                nn.Conv2d(inputs, outputs, kernel_size, padding="same", bias=norm == "none"),
                norm_layer(norm, outputs),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*blocks, nn.Conv2d(widths[-1], out_channels, kernel_size, padding="same"))
        self.activation = output_activation(tanh)

    def forward(self, x: Tensor) -> Tensor:
        """Colorizes a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        return self.activate(self.layers(x), self.activation)
