"""Discriminators whose linear layers tie them to one image size."""

from typing import ClassVar

from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.discriminators.base import Discriminator


class FixedSizeDiscriminator(Discriminator):
    """A discriminator for square images of one size.

    Args:
        in_channels: gray (1) plus color (plus hint) channels.
        size: height and width of the images in pixels. None stands for the size of the training photos, which
            :func:`build_discriminator` fills in; a network cannot be built without one.
        num_downsamples: number of downsampling steps before the linear layers.

    Raises:
        ColorganError: if ``size`` is missing or not a multiple of ``2**num_downsamples``.
    """

    filled_in: ClassVar[tuple[str, ...]] = ("size",)

    def __init__(self, in_channels: int, size: int | None, num_downsamples: int) -> None:
        super().__init__(in_channels)
        name = type(self).__name__
        if size is None:
            raise ColorganError(
                f"{name} works at one image size only: give size, such as size=128 (ColorGAN fills in that of the "
                "training photos)"
            )
        self.size = check_at_least(1, size=size)
        step = 2**num_downsamples
        if size % step:
            raise ColorganError(
                f"{name} downsamples its input {num_downsamples} times: size must be a multiple of {step}, "
                f"received {size}"
            )

    def check_input(self, x: Tensor) -> None:
        """Checks the channels and the size of a batch.

        Raises:
            ColorganError: naming the size received and the one expected.
        """
        super().check_input(x)
        height, width = x.shape[-2:]
        if (height, width) != (self.size, self.size):
            raise ColorganError(
                f"{type(self).__name__} was built for images of {self.size}x{self.size}, received {height}x{width}: "
                "set its size to the size of the training photos"
            )
