"""The base class of generators."""

from torch import nn

from colorgan.models.base import ImageNetwork, check_at_least


class Generator(ImageNetwork):
    """Predicts the color channels of an image from its gray and hint channels.

    Subclasses set ``size_multiple`` (and ``min_size`` if it is larger), start their ``forward`` with
    ``self.check_input(x)``, and return (B, out_channels, H, W) in [-1, 1]. They are built as ``Class(in_channels,
    out_channels, ...)``. All other arguments have defaults and plain types, so that they can be set in YAML.

    Args:
        in_channels: gray (1) plus hint channels.
        out_channels: color channels of the color space.

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

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels)
        self.out_channels = check_at_least(1, out_channels=out_channels)

    def layer_groups(self) -> list[nn.Module]:
        """Splits the network, from input to output, into groups to freeze or to give a learning rate of their own.

        Every parameter is in exactly one group. The last group holds everything without pretrained weights; by default
        it is the whole network.
        """
        return [self]
