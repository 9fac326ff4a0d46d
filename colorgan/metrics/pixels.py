"""Pixel-wise metrics of a colorized photo against its target.

All functions take photos (B, 3, H, W), uint8 or float in [0, 1], and return one value per photo, (B,), in float64
(float32 on devices without float64).
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from colorgan.color.tensors import matched_pair
from colorgan.errors import ColorganError

_WINDOW_SIZE = 11
_WINDOW_STD = 1.5


def psnr(predicted: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each photo over all its channels, in dB.

    Returns:
        (B,); infinite for identical photos.

    Example:
        >>> black, white = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
        >>> psnr(black, white).item(), psnr(black + 0.1, black).round(decimals=6).item(), psnr(black, black).item()
        (0.0, 20.0, inf)
    """
    one, two = matched_pair(predicted, target)
    return -10.0 * (one - two).square().mean(dim=(1, 2, 3)).log10() + 0.0


def ssim(predicted: Tensor, target: Tensor) -> Tensor:
    """Structural similarity of each photo, averaged over channels.

    Wang et al. 2004 (https://doi.org/10.1109/TIP.2003.819861), with the settings of the paper: a Gaussian window of
    11 x 11 pixels with standard deviation 1.5, K1 = 0.01, K2 = 0.03, population covariances, and no windows that cross
    the edge. Equals scikit-image's ``structural_similarity(channel_axis=-1, gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False)``; values with other settings are not comparable.

    Returns:
        (B,) in [-1, 1].

    Raises:
        ColorganError: if the photos are smaller than the window.

    Example:
        >>> photo = torch.rand(1, 3, 16, 16)
        >>> ssim(photo, photo).item()
        1.0
    """
    one, two = matched_pair(predicted, target)
    height, width = one.shape[-2:]
    if min(height, width) < _WINDOW_SIZE:
        raise ColorganError(
            f"SSIM needs photos of at least {_WINDOW_SIZE} x {_WINDOW_SIZE} pixels, received {height} x {width}"
        )
    # On a CPU in float64, products with banded matrices take a sixth of the time of a convolution.
    rows, columns = _window_matrix(height).to(one), _window_matrix(width).to(one).T
    mean_one, mean_two = rows @ one @ columns, rows @ two @ columns
    variance_one = rows @ one.square() @ columns - mean_one.square()
    variance_two = rows @ two.square() @ columns - mean_two.square()
    covariance = rows @ (one * two) @ columns - mean_one * mean_two
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_one * mean_two + c1) / (mean_one.square() + mean_two.square() + c1)
    structure = (2 * covariance + c2) / (variance_one + variance_two + c2)
    return (luminance * structure).mean(dim=(1, 2, 3))


def margin_accuracy(predicted: Tensor, target: Tensor, margin: float = 12 / 255) -> Tensor:
    """Fraction of pixels of each photo whose channels are all within a margin of the target.

    Args:
        predicted: (B, 3, H, W), uint8 or float in [0, 1].
        target: likewise.
        margin: maximum difference per channel, inclusive, on the scale [0, 1].

    Returns:
        (B,) in [0, 1].

    Example:
        >>> target = torch.zeros(1, 3, 1, 2)
        >>> predicted = torch.tensor([12 / 255, 13 / 255]).expand(1, 3, 1, 2)
        >>> margin_accuracy(predicted, target).item()
        0.5
    """
    if not 0.0 <= margin <= 1.0:
        raise ColorganError(f"margin must be between 0 and 1, where 1 is white; received {margin}")
    one, two = matched_pair(predicted, target)
    # Differences of 8-bit values are multiples of 1/255; the tolerance covers float32 rounding (1e-7).
    within = ((one - two).abs() <= margin + 1e-6).all(dim=1)
    return within.to(one.dtype).mean(dim=(1, 2))


class MarginAccuracy(Metric):
    """:func:`margin_accuracy`, averaged over photos, as a torchmetrics metric.

    Args:
        margin: maximum difference per channel, inclusive, on the scale [0, 1].
        kwargs: arguments of :class:`torchmetrics.Metric`.

    Example:
        >>> metric = MarginAccuracy()
        >>> metric.update(torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4))
        >>> metric.compute().item()
        1.0
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, margin: float = 12 / 255, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.margin = margin
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predicted: Tensor, target: Tensor) -> None:
        """Adds a batch of photos (B, 3, H, W), uint8 or float in [0, 1]."""
        accuracy = margin_accuracy(predicted, target, self.margin)
        self.total += accuracy.sum().to(self.total.dtype)
        self.count += len(accuracy)

    def compute(self) -> Tensor:
        """Returns the mean over all photos."""
        return self.total / self.count


def _window_matrix(size: int) -> Tensor:
    """Gaussian windows at all positions along a side, one per row, (size - 10, size)."""
    offsets = torch.arange(_WINDOW_SIZE, dtype=torch.float64) - _WINDOW_SIZE // 2
    weights = torch.exp(-offsets.square() / (2 * _WINDOW_STD**2))
    starts = torch.arange(size - _WINDOW_SIZE + 1).unsqueeze(1)
    matrix = torch.zeros(len(starts), size, dtype=torch.float64)
    matrix[starts.expand(-1, _WINDOW_SIZE), starts + torch.arange(_WINDOW_SIZE)] = weights / weights.sum()
    return matrix
