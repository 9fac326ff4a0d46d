import itertools

import numpy as np
import torch
from skimage.transform import resize

from colorgan.models.layers.hint_spreading import spread_hints


def reference_spread(hints: np.ndarray, num_downsamples: int) -> list[np.ndarray]:
    """Pull-push of one photo, pixel by pixel."""
    height, width = hints.shape[1:]
    levels = []
    for level in range(num_downsamples + 1):
        side = 2**level
        means = np.zeros((len(hints), height // side, width // side))
        for row, column in itertools.product(range(height // side), range(width // side)):
            block = hints[:, row * side : (row + 1) * side, column * side : (column + 1) * side]
            if block[-1].any():
                means[:, row, column] = block[:, block[-1] > 0].mean(1)
        levels.append(means)
    for finer, coarser in reversed(list(itertools.pairwise(levels))):
        enlarged = np.stack([resize(plane, finer.shape[1:], order=1, mode="edge") for plane in coarser])
        finer += np.where(finer[-1] > 0, 0, 0.8 * enlarged)
    return levels


def test_matches_pull_push_reference() -> None:
    random = torch.Generator().manual_seed(0)
    mask = (torch.rand(2, 1, 32, 64, generator=random) < 0.01).float()
    hints = torch.cat([(torch.rand(2, 2, 32, 64, generator=random) - 0.5) * mask, mask], dim=1)
    spread = spread_hints(hints, 4)
    for photo in range(2):
        for actual, expected in zip(spread, reference_spread(hints[photo].double().numpy(), 4), strict=True):
            np.testing.assert_allclose(actual[photo].numpy(), expected, atol=1e-6)


def test_without_hints_the_result_is_zero() -> None:
    assert all(not level.any() for level in spread_hints(torch.zeros(1, 3, 32, 32), 4))
    assert [tuple(level.shape) for level in spread_hints(torch.zeros(1, 0, 8, 8), 1)] == [(1, 0, 8, 8), (1, 0, 4, 4)]
