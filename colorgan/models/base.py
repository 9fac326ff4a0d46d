"""The base class of all networks, and checks of constructor arguments."""

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.config import Part


class ImageNetwork(Part, nn.Module):
    """A network for batches of images (B, in_channels, H, W).

    Args:
        in_channels: channels of the input, hint channels included.

    Attributes:
        size_multiple: height and width must be multiples of this.
        min_size: minimum height and width; equal to ``size_multiple`` unless an architecture needs more.
    """

    size_multiple: int = 1
    min_size: int = 1

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.in_channels = check_at_least(1, in_channels=in_channels)

    def check_input(self, x: Tensor) -> None:
        """Checks the shape of a batch. Every ``forward`` starts with it.

        Args:
            x: (B, in_channels, H, W).

        Raises:
            ColorganError: naming the shape received and the nearest valid one.
        """
        name = type(self).__name__
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ColorganError(
                f"{name} takes a batch of shape (B, {self.in_channels}, H, W), received {tuple(x.shape)}: "
                f"build it with in_channels={x.shape[1] if x.ndim == 4 else '…'} or pass the shape it was built for"
            )
        if torch.compiler.is_exporting():  # the exported graph pads its input to a valid size itself
            return
        height, width = x.shape[-2:]
        if height % self.size_multiple or width % self.size_multiple or min(height, width) < self.min_size:
            above = f"{self._nearest_valid(height, up=True)}x{self._nearest_valid(width, up=True)}"
            below = f"{self._nearest_valid(height, up=False)}x{self._nearest_valid(width, up=False)}"
            minimum = f" and at least {self.min_size}" if self.min_size > self.size_multiple else ""
            raise ColorganError(
                f"{name} takes heights and widths that are multiples of {self.size_multiple}{minimum}, "
                f"received {height}x{width}: pad or resize to {below if above == below else f'{below} or {above}'}"
            )

    def _nearest_valid(self, length: int, *, up: bool) -> int:
        """The nearest valid length at or above (``up``), or at or below ``length``."""
        lower = length // self.size_multiple * self.size_multiple
        nearest = lower + self.size_multiple if up and lower < length else lower
        minimum = -(-self.min_size // self.size_multiple) * self.size_multiple
        return max(nearest, minimum, self.size_multiple)


def check_at_least(minimum: int, **argument: int) -> int:
    """Checks an integer argument, passed by name, and returns it.

    Raises:
        ColorganError: naming the argument and the value received.

    Example:
        >>> check_at_least(1, width=32)
        32
        >>> check_at_least(1, width=0)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: width must be an integer of at least 1, received 0
    """
    ((name, value),) = argument.items()
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise ColorganError(f"{name} must be an integer of at least {minimum}, received {value!r}")
    return value


def check_probability(**argument: float) -> float:
    """Checks a probability below 1, passed by name, and returns it.

    Raises:
        ColorganError: naming the argument and the value received.

    Example:
        >>> check_probability(dropout=0.5)
        0.5
        >>> check_probability(dropout=2)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: dropout must be a probability in [0, 1), received 2
    """
    ((name, value),) = argument.items()
    if not 0 <= value < 1:  # NaN fails this too
        raise ColorganError(f"{name} must be a probability in [0, 1), received {value!r}")
    return value
