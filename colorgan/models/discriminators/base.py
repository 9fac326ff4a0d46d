"""The base class of discriminators."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.base import ImageNetwork


class Verdict(NamedTuple):
    """What a discriminator says about a batch of photos.

    Attributes:
        scores: raw scores of any shape whose first dimension is the batch.
        features: its feature maps, each (B, ...), from the input to the scores; empty where nobody asked for them.
    """

    scores: Tensor
    features: Sequence[Tensor] = ()


class Discriminator(ImageNetwork):
    """Scores how real the color of a photo looks, given its gray.

    The input is the concatenation of gray (1 channel), color, and hints if the model conditions on them. The output is
    raw scores of any shape whose first dimension is the batch, without sigmoid or mean. Sign, labels and mean belong to
    the loss, so every loss works with every discriminator. For a gradient penalty, which is defined per photo, build
    the network with ``norm="none"`` or ``"instance"``: batch normalization mixes photos.

    Subclasses define :meth:`examine`, which starts with ``self.check_input(x)``, and are built as
    ``Class(in_channels, ...)``. All other arguments have defaults and plain types, so that they can be set in YAML.

    Args:
        in_channels: gray (1) plus color (plus hint) channels.

    Attributes:
        filled_in: arguments of the constructor whose null stands for what the model knows: ``size``, that of the
            training photos, and ``color_space``.
        frozen_parameters: number of weights that are neither trained nor saved with the network.
    """

    filled_in: ClassVar[tuple[str, ...]] = ()
    frozen_parameters: int = 0

    def forward(self, x: Tensor) -> Tensor:
        """Scores a batch: (B, in_channels, H, W) → raw scores (B, ...)."""
        return self.examine(x).scores

    def examine(self, x: Tensor) -> Verdict:
        """Scores a batch, and returns the feature maps that led to the scores.

        Args:
            x: (B, in_channels, H, W) in [-1, 1].

        Raises:
            ColorganError: for an input of another shape, and for a network that defines :meth:`forward` alone.
        """
        raise ColorganError(
            f"{type(self).__name__} returns no features: define its method examine, or leave out what compares them, "
            "such as FeatureMatching"
        )

    def load_frozen(self) -> None:
        """Loads weights that the network needs and checkpoints do not have. Training calls it before its first step."""
