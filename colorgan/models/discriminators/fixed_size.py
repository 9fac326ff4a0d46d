"""Discriminators whose linear layers fix the size of the photos that they judge."""

from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.discriminators.base import Discriminator


class FixedSizeDiscriminator(Discriminator):
    """A discriminator that judges photos of one height and width.

    Args:
        in_channels: gray (1) plus color (plus hint) channels.
        size: the height and width.
        num_downsamples: how many times they are halved without a rest.

    Raises:
        ColorganError: if ``size`` cannot be halved that often.
    """

    def __init__(self, in_channels: int, size: int, num_downsamples: int) -> None:
        super().__init__(in_channels)
        self.size = check_at_least(1, size=size)
        step = 2**num_downsamples
        if size % step:
            raise ColorganError(
                f"{type(self).__name__} halves its input {num_downsamples} times: "
                f"size must be a multiple of {step}, got {size}"
            )

    def check_input(self, x: Tensor) -> None:
        """Refuses a batch of other channels or another size than it was built for.

        Raises:
            ColorganError: naming the size received and the one expected.
        """
        super().check_input(x)
        height, width = x.shape[-2:]
        if (height, width) != (self.size, self.size):
            raise ColorganError(
                f"{type(self).__name__} was built for photos of {self.size}x{self.size}, got {height}x{width}: "
                "set its size to the size of the training photos"
            )
