"""The discriminator of the published flowers system that gives one score per pixel, or per few pixels."""

from torch import Tensor

from colorgan.models.discriminators.base import Discriminator, Verdict
from colorgan.models.layers.blocks import Norm, apply_spectral_norm, init_weights
from colorgan.models.layers.unet_body import UNetBody
from colorgan.models.layers.upsampling import Upsampling


class UNetDiscriminator(Discriminator):
    """The network of :class:`colorgan.models.UNet` with one output channel: one score per pixel.

    This is the discriminator of the published final model, with 14,640,001 parameters for gray and RGB in, 14,639,713
    for gray and two color channels. Compare Schönfeld et al., "A U-Net Based Discriminator for GANs", 2020.

    Args:
        in_channels: gray (1) plus color (plus hint) channels; set by the model.
        width: channels at full resolution, doubled at each downsampling step.
        depth: number of downsampling steps; height and width must be multiples of 2**depth.
        norm: normalization after each convolution: batch, instance or none (for a gradient penalty: instance or none).
        upsampling: kind of upsampling layer: transposed, resize or pixel_shuffle.
        dropout: dropout probability of every upsampling step.
        blocks: 3×3 blocks per level.
        cut: number of upsampling steps that are left out at the end: with 1, one score per 2×2 pixels, and so on. The
            publication also tried such a truncated U-Net.
        spectral_norm: whether to apply spectral normalization to every weight.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> import torch
        >>> UNetDiscriminator(4, width=4, depth=2)(torch.zeros(1, 4, 8, 12)).shape
        torch.Size([1, 1, 8, 12])
    """

    def __init__(
        self,
        in_channels: int,
        width: int = 32,
        depth: int = 4,
        norm: Norm = "batch",
        upsampling: Upsampling = "transposed",
        dropout: float = 0.0,
        blocks: int = 1,
        cut: int = 0,
        spectral_norm: bool = False,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels)
        self.body = UNetBody(
            in_channels,
            1,
            width=width,
            depth=depth,
            norm=norm,
            upsampling=upsampling,
            dropout=dropout,
            blocks=blocks,
            cut=cut,
        )
        self.size_multiple = self.min_size = 2**depth
        init_weights(self, init_std)
        if spectral_norm:
            apply_spectral_norm(self)

    def examine(self, x: Tensor) -> Verdict:
        """Scores a batch: (B, in_channels, H, W) → raw scores (B, 1, H / 2**cut, W / 2**cut).

        The features are those of each step of the contracting path, the bottom, and the expanding path.
        """
        self.check_input(x)
        features: list[Tensor] = []
        scores = self.body(x, features)
        return Verdict(scores, features)
