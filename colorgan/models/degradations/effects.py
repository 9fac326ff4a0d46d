"""What time, prints and scanners do to photos, each as a function of gray in [0, 1], (B, 1, H, W), and random draws.

Lengths are fractions of the photo's shorter side, so that a photo looks the same at every training size; grain, dots
and blocks of 8 pixels excepted, which are those of a scan.
"""

import math

import torch
import torch.nn.functional as F
from kornia.filters import gaussian_blur2d
from torch import Tensor

from colorgan.models.degradations.base import Draws

_MAX_SCRATCHES = 4
_MAX_STAINS = 3

# fmt: off
_JPEG_TABLE = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)
"""Quantization of luminance at quality 50 (ITU-T T.81, table K.1)."""
# fmt: on


def blur(gray: Tensor, draws: Draws) -> Tensor:
    """An old lens or a soft print: a Gaussian blur with a standard deviation of 0.2 to 1.2 % of the side."""
    side = min(gray.shape[-2:])
    sigma = draws.uniform(0.002, 0.012, shape=(1,)).expand(-1, 2) * side
    reach = min(math.ceil(2.5 * 0.012 * side), side - 1)
    blurred: Tensor = gaussian_blur2d(gray, (2 * reach + 1, 2 * reach + 1), sigma) if reach else gray
    return blurred


def change_contrast(gray: Tensor, draws: Draws) -> Tensor:
    """Another exposure, film and paper: a gamma of 0.6 to 1.65, then 0.6 to 1.65 times the contrast."""
    gray = gray.clamp(min=1e-3).pow(draws.uniform(-0.5, 0.5).exp())
    mean = gray.mean(dim=(2, 3), keepdim=True)
    return (mean + (gray - mean) * draws.uniform(-0.5, 0.5).exp()).clamp(0, 1)


def fade(gray: Tensor, draws: Draws) -> Tensor:
    """Black turns to gray and white to gray, and not everywhere alike."""
    black, white = draws.uniform(0.0, 0.35), draws.uniform(0.65, 1.0)
    return black + (white - black) * gray + _clouds(gray, draws, 3) * draws.uniform(0.0, 0.12)


def add_grain(gray: Tensor, draws: Draws) -> Tensor:
    """Film grain, fine to coarse, strongest in the middle tones."""
    fine = draws.normal(*gray.shape[1:])
    coarse = F.avg_pool2d(fine, 3, stride=1, padding=1) * 3
    noise = torch.lerp(fine, coarse, draws.uniform())
    return gray + noise * draws.uniform(0.02, 0.08) * (0.4 + 2.4 * gray * (1 - gray))


def add_halftone(gray: Tensor, draws: Draws) -> Tensor:
    """The dots of a newspaper: a tilted screen of 2.5 to 5 pixels, as far as a scanner has not smoothed it away."""
    rows, columns = _positions(gray)
    angle, period = draws.uniform(0.0, math.pi / 2), draws.uniform(2.5, 5.0)
    along = (columns * angle.cos() + rows * angle.sin()) * (2 * math.pi / period)
    across = (rows * angle.cos() - columns * angle.sin()) * (2 * math.pi / period)
    screen = 0.5 + (along.cos() + across.cos()) / 4
    return torch.lerp(gray, ((gray - screen) * 8).sigmoid(), draws.uniform(0.2, 0.7))


def add_stains(gray: Tensor, draws: Draws) -> Tensor:
    """Up to three lighter or darker spots with irregular outlines, some of them with a darker rim."""
    rows, columns = _positions(gray)
    height, width = gray.shape[-2:]
    side = min(height, width)
    outline = _clouds(gray, draws, 6)
    for number in range(_MAX_STAINS):
        down, right = rows - draws.uniform(0, height), columns - draws.uniform(0, width)
        radius = draws.uniform(0.04, 0.3) * side
        distance = (down.square() + right.square()).sqrt() / radius + 0.25 * outline
        inside = ((1 - distance) * draws.uniform(4, 20)).sigmoid()
        rim = (-((distance - 1) * 8).square()).exp() * draws.uniform(0.0, 0.15)
        wanted = (draws.uniform() < 1 / (number + 1)).float()
        gray = gray + wanted * (inside * draws.uniform(-0.3, 0.3) - rim)
    return gray.clamp(0, 1)


def add_scratches(gray: Tensor, draws: Draws) -> Tensor:
    """Up to four thin lines, light or dark, mostly along one side of the photo, and broken."""
    rows, columns = _positions(gray)
    height, width = gray.shape[-2:]
    broken = _clouds(gray, draws, 12)
    for number in range(_MAX_SCRATCHES):
        upright = (draws.uniform() < 0.7).float()
        angle = draws.uniform(-0.2, 0.2) + (1 - upright) * math.pi / 2
        down, right = rows - draws.uniform(0, height), columns - draws.uniform(0, width)
        thickness = draws.uniform(0.2, 0.9)
        line = (1 + thickness - (right * angle.cos() + down * angle.sin()).abs()).clamp(0, 1)
        line = line * (broken + draws.uniform(-0.5, 1.5)).mul(4).sigmoid()
        tone = (draws.uniform() < 0.7).float() * draws.uniform(0.8, 1.0)  # 7 of 10 are light
        wanted = (draws.uniform() < 1 / (number + 1)).float()
        gray = torch.lerp(gray, tone.expand_as(gray), wanted * line * draws.uniform(0.3, 0.9))
    return gray


def compress(gray: Tensor, draws: Draws) -> Tensor:
    """JPEG of a quality from 12 to 80."""
    return jpeg(gray, draws.uniform(12, 80))


def jpeg(gray: Tensor, quality: Tensor) -> Tensor:
    """What JPEG leaves of gray photos: a cosine transform of blocks of 8 x 8 pixels, rounded as the quality says.

    Args:
        gray: (B, 1, H, W) in [0, 1].
        quality: (B, 1, 1, 1) in [1, 100], as in libjpeg.

    Returns:
        (B, 1, H, W).
    """
    height, width = gray.shape[-2:]
    padded = F.pad(gray, (0, -width % 8, 0, -height % 8), mode="replicate")
    index = torch.arange(8, device=gray.device)
    scales = torch.where(index == 0, 0.125, 0.25).sqrt()  # which make the cosine transform orthonormal
    transform = (math.pi / 8 * (index + 0.5) * index[:, None]).cos() * scales[:, None]
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)
    table = torch.tensor(_JPEG_TABLE, device=gray.device, dtype=gray.dtype).view(8, 8)
    steps = ((table * scale + 50) / 100).floor().clamp(1, 255)  # (B, 1, 8, 8)
    steps = steps[:, :, None, None]  # (B, 1, rows, columns, 8, 8)
    blocks = (padded * 255 - 128).unfold(2, 8, 8).unfold(3, 8, 8)
    coefficients = (transform @ blocks @ transform.T / steps).round() * steps
    decoded = (transform.T @ coefficients @ transform + 128) / 255
    return decoded.transpose(3, 4).reshape(padded.shape)[..., :height, :width].clamp(0, 1)


def _positions(gray: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (H, 1) and columns (1, W) of the pixels' centers."""
    height, width = gray.shape[-2:]
    rows = torch.arange(height, device=gray.device, dtype=gray.dtype)[:, None] + 0.5
    return rows, torch.arange(width, device=gray.device, dtype=gray.dtype)[None, :] + 0.5


def _clouds(gray: Tensor, draws: Draws, cells: int) -> Tensor:
    """Smooth noise with about this many clouds along each side, (B, 1, H, W), mostly within ±1."""
    noise = draws.normal(1, cells, cells)
    return F.interpolate(noise, size=gray.shape[-2:], mode="bicubic", align_corners=True) / 2
