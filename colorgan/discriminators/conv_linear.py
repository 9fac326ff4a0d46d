"""The discriminator of the published flowers system that gives one score per photo."""

from torch import Tensor, nn

from colorgan.blocks import Norm, constrain_spectrally, initialise
from colorgan.discriminators.base import Discriminator
from colorgan.discriminators.patch_gan import PatchGAN
from colorgan.errors import ColorganError
from colorgan.network import at_least


class ConvLinear(Discriminator):
    """Patch scores as in :class:`PatchGAN`, weighed against each other by two linear layers: one score per photo.

    The linear layers fix the size of the photos. At 128 px it has 6,119,810 parameters for gray and RGB in, 6,119,234
    for gray and two colour channels.

    Args:
        in_channels: gray (1) plus colour (plus hint) channels; set by the model.
        size: height and width of the photos that it judges, a multiple of 2**halvings.
        width: channels at full size; each halving doubles them.
        halvings: how many times height and width are halved before the linear layers.
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
        halvings: int = 3,
        hidden: int = 1024,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        init_std: float | None = None,
    ) -> None:
        super().__init__(in_channels)
        self.size = at_least(1, size=size)
        at_least(1, hidden=hidden)
        patches = PatchGAN(in_channels, width=width, halvings=halvings, norm=norm)
        step = 2**halvings
        if size % step:
            raise ColorganError(
                f"ConvLinear halves its input {halvings} times: size must be a multiple of {step}, got {size}"
            )
        side = size // step
        self.layers = nn.Sequential(
            patches, nn.Flatten(), nn.Linear(side * side, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)
        )
        initialise(self, init_std)
        if spectral_norm:
            constrain_spectrally(self)

    def check_input(self, x: Tensor) -> None:
        """Refuses a batch of other channels or another size than it was built for.

        Raises:
            ColorganError: naming the size received and the one expected.
        """
        super().check_input(x)
        height, width = x.shape[-2:]
        if (height, width) != (self.size, self.size):
            raise ColorganError(
                f"ConvLinear was built for photos of {self.size}x{self.size}, got {height}x{width}: "
                f"set its size to the size of the training photos"
            )

    def forward(self, x: Tensor) -> Tensor:
        """Judges a batch: (B, in_channels, size, size) → raw scores (B, 1)."""
        self.check_input(x)
        scores: Tensor = self.layers(x)
        return scores
