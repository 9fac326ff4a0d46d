"""PSNR of photos that are colorized with color hints."""

from collections.abc import Sequence

import torch
from torch import Tensor

from colorgan.color.tensors import to_uint8
from colorgan.metrics.pixels import psnr
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.hints import PointHints

MAX_PSNR = 100.0
"""dB. Caps the infinite PSNR of an error-free photo, which would make the mean infinite."""


def hinted_psnr(
    network: ColorizationNetwork, target: Tensor, index: Tensor, counts: Sequence[int], hints: PointHints
) -> Tensor:
    """PSNR of each photo, colorized with hints sampled from the target.

    The positions of the hints depend only on ``index``, and a larger count includes the hints of a smaller one.

    Args:
        network: the network to evaluate.
        target: (B, 3, H, W) in [0, 1].
        index: int64 (B,), the photos' indices in the dataset.
        counts: numbers of hints.
        hints: size and placement of the hints.

    Returns:
        (B, len(counts)) in dB, measured after rounding to 8 bits and capped at :data:`MAX_PSNR`.
    """
    _, color = network.color_space.split(target)
    target_8bit = to_uint8(target)
    columns = []
    for count in counts:
        sampled = hints.validation(color, index, count, color_space=network.color_space)
        columns.append(psnr(to_uint8(network(target, sampled)), target_8bit).clamp(max=MAX_PSNR))
    return torch.stack(columns, dim=1)
