"""Builds a discriminator with what its model knows: the size of the photos and the color space."""

import inspect
from collections.abc import Callable

from colorgan.models.color_spaces import ColorSpace
from colorgan.models.config import factory_class
from colorgan.models.discriminators.base import Discriminator


def build_discriminator(
    factory: Callable[..., Discriminator],
    in_channels: int,
    image_size: int | None,
    color_space: ColorSpace | None = None,
) -> Discriminator:
    """Builds a discriminator, for the photos and in the color space of its model where it depends on them.

    Args:
        factory: a discriminator class, or a ``functools.partial`` of one.
        in_channels: gray (1) plus color (plus hint) channels.
        image_size: height and width of the training photos in pixels, if known. Arguments of the class that are listed
            in :attr:`Discriminator.filled_in` get their values here unless the factory sets them.
        color_space: color space of the model, if known.

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
    if cls is None or not issubclass(cls, Discriminator):
        return factory(in_channels)
    known = {"size": image_size, "color_space": color_space}
    given = getattr(factory, "keywords", {})
    takes = inspect.signature(cls).parameters
    missing = [name for name in cls.filled_in if name in takes and given.get(name) is None]
    return factory(in_channels, **{name: known[name] for name in missing})
