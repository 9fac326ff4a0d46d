"""The role of a generator: gray (and hints) in, color out."""

from torch import nn

from colorgan.models.base import ImageNetwork, check_at_least


class Generator(ImageNetwork):
    """Maps an image of gray and hint channels to its color channels.

    A subclass sets ``size_multiple`` (and ``min_size`` where the least multiple would not do), begins its ``forward``
    with ``self.check_input(x)``, and returns (B, out_channels, H, W) in [-1, 1]. It is built as ``Class(in_channels,
    out_channels, ...)``; all other arguments have defaults and are plainly typed, so that they can be given in YAML.

    Args:
        in_channels: gray (1) plus hint channels.
        out_channels: color channels of the color space.

    Example:
        >>> import torch
        >>> class Painter(Generator):
        ...     '''One convolution: the least generator there is.'''
        ...     def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3) -> None:
        ...         super().__init__(in_channels, out_channels)
        ...         self.conv = torch.nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        ...     def forward(self, x: torch.Tensor) -> torch.Tensor:
        ...         self.check_input(x)
        ...         return torch.tanh(self.conv(x))
        >>> Painter(1, 2)(torch.zeros(1, 1, 7, 5)).shape
        torch.Size([1, 2, 7, 5])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels)
        self.out_channels = check_at_least(1, out_channels=out_channels)

    def layer_groups(self) -> list[nn.Module]:
        """The network in parts that are frozen, or given a learning rate, together; from the input to the output.

        Every parameter is in exactly one part. The last part is the one that no pretrained weights fill; by default it
        is the whole network.
        """
        return [self]
