"""The discriminator of the published flowers system that gives one score per photo."""

from torch import Tensor, nn

from colorgan.models.base import check_at_least
from colorgan.models.discriminators.fixed_size import FixedSizeDiscriminator
from colorgan.models.discriminators.patch_gan import PatchGAN
from colorgan.models.layers.blocks import Norm, apply_spectral_norm, init_weights


class ConvLinear(FixedSizeDiscriminator):
    """Patch scores as in :class:`PatchGAN`, weighed against each other by two linear layers: one score per photo.

    The linear layers fix the size of the photos. At 128 px it has 6,119,810 parameters for gray and RGB in, 6,119,234
    for gray and two color channels.

    Args:
        in_channels: gray (1) plus color (plus hint) channels; set by the model.
        size: height and width of the photos that it judges, a multiple of 2**num_downsamples.
        width: channels at full size; each halving doubles them.
        num_downsamples: how many times height and width are halved before the linear layers.
        hidden: the values between the two linear layers.
        norm: what follows each convolution: batch, instance or none (for a gradient penalty: instance or none).
        spectral_norm: keep the largest singular value of every weight at 1.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's own.

    Example:
        >>> import torch
        >>> ConvLinear(4, size=32, width=4)(torch.zeros(5, 4, 32, 32)).shape
        torch.Size([5, 1])
    """

    def __init__(
        self,
        in_channels: int,
        size: int = 128,
        width: int = 64,
        num_downsamples: int = 3,
        hidden: int = 1024,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        init_std: float | None = None,
    ) -> None:
        check_at_least(1, hidden=hidden)
        check_at_least(1, num_downsamples=num_downsamples)
        super().__init__(in_channels, size, num_downsamples)
        patches = PatchGAN(in_channels, width=width, num_downsamples=num_downsamples, norm=norm)
        side = size // 2**num_downsamples
        self.layers = nn.Sequential(
            patches, nn.Flatten(), nn.Linear(side * side, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)
        )
        init_weights(self, init_std)
        if spectral_norm:
            apply_spectral_norm(self)

    def forward(self, x: Tensor) -> Tensor:
        """Judges a batch: (B, in_channels, size, size) → raw scores (B, 1)."""
        self.check_input(x)
        scores: Tensor = self.layers(x)
        return scores
