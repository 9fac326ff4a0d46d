"""What generators and discriminators have in common: they are parts, and they say clearly which images they take."""

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.config import Part


class ImageNetwork(Part, nn.Module):
    """A network that takes a batch of images (B, in_channels, H, W).

    Args:
        in_channels: the channels of an input image; extra channels (hints) enter here and nowhere else.

    Attributes:
        size_multiple: height and width must be multiples of this.
        min_size: the least height and width; ``size_multiple`` unless an architecture needs more.
    """

    size_multiple: int = 1
    min_size: int = 1

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.in_channels = check_at_least(1, in_channels=in_channels)

    def check_input(self, x: Tensor) -> None:
        """Refuses a batch that the network cannot take; every ``forward`` begins with it.

        Args:
            x: the batch, (B, in_channels, H, W).

        Raises:
            ColorganError: naming the shape received and the nearest valid one.
        """
        name = type(self).__name__
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ColorganError(
                f"{name} takes a batch of shape (B, {self.in_channels}, H, W), got {tuple(x.shape)}: "
                f"build it with in_channels={x.shape[1] if x.ndim == 4 else '…'} or give it what it was built for"
            )
        if torch.compiler.is_exporting():  # whoever exports pads to a valid size, which is not known yet
            return
        height, width = x.shape[-2:]
        if height % self.size_multiple or width % self.size_multiple or min(height, width) < self.min_size:
            above = f"{self._valid(height, up=True)}x{self._valid(width, up=True)}"
            below = f"{self._valid(height, up=False)}x{self._valid(width, up=False)}"
            least = f" and at least {self.min_size}" if self.min_size > self.size_multiple else ""
            raise ColorganError(
                f"{name} takes heights and widths that are multiples of {self.size_multiple}{least}, "
                f"got {height}x{width}: pad or resize to {below if above == below else f'{below} or {above}'}"
            )

    def _valid(self, length: int, *, up: bool) -> int:
        """The valid length next to ``length``, above or below it."""
        lower = length // self.size_multiple * self.size_multiple
        nearest = lower + self.size_multiple if up and lower < length else lower
        least = -(-self.min_size // self.size_multiple) * self.size_multiple
        return max(nearest, least, self.size_multiple)


def check_at_least(minimum: int, **argument: int) -> int:
    """Checks one whole-number argument of a constructor, given by its name, and returns it.

    Raises:
        ColorganError: naming the argument and the value received.

    Example:
        >>> check_at_least(1, width=32)
        32
        >>> check_at_least(1, width=0)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: width must be a whole number of at least 1, got 0
    """
    ((name, value),) = argument.items()
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise ColorganError(f"{name} must be a whole number of at least {minimum}, got {value!r}")
    return value


def check_probability(**argument: float) -> float:
    """Checks one probability below 1, given by its name, and returns it.

    Raises:
        ColorganError: naming the argument and the value received.

    Example:
        >>> check_probability(dropout=0.5)
        0.5
        >>> check_probability(dropout=2)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: dropout must be a probability from 0 up to, but not including, 1, got 2
    """
    ((name, value),) = argument.items()
    if not 0 <= value < 1:  # NaN fails this too
        raise ColorganError(f"{name} must be a probability from 0 up to, but not including, 1, got {value!r}")
    return value
