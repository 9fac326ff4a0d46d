"""Discriminators whose linear layers tie them to one image size, and how they get that size."""

import inspect
from collections.abc import Callable

from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.config import factory_class
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


def build_discriminator(factory: Callable[..., Discriminator], in_channels: int, image_size: int) -> Discriminator:
    """Builds a discriminator, at the size of the training photos where it has to have one.

    Args:
        factory: a discriminator class, or a ``functools.partial`` of one.
        in_channels: gray (1) plus color (plus hint) channels.
        image_size: height and width of the training photos in pixels. A :class:`FixedSizeDiscriminator` is built for
            this size unless the factory sets another.

    Example:
        >>> from functools import partial
        >>> from colorgan.models import ConvLinear, PatchGAN
        >>> build_discriminator(partial(ConvLinear, width=4), 3, image_size=64).size
        64
        >>> build_discriminator(partial(ConvLinear, width=4, size=32), 3, image_size=64).size
        32
        >>> build_discriminator(partial(PatchGAN, width=4), 3, image_size=64).in_channels
        3
    """
    cls = factory_class(factory)
    needs_size = (
        cls is not None and issubclass(cls, FixedSizeDiscriminator) and "size" in inspect.signature(cls).parameters
    )
    if needs_size and getattr(factory, "keywords", {}).get("size") is None:
        return factory(in_channels, size=image_size)
    return factory(in_channels)
