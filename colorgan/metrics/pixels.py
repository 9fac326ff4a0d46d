"""Pixel-wise metrics of a colorized photo against its target.

Unless stated otherwise, functions take photos (B, 3, H, W), uint8 or float in [0, 1]. They return one value per photo,
(B,), in float64 (float32 on devices without float64).
"""

import torch
from kornia.metrics import ssim as ssim_map
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio

from colorgan.color.difference import ciede2000, colorfulness
from colorgan.color.tensors import matched_pair
from colorgan.errors import ColorganError

SSIM_WINDOW = 11
"""Side of the window in pixels, and so the smallest side of a photo."""


def psnr(predicted: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each photo over all its channels, in dB.

    Returns:
        (B,); infinite for identical photos.

    Example:
        >>> black, white = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
        >>> psnr(black, white).item(), psnr(black + 0.1, black).round(decimals=4).item(), psnr(black, black).item()
        (0.0, 20.0, inf)
    """
    one, two = matched_pair(predicted, target)
    values: Tensor = peak_signal_noise_ratio(one, two, data_range=1.0, reduction="none", dim=(1, 2, 3))
    return values


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
    if min(height, width) < SSIM_WINDOW:
        raise ColorganError(
            f"SSIM needs photos of at least {SSIM_WINDOW} x {SSIM_WINDOW} pixels, received {height} x {width}"
        )
    # Neither an eps, which would change the values of dark photos, nor windows that cross the edge. One photo at a time
    # stays in the processor's cache.
    pairs = zip(torch.split(one, 1), torch.split(two, 1), strict=True)
    return torch.stack([ssim_map(a, b, SSIM_WINDOW, eps=0.0, padding="valid").mean() for a, b in pairs])


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


def mean_ciede2000(predicted: Tensor, target: Tensor) -> Tensor:
    """CIEDE2000 color difference, averaged over the pixels of each photo.

    Args:
        predicted: photos in Lab, (B, 3, H, W), as returned by :func:`~colorgan.color.tensors.to_lab`.
        target: likewise.
    """
    return ciede2000(predicted, target).mean(dim=(1, 2))


def predicted_colorfulness(predicted: Tensor, target: Tensor) -> Tensor:
    """:func:`~colorgan.color.difference.colorfulness` of the predicted photos; the target does not matter."""
    return colorfulness(predicted)


def predicted_colorfulness_signed(predicted: Tensor, target: Tensor) -> Tensor:
    """As :func:`predicted_colorfulness`, but as Hasler and Süsstrunk define it."""
    return colorfulness(predicted, signed=True)
