"""Spreads sparse hints over their surroundings, at several resolutions."""

import torch.nn.functional as F
from torch import Tensor

_MIN_MASK = 1e-4
"""Divisor where no color is known: below the mean mask of a single hinted pixel, above zero in 16-bit floats."""
_DECAY = 0.8
"""Factor of the confidence of a color per level of resolution that it comes from."""


def spread_hints(hints: Tensor, num_downsamples: int) -> list[Tensor]:
    """Spreads hints over their surroundings, at full resolution, half, a quarter and so on.

    This is a pull-push algorithm (after Gortler et al. 1996, https://doi.org/10.1145/237170.237200). Pull: each pixel
    of a coarser level takes the mean of the known colors in it. Push: from the coarsest to the finest level, unknown
    pixels take their color from the coarser level, with lower confidence. A hint thus reaches about one pixel of the
    coarsest level far. The network does not have to learn how colors spread, only where they must stop.

    Args:
        hints: (B, C + 1, H, W): colors, zero where unknown, and a mask; or (B, 0, H, W).
        num_downsamples: number of coarser levels; height and width must be multiples of 2**num_downsamples.

    Returns:
        (B, C + 1, h, w) per level, from full resolution to the coarsest: colors multiplied by confidence, and the
        confidence, from 1 at a hint to 0 where none is near.

    Example:
        >>> import torch
        >>> hints = torch.zeros(1, 2, 4, 4)
        >>> hints[0, :, 0, 1] = torch.tensor([0.5, 1.0])
        >>> full, half, quarter = spread_hints(hints, 2)
        >>> full[0, :, 0, 1].tolist(), half[0, :, 0, 0].tolist(), quarter.flatten().tolist()
        ([0.5, 1.0], [0.5, 1.0], [0.5, 1.0])
        >>> round(full[0, 1, 3, 3].item(), 2)
        0.64
    """
    if not hints.shape[1]:
        return [hints[..., :: 2**level, :: 2**level] for level in range(num_downsamples + 1)]
    pulled = [hints]
    for _ in range(num_downsamples):
        pulled.append(F.avg_pool2d(pulled[-1], 2))
    spread: list[Tensor] = []
    for means in reversed(pulled):
        known = (means[:, -1:] > 0).to(means.dtype)
        filled = means / means[:, -1:].clamp(min=_MIN_MASK)
        if spread:
            coarser = F.interpolate(spread[-1], scale_factor=2.0, mode="bilinear")
            filled = known * filled + (1 - known) * _DECAY * coarser
        spread.append(filled)
    return spread[::-1]
