"""The base class of generators."""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import ImageNetwork, check_at_least


class Generator(ImageNetwork):
    """Predicts the color channels of an image from its gray and hint channels.

    Subclasses set ``size_multiple`` (and ``min_size`` if it is larger), start their ``forward`` with
    ``self.check_input(x)``, and return (B, out_channels, H, W) in [-1, 1]. They are built as ``Class(in_channels,
    out_channels, ...)``. All other arguments have defaults and plain types, so that they can be set in YAML.

    A network that passes its last values through :meth:`activate`, and sets ``can_predict_scores``, also works in color
    spaces of which scores are predicted, such as :class:`~colorgan.models.QuantizedLab`. One that sets
    ``output_stride`` returns (B, out_channels, H / output_stride, W / output_stride), and its colors are enlarged along
    the lightness.

    Args:
        in_channels: gray (1) plus hint channels.
        out_channels: what the color space predicts: color channels, or scores.

    Attributes:
        output_stride: height and width of the input divided by those of the output.
        can_predict_scores: whether the output can have any range.
        predicts_scores: whether the output is scores of any range. The color space decides it.

    Example:
        >>> import torch
        >>> class OneConv(Generator):
        ...     '''A single convolution.'''
        ...     def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3) -> None:
        ...         super().__init__(in_channels, out_channels)
        ...         self.conv = torch.nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        ...     def forward(self, x: torch.Tensor) -> torch.Tensor:
        ...         self.check_input(x)
        ...         return torch.tanh(self.conv(x))
        >>> OneConv(1, 2)(torch.zeros(1, 1, 7, 5)).shape
        torch.Size([1, 2, 7, 5])
    """

    output_stride: int = 1
    can_predict_scores: ClassVar[bool] = False

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels)
        self.out_channels = check_at_least(1, out_channels=out_channels)
        self.predicts_scores = False

    def activate(self, x: Tensor, activation: Callable[[Tensor], Tensor] = torch.tanh) -> Tensor:
        """The last activation: none for scores, otherwise one into [-1, 1]."""
        return x if self.predicts_scores else activation(x)

    def predict_scores(self, wanted: bool, color_space: str) -> None:
        """Sets whether the network predicts scores of any range instead of colors in [-1, 1].

        Args:
            wanted: whether it does.
            color_space: name of the color space, for the error message.

        Raises:
            ColorganError: if it cannot.
        """
        if wanted and not self.can_predict_scores:
            raise ColorganError(
                f"{color_space} needs a network that predicts scores of any size, but {type(self).__name__} always "
                "predicts colors in [-1, 1]: choose another generator, such as UNet, or another color space, such as "
                "Lab"
            )
        self.predicts_scores = wanted

    def layer_groups(self) -> list[nn.Module]:
        """Splits the network, from input to output, into groups to freeze or to give a learning rate of their own.

        Every parameter is in exactly one group. The last group holds everything without pretrained weights; by default
        it is the whole network.
        """
        return [self]
