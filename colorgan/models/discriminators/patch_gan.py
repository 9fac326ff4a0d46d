"""The patch discriminator of the published flowers system."""

from torch import Tensor, nn

from colorgan.models.base import check_at_least
from colorgan.models.discriminators.base import Discriminator, Verdict
from colorgan.models.layers.blocks import ConvBlock, Downsample, Norm, apply_spectral_norm, init_weights
from colorgan.models.layers.chain import chain


class PatchGAN(Discriminator):
    """A 3×3 block, strided convolutions, and a 1×1 convolution to one score per patch.

    It has 5,855,617 parameters for gray and RGB in, 5,855,041 for gray and two color channels.

    Args:
        in_channels: gray (1) plus color (plus hint) channels; set by the model.
        width: channels at full resolution, doubled at each downsampling step.
        num_downsamples: number of downsampling steps; each score covers a stride of 2**num_downsamples pixels.
        norm: normalization after each convolution: batch, instance or none (for a gradient penalty: instance or none).
        spectral_norm: whether to apply spectral normalization to every weight.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> import torch
        >>> PatchGAN(4, width=4)(torch.zeros(1, 4, 32, 48)).shape
        torch.Size([1, 1, 4, 6])
    """

    def __init__(
        self,
        in_channels: int,
        width: int = 64,
        num_downsamples: int = 3,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels)
        check_at_least(1, width=width)
        check_at_least(1, num_downsamples=num_downsamples)
        self.min_size = 2**num_downsamples
        self.layers = nn.Sequential(
            ConvBlock(in_channels, width, norm=norm),
            *(Downsample(width * 2**level, width * 2 ** (level + 1), norm=norm) for level in range(num_downsamples)),
            nn.Conv2d(width * 2**num_downsamples, 1, 1),
        )
        init_weights(self, init_std)
        if spectral_norm:
            apply_spectral_norm(self)

    def examine(self, x: Tensor) -> Verdict:
        """Scores a batch: (B, in_channels, H, W) → raw scores (B, 1, H / s, W / s), where s = 2**num_downsamples.

        The features are those of each block, (B, width * 2**level, H / 2**level, W / 2**level).
        """
        self.check_input(x)
        *features, scores = chain(self.layers, x)
        return Verdict(scores, features)
