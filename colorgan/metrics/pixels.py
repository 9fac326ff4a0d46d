"""Pixel-wise metrics of a colorized photo against its target.

Unless stated otherwise, functions take photos (B, 3, H, W), uint8 or float in [0, 1]. They return one value per photo,
(B,), in float64 (float32 on devices without float64).
"""

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
from kornia.metrics import ssim as ssim_map
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio

from colorgan.color.difference import ciede2000, colorfulness
from colorgan.color.tensors import matched_pair, photo_by_photo
from colorgan.errors import ColorganError

Plane: TypeAlias = npt.NDArray[np.float64]
"""One channel of a photo, (H, W)."""

SSIM_WINDOW = 11
"""Side of the window in pixels, and so the smallest side of a photo."""

_SSIM_C1, _SSIM_C2 = 0.01**2, 0.03**2
_SSIM_KERNEL = cv2.getGaussianKernel(SSIM_WINDOW, 1.5, cv2.CV_64F)


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
    return photo_by_photo(
        lambda a, b: peak_signal_noise_ratio(a, b, data_range=1.0, reduction="none", dim=(1, 2, 3)), one, two
    )


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
    if one.device.type == "cpu" and not (one.requires_grad or two.requires_grad):
        pairs = zip(one.flatten(0, 1).numpy(), two.flatten(0, 1).numpy(), strict=True)
        values = torch.tensor([_plane_ssim(a, b) for a, b in pairs], dtype=one.dtype)
        return values.view(one.shape[:2]).mean(dim=1)
    # Neither an eps, which would change the values of dark photos, nor windows that cross the edge.
    maps: Tensor = ssim_map(one, two, SSIM_WINDOW, eps=0.0, padding="valid")
    return maps.mean(dim=(1, 2, 3))


def _plane_ssim(one: Plane, two: Plane) -> float:
    """The mean SSIM of two channels, with the filters of OpenCV, which are several times as fast as convolutions."""
    mean_1, mean_2 = _window_means(one), _window_means(two)
    # The formula needs only the sum of the variances.
    variances = _window_means(one * one + two * two)
    covariance = _window_means(one * two)
    product = mean_1 * mean_2
    squares = mean_1 * mean_1 + mean_2 * mean_2
    covariance -= product
    variances -= squares
    numerator = (2 * product + _SSIM_C1) * (2 * covariance + _SSIM_C2)
    return float((numerator / ((squares + _SSIM_C1) * (variances + _SSIM_C2))).mean())


def _window_means(plane: Plane) -> Plane:
    """The weighted mean of each window that does not cross the edge."""
    margin = SSIM_WINDOW // 2
    means: Plane = cv2.sepFilter2D(plane, cv2.CV_64F, _SSIM_KERNEL, _SSIM_KERNEL)
    return means[margin:-margin, margin:-margin]


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
    return photo_by_photo(
        lambda a, b: ((a - b).abs().amax(dim=1) <= margin + 1e-6).to(a.dtype).mean(dim=(1, 2)), one, two
    )


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
