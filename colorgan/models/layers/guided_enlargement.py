"""Enlarges predicted color along the lightness of the photo."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.models.color_spaces import ColorSpace
from colorgan.models.color_spaces.base import disable_autocast

_SIMILAR = 0.14
"""Scale of the range kernel: 7 units of L*, as where colors are enlarged to the photo's full size."""


def enlarge_along(gray: Tensor, color: Tensor, stride: int, color_space: ColorSpace) -> Tensor:
    """Enlarges color to the size of the gray, so that it does not bleed over edges.

    Each pixel is a mean over the four nearest pixels of the small color, weighted by distance and by similarity in
    lightness: joint bilateral upsampling (Kopf et al. 2007), as in :func:`colorgan.inference.full_size.apply_chroma`.
    Computed in float32, and linear in the color.

    Args:
        gray: (B, 1, H, W) in [-1, 1].
        color: (B, C, H / stride, W / stride).
        stride: how much smaller the color is: 1, or an even number.
        color_space: the color space, which knows how to average.

    Returns:
        (B, C, H, W); the color itself if the stride is 1.

    Example:
        >>> from colorgan.models import Lab
        >>> gray = torch.tensor([-1.0, -1.0, 1.0, 1.0]).expand(1, 1, 2, 4)
        >>> color = torch.tensor([-0.5, 0.5]).expand(1, 2, 1, 2)
        >>> [round(value, 2) for value in enlarge_along(gray, color, 2, Lab())[0, 0, 0].tolist()]
        [-0.5, -0.5, 0.5, 0.5]
    """
    if stride == 1:
        return color
    gray, color = (image.to(torch.promote_types(image.dtype, torch.float32)) for image in (gray, color))
    with disable_autocast(gray):
        phases = F.pixel_unshuffle(gray, stride)  # (B, stride², h, w): all pixels of each small pixel
        small = F.pad(phases.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
        padded = F.pad(color, (1, 1, 1, 1), mode="replicate")
        height, width = phases.shape[-2:]
        near = _nearness(stride).to(phases)
        weights, colors = [], []
        for number, (row, column) in enumerate(product(range(3), range(3))):
            guide = small[..., row : row + height, column : column + width]
            similarity = 1 / (1 + ((phases - guide) / _SIMILAR).square()).square()
            weights.append(near[number] * similarity)
            colors.append(padded[..., row : row + height, column : column + width])
        mean = color_space.mean(torch.stack(colors, -1)[:, :, None], torch.stack(weights, -1)[:, None])
        return F.pixel_shuffle(mean.flatten(1, 2), stride)


def _nearness(stride: int) -> Tensor:
    """Bilinear weights of the 3 x 3 small pixels around each of the pixels of one, (9, stride², 1, 1)."""
    position = (torch.arange(stride) + 0.5) / stride - 0.5  # of each pixel, from the center of its small pixel
    along = (1 - (torch.arange(-1, 2)[:, None] - position).abs()).clamp(min=0)  # (3, stride)
    return torch.einsum("ip,jq->ijpq", along, along).reshape(9, stride**2, 1, 1)
