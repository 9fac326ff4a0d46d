import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2lab

from colorgan.models.losses.rebalancing import rebalancing_weights


def smooth_photo() -> torch.Tensor:
    """Two photos with most colors near gray, and a few far from it."""
    random = torch.Generator().manual_seed(0)
    gray = torch.rand(2, 1, 12, 16, generator=random) * 0.6 + 0.2
    tint = torch.randn(2, 3, 12, 16, generator=random) * torch.rand(2, 1, 12, 16, generator=random) ** 4
    return (gray + 0.3 * tint).clamp(0, 1)


@pytest.mark.parametrize("rebalance", [0.0, 0.5, 0.95])
def test_weights_match_a_histogram_smoothed_by_scipy(rebalance: float) -> None:
    rgb = smooth_photo()
    lab = np.stack([rgb2lab(photo.permute(1, 2, 0).double().numpy()) for photo in rgb])
    bins = np.rint(lab[..., 1:] / 10).astype(int) + 12
    histogram = np.zeros((25, 25))
    for a, b in bins.reshape(-1, 2):
        histogram[a, b] += 1
    fractions = gaussian_filter(histogram / histogram.sum(), sigma=0.5, truncate=2, mode="constant")
    weights = 1 / (rebalance * fractions[bins[..., 0], bins[..., 1]] + (1 - rebalance) / 313)
    result = rebalancing_weights(rgb, rebalance)
    assert result.shape == (2, 1, 12, 16)
    np.testing.assert_allclose(result[:, 0].numpy(), weights / weights.mean(), rtol=1e-2)  # its kernel has three digits


def test_weights_have_a_mean_of_one_and_grow_with_rarity() -> None:
    rgb = torch.full((1, 3, 4, 5), 0.5)
    rgb[0, :, 0, 0] = torch.tensor([0.9, 0.1, 0.1])
    weak, strong = (rebalancing_weights(rgb, rebalance) for rebalance in (0.5, 0.9))
    for weights in (weak, strong):
        assert weights.mean().item() == pytest.approx(1)
        assert weights[0, 0, 0, 0] == weights.max()
    assert strong.max() > weak.max() > 1


@pytest.mark.parametrize("corner", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 0)], ids=str)
def test_most_saturated_colors_have_a_bin(corner: tuple[int, ...]) -> None:
    rgb = torch.tensor(corner).float().view(1, 3, 1, 1).expand(1, 3, 2, 2)
    assert rebalancing_weights(rgb, 0.5).tolist() == [[[[1.0, 1.0], [1.0, 1.0]]]]
