"""A loss."""

import torch.nn.functional as F
from torch import Tensor

from colorgan.models import PixelDistance


class LogCosh(PixelDistance):
    """log(cosh(p - t)): squared for small errors, absolute for large ones."""

    name = "log_cosh"

    def distance(self, predicted: Tensor, target: Tensor) -> Tensor:
        """log(cosh(x)) = x + softplus(-2 x) - log(2), which does not overflow."""
        difference = (predicted - target).abs()
        return difference + F.softplus(-2 * difference) - 0.6931471805599453
