"""Square bins of the a*b* plane: which of them hold colors of sRGB, and which are near a color."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from kornia.color import rgb_to_lab
from torch import Tensor

_LEVELS = 256
_MAX_AB = 110
"""a* and b* of sRGB are within ±110."""
_REACH = 2
"""The bins nearest to a color are looked for within this many bins of its own, in both directions."""


@dataclass(frozen=True)
class ABBins:
    """The bins of a grid that hold at least one color of sRGB, in the order of a*, then b*.

    Attributes:
        centers: a* and b* of the centers, float32 (Q, 2).
        around: for each bin of the whole plane, the indices of the 25 bins around it, int64 (side², 25); -1 for those
            without a color of sRGB.
        grid: side length of a bin, in units of a* and b*.
    """

    centers: npt.NDArray[np.float32]
    around: npt.NDArray[np.int64]
    grid: int

    def __len__(self) -> int:
        return len(self.centers)

    def nearest(self, ab: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Finds the nearest bins of colors.

        Args:
            ab: (N, 2), in units of a* and b*.
            count: number of bins per color, at most 5.

        Returns:
            Their indices, int64 (N, count), and their squared distances, float32 (N, count). Where there are fewer bins
            nearby, the distance is infinite and the index is 0.
        """
        side = round(len(self.around) ** 0.5)
        half = side // 2
        own = (ab / self.grid).round().clamp(-half, half)
        offsets = torch.arange(-_REACH, _REACH + 1, device=ab.device)
        down, right = ((ab - own * self.grid)[..., None] - offsets * self.grid).square().unbind(1)
        distances = (down[:, :, None] + right[:, None, :]).flatten(1)
        row, column = (own.long() + half).unbind(1)
        around = torch.from_numpy(self.around).to(ab.device)[row * side + column]
        distances, position = distances.masked_fill(around < 0, torch.inf).topk(count, largest=False)
        return around.gather(1, position).clamp(min=0), distances


@functools.lru_cache(maxsize=8)
def ab_bins(grid: int) -> ABBins:
    """The bins in the gamut of sRGB.

    If a color with some a* and b* exists, then one exists on the surface of the RGB cube, because a line of constant a*
    and b* leaves the cube there. So the six faces are converted, at all 8-bit values.

    Args:
        grid: side length of a bin, in units of a* and b*; bins are centered on its multiples.

    Example:
        >>> len(ab_bins(10)), ab_bins(10).centers[0].tolist()
        (261, [-90.0, 80.0])
    """
    with torch.device("cpu"), torch.inference_mode(False), torch.no_grad():
        level = torch.arange(_LEVELS, dtype=torch.float64) / (_LEVELS - 1)
        first, second = torch.cartesian_prod(level, level).T
        ends = torch.zeros_like(first), torch.ones_like(first)
        faces = [face for end in ends for face in ((end, first, second), (first, end, second), (first, second, end))]
        lab = rgb_to_lab(torch.stack([torch.stack(face) for face in faces])[..., None])
        ab = lab[:, 1:, :, 0].transpose(0, 1).flatten(1).numpy()
    half = -(-_MAX_AB // grid)
    side = 2 * half + 1
    row, column = np.rint(ab / grid).astype(np.int64) + half
    in_gamut = np.zeros((side, side), bool)
    in_gamut[row, column] = True
    index = np.full((side + 2 * _REACH, side + 2 * _REACH), -1)
    index[_REACH:-_REACH, _REACH:-_REACH][in_gamut] = np.arange(in_gamut.sum())
    windows = np.lib.stride_tricks.sliding_window_view(index, (2 * _REACH + 1, 2 * _REACH + 1))
    centers = (np.argwhere(in_gamut) - half).astype(np.float32) * grid
    return ABBins(centers, windows.reshape(side * side, -1).copy(), grid)
