"""The U-Net generator of the pix2pix paper."""

import torch
from torch import Tensor, nn

from colorgan.models.base import check_at_least, check_probability
from colorgan.models.generators.base import Generator
from colorgan.models.layers.blocks import Norm, init_weights, norm_layer
from colorgan.models.layers.upsampling import Upsampling, upsample_layer


class Pix2PixUNet(Generator):
    """The U-Net of "Image-to-Image Translation with Conditional Adversarial Networks" (Isola et al. 2017).

    It has only 4×4 convolutions of stride 2, down to a single pixel for an image of 2**depth pixels, and a tanh output.
    Depth 8 is the paper's network for 256 px (54,413,955 parameters with three channels in and out), depth 7 the one
    for 128 px (41,828,995).

    The paper keeps dropout active at inference; here it is active in training only, so that results are reproducible.

    Args:
        in_channels: gray (1) plus hint channels; set by the model.
        out_channels: color channels; set by the model.
        width: channels after the first downsampling step, doubled at each of the next three.
        depth: number of downsampling steps; height and width must be multiples of 2**depth.
        norm: normalization after each convolution but the first and the innermost: batch, instance or none.
        upsampling: kind of upsampling layer: transposed (convolution), resize (nearest neighbor and a convolution), or
            pixel_shuffle (with ICNR). The last two avoid checkerboard artifacts.
        dropout: dropout probability of the upsampling steps at full width, except the innermost.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> Pix2PixUNet(1, 2, width=4, depth=3)(torch.zeros(1, 1, 8, 16)).shape
        torch.Size([1, 2, 8, 16])
    """

    can_predict_scores = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int = 64,
        depth: int = 8,
        norm: Norm = "batch",
        upsampling: Upsampling = "transposed",
        dropout: float = 0.5,
        init_std: float | None = 0.02,
    ) -> None:
        super().__init__(in_channels, out_channels)
        check_at_least(1, width=width)
        check_at_least(2, depth=depth)
        check_probability(dropout=dropout)
        self.size_multiple = self.min_size = 2**depth
        bias = norm == "none"
        widths = [width * 2 ** min(level, 3) for level in range(depth)]

        down: list[nn.Module] = [nn.Conv2d(in_channels, width, 4, stride=2, padding=1, bias=bias)]
        for level in range(1, depth):
            innermost = level == depth - 1
            down.append(
                nn.Sequential(
                    nn.LeakyReLU(0.2),
                    nn.Conv2d(widths[level - 1], widths[level], 4, stride=2, padding=1, bias=bias),
                    # instance normalization would set a single pixel to zero
                    nn.Identity() if innermost else norm_layer(norm, widths[level]),
                )
            )
        up: list[nn.Module] = []
        for level in reversed(range(1, depth)):
            innermost = level == depth - 1
            up.append(
                nn.Sequential(
                    nn.ReLU(),
                    upsample_layer(upsampling, widths[level] * (1 if innermost else 2), widths[level - 1], bias=bias),
                    norm_layer(norm, widths[level - 1]),
                    nn.Dropout(dropout if level > 3 and not innermost else 0.0),
                )
            )
        self.down = nn.ModuleList(down)
        self.up = nn.ModuleList(up)
        self.last = nn.Sequential(nn.ReLU(), upsample_layer(upsampling, 2 * width, out_channels))
        init_weights(self, init_std)

    def forward(self, x: Tensor) -> Tensor:
        """Colorizes a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        skips: list[Tensor] = []
        for downsample in self.down:
            x = downsample(x)
            skips.append(x)
        x = skips.pop()
        for upsample in self.up:
            x = torch.cat([skips.pop(), upsample(x)], dim=1)
        return self.activate(self.last(x))
