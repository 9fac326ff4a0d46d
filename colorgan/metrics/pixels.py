"""Measures of how near the pixels of a colorized photo are to the target.

All functions take photos (B, 3, H, W), uint8 or float in [0, 1], and give one figure a photo, (B,), in float64 (float32
on devices that have no float64).
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from colorgan.color.tensors import matched_pair
from colorgan.errors import ColorganError

_WINDOW = 11
_SIGMA = 1.5


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
    """Structural similarity of each photo, the mean of its channels.

    Wang et al. 2004 (https://doi.org/10.1109/TIP.2003.819861), in the paper's setting: a Gaussian window of 11 x 11
    pixels with deviation 1.5, K1 = 0.01, K2 = 0.03, population covariances, and no windows across the edge. It is
    scikit-image's ``structural_similarity(channel_axis=-1, gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False)``; other settings give other figures.

    Returns:
        (B,) in [-1, 1].

    Raises:
        ColorganError: for photos smaller than the window.

    Example:
        >>> photo = torch.rand(1, 3, 16, 16)
        >>> ssim(photo, photo).item()
        1.0
    """
    one, two = matched_pair(predicted, target)
    height, width = one.shape[-2:]
    if min(height, width) < _WINDOW:
        raise ColorganError(
            f"SSIM looks at windows of {_WINDOW} x {_WINDOW} pixels; photos of {height} x {width} are too small for it"
        )
    # As a product of banded matrices, the window costs a sixth of what a convolution in float64 does on a CPU.
    rows, columns = _window(height).to(one), _window(width).to(one).T
    mean_one, mean_two = rows @ one @ columns, rows @ two @ columns
    variance_one = rows @ one.square() @ columns - mean_one.square()
    variance_two = rows @ two.square() @ columns - mean_two.square()
    covariance = rows @ (one * two) @ columns - mean_one * mean_two
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_one * mean_two + c1) / (mean_one.square() + mean_two.square() + c1)
    structure = (2 * covariance + c2) / (variance_one + variance_two + c2)
    return (luminance * structure).mean(dim=(1, 2, 3))


def margin_accuracy(predicted: Tensor, target: Tensor, margin: float = 12 / 255) -> Tensor:
    """Share of the pixels of each photo whose channels all lie within a margin of the target.

    Args:
        predicted: (B, 3, H, W), uint8 or float in [0, 1].
        target: the same.
        margin: largest difference of a channel, on the scale [0, 1]; the margin itself still counts.

    Returns:
        (B,) in [0, 1].

    Example:
        >>> target = torch.zeros(1, 3, 1, 2)
        >>> predicted = torch.tensor([12 / 255, 13 / 255]).expand(1, 3, 1, 2)
        >>> margin_accuracy(predicted, target).item()
        0.5
    """
    if not 0.0 <= margin <= 1.0:
        raise ColorganError(f"a margin lies between 0 and 1, on the scale on which white is 1; received {margin}")
    one, two = matched_pair(predicted, target)
    # Differences of 8-bit values are multiples of 1/255, up to rounding: float32 knows them to 1e-7.
    within = ((one - two).abs() <= margin + 1e-6).all(dim=1)
    return within.to(one.dtype).mean(dim=(1, 2))


class MarginAccuracy(Metric):
    """:func:`margin_accuracy` over all photos seen, to be logged during training.

    Args:
        margin: largest difference of a channel, on the scale [0, 1].
        kwargs: those of ``torchmetrics.Metric``.

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
        """Adds photos (B, 3, H, W), uint8 or float in [0, 1]."""
        accuracy = margin_accuracy(predicted, target, self.margin)
        self.total += accuracy.sum().to(self.total.dtype)
        self.count += len(accuracy)

    def compute(self) -> Tensor:
        """The mean over the photos seen."""
        return self.total / self.count


def _window(size: int) -> Tensor:
    """The Gaussian window at every place along a side, (size - 10, size)."""
    offsets = torch.arange(_WINDOW, dtype=torch.float64) - _WINDOW // 2
    weights = torch.exp(-offsets.square() / (2 * _SIGMA**2))
    places = size - _WINDOW + 1
    window = torch.zeros(places, size, dtype=torch.float64)
    window[torch.arange(places).unsqueeze(1), torch.arange(places).unsqueeze(1) + torch.arange(_WINDOW)] = weights / (
        weights.sum()
    )
    return window
