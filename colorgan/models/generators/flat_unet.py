"""The constant-width U-Net of the published Lab-landscapes system."""

from torch import Tensor, nn

from colorgan.models.generators.base import Generator
from colorgan.models.layers.blocks import Norm, init_weights
from colorgan.models.layers.flat_body import FlatBody


class FlatUNet(Generator):
    """A U-Net with the same width at every level and a tanh output.

    The width is the "complexity" of the published landscapes study. For one channel in and two out, the
    network has 58,064 parameters at width 16 and 1,164,456 at width 72.

    Args:
        in_channels: gray (1) plus hint channels; set by the model.
        out_channels: color channels; set by the model.
        width: channels of every level (the study: 16 to 72).
        depth: number of downsampling steps; height and width must be multiples of 2**depth.
        norm: normalization after each convolution but the outermost: batch, instance or none.
        dropout: dropout probability of every upsampling step but the last.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> import torch
        >>> FlatUNet(1, 2, width=4)(torch.zeros(1, 1, 64, 32)).shape
        torch.Size([1, 2, 64, 32])
    """

    can_predict_scores = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int = 16,
        depth: int = 5,
        norm: Norm = "batch",
        dropout: float = 0.5,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels)
        self.body = FlatBody(in_channels, width=width, depth=depth, norm=norm, dropout=dropout)
        self.last = nn.Conv2d(width, out_channels, 3, padding=1, bias=False)
        self.size_multiple = self.min_size = 2**depth
        init_weights(self, init_std)

    def forward(self, x: Tensor) -> Tensor:
        """Colorizes a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        return self.activate(self.last(self.body(x)))
