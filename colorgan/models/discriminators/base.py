"""The base class of discriminators."""

from colorgan.models.base import ImageNetwork


class Discriminator(ImageNetwork):
    """Scores how real the color of a photo looks, given its gray.

    The input is the concatenation of gray (1 channel), color, and hints if the model conditions on them. The output is
    raw scores of any shape whose first dimension is the batch, without sigmoid or mean. Sign, labels and mean belong to
    the loss, so every loss works with every discriminator. For a gradient penalty, which is defined per photo, build
    the network with ``norm="none"`` or ``"instance"``: batch normalization mixes photos.

    Subclasses start their ``forward`` with ``self.check_input(x)`` and are built as ``Class(in_channels, ...)``. All
    other arguments have defaults and plain types, so that they can be set in YAML.

    Args:
        in_channels: gray (1) plus color (plus hint) channels.
    """
