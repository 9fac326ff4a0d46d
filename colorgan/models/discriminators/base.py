"""The role of a discriminator: gray and color in, raw scores out."""

from colorgan.models.base import ImageNetwork


class Discriminator(ImageNetwork):
    """Judges whether the color of a photo is real.

    Its input is the concatenation of gray (1 channel), color (and hints where the model conditions it on them). It
    returns raw scores of any shape whose first dimension is the batch: no sigmoid, no mean. The sign, the target and
    the mean belong to the loss, so that every loss works with every discriminator. Build one with ``norm="none"`` or
    ``"instance"`` for a gradient penalty, which is defined per photo while batch normalization mixes photos.

    A subclass begins its ``forward`` with ``self.check_input(x)`` and is built as ``Class(in_channels, ...)``; all
    other arguments have defaults and are plainly typed, so that they can be given in YAML.

    Args:
        in_channels: gray (1) plus color (plus hint) channels.
    """
