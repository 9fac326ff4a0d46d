"""The U-Net generator of the published flowers system."""

from torch import Tensor

from colorgan.models.generators.base import Generator
from colorgan.models.layers.blocks import Norm, init_weights
from colorgan.models.layers.unet_body import UNetBody
from colorgan.models.layers.upsampling import Upsampling


class UNet(Generator):
    """A U-Net (Ronneberger et al. 2015) of strided convolutions with a tanh output, as in the published flowers system.

    With the default width and depth it has 14,639,267 parameters for one channel in and three out.

    Args:
        in_channels: gray (1) plus hint channels; set by the model.
        out_channels: color channels; set by the model.
        width: channels at full resolution, doubled at each downsampling step.
        depth: number of downsampling steps; height and width must be multiples of 2**depth.
        norm: normalization after each convolution: batch, instance or none.
        upsampling: kind of upsampling layer: transposed (convolution), resize (nearest neighbor and a convolution), or
            pixel_shuffle (with ICNR). The last two avoid checkerboard artifacts.
        dropout: dropout probability of every upsampling step.
        blocks: 3×3 blocks per level; the publication also tried more than one.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> import torch
        >>> UNet(1, 2, width=4, depth=2)(torch.zeros(1, 1, 8, 12)).shape
        torch.Size([1, 2, 8, 12])
    """

    can_predict_scores = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int = 32,
        depth: int = 4,
        norm: Norm = "batch",
        upsampling: Upsampling = "transposed",
        dropout: float = 0.0,
        blocks: int = 1,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels)
        self.body = UNetBody(
            in_channels,
            out_channels,
            width=width,
            depth=depth,
            norm=norm,
            upsampling=upsampling,
            dropout=dropout,
            blocks=blocks,
        )
        self.size_multiple = self.min_size = 2**depth
        init_weights(self, init_std)

    def forward(self, x: Tensor) -> Tensor:
        """Colorizes a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        return self.activate(self.body(x))
