"""The patch discriminator of the published flowers system."""

from torch import Tensor, nn

from colorgan.models.base import at_least
from colorgan.models.discriminators.base import Discriminator
from colorgan.models.layers.blocks import ConvBlock, Halving, Norm, constrain_spectrally, initialise


class PatchGAN(Discriminator):
    """The patch discriminator of the published flowers system: a 3×3 block, halvings, and a 1×1 convolution to scores.

    Has 5,855,617 parameters for gray and RGB in, 5,855,041 for gray and two colour channels.

    Args:
        in_channels: gray (1) plus colour (plus hint) channels; set by the model.
        width: channels at full size; each halving doubles them.
        halvings: how many times height and width are halved; one score stands for 2**halvings pixels a side.
        norm: what follows each convolution: batch, instance or none (for a gradient penalty: instance or none).
        spectral_norm: keep the largest singular value of every weight at 1.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's own.

    Example:
        >>> import torch
        >>> PatchGAN(4, width=4)(torch.zeros(1, 4, 32, 48)).shape
        torch.Size([1, 1, 4, 6])
    """

    def __init__(
        self,
        in_channels: int,
        width: int = 64,
        halvings: int = 3,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels)
        at_least(1, width=width)
        at_least(1, halvings=halvings)
        self.min_size = 2**halvings
        self.layers = nn.Sequential(
            ConvBlock(in_channels, width, norm=norm),
            *(Halving(width * 2**level, width * 2 ** (level + 1), norm=norm) for level in range(halvings)),
            nn.Conv2d(width * 2**halvings, 1, 1),
        )
        initialise(self, init_std)
        if spectral_norm:
            constrain_spectrally(self)

    def forward(self, x: Tensor) -> Tensor:
        """Judges a batch: (B, in_channels, H, W) → raw scores (B, 1, H / 2**halvings, W / 2**halvings)."""
        self.check_input(x)
        scores: Tensor = self.layers(x)
        return scores
