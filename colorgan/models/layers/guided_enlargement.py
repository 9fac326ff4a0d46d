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
        guide = F.pad(phases.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
        colors = F.pad(color, (1, 1, 1, 1), mode="replicate")
        phases = phases.view(phases.shape[0], stride, stride, *phases.shape[-2:])
        near = _nearness(stride).to(phases)
        half = stride // 2
        # the pixels of a quarter of a small pixel have the same four nearest small pixels
        halves = (slice(0, half), 0), (slice(half, stride), 1)
        rows = [
            torch.cat(
                [
                    _mean_of_nearest(
                        phases[:, down, right], guide, colors, near[down], near[right], (top, left), color_space
                    )
                    for right, left in halves
                ],
                dim=3,
            )
            for down, top in halves
        ]
        return F.pixel_shuffle(torch.cat(rows, dim=2).flatten(1, 3), stride)


def _mean_of_nearest(
    pixels: Tensor,
    guide: Tensor,
    colors: Tensor,
    near_rows: Tensor,
    near_columns: Tensor,
    first: tuple[int, int],
    color_space: ColorSpace,
) -> Tensor:
    """The colors of pixels that have the same four nearest small pixels.

    Args:
        pixels: their lightness, (B, n, n, h, w).
        guide: lightness of the small pixels, padded by one, (B, 1, h + 2, w + 2).
        colors: color of the small pixels, padded by one, (B, C, h + 2, w + 2).
        near_rows: weights of the two nearest small rows, (n, 2).
        near_columns: weights of the two nearest small columns, (n, 2).
        first: row and column, in the padded map, of the first small pixel's upper left neighbor.
        color_space: the color space.

    Returns:
        (B, C, n, n, h, w).
    """
    height, width = pixels.shape[-2:]
    weights, nearest = [], []
    for row, column in product(range(2), range(2)):
        top, left = first[0] + row, first[1] + column
        small = guide[..., top : top + height, left : left + width].unsqueeze(1)
        similarity = 1 / (1 + ((pixels - small) / _SIMILAR).square()).square()
        distance = near_rows[:, row, None] * near_columns[:, column]
        weights.append(similarity * distance[..., None, None])
        nearest.append(colors[..., top : top + height, left : left + width])
    return color_space.mean(torch.stack(nearest, -1)[:, :, None, None], torch.stack(weights, -1)[:, None])


def _nearness(stride: int) -> Tensor:
    """Weights of the two small pixels nearest to each of the pixels of one along one direction, (stride, 2)."""
    position = (torch.arange(stride) + 0.5) / stride - 0.5  # from the center of the small pixel
    second = position.where(position > 0, position + 1)
    return torch.stack([1 - second, second], dim=1)
