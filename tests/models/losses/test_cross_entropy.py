import math

import pytest
import torch

from colorgan.models import Comparison, CrossEntropy, Lab, QuantizedLab

SPACE = QuantizedLab()


def batch(size: tuple[int, int] = (8, 12)) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return SPACE.split(torch.rand(2, 3, *size))


def test_matches_torch_with_dense_targets() -> None:
    gray, target = batch()
    scores = torch.randn(2, SPACE.output_channels, 8, 12)
    index, weight = SPACE.encode(target)
    dense = torch.zeros_like(scores).scatter_add(1, index, weight)
    expected = torch.nn.functional.cross_entropy(scores, dense)
    loss = CrossEntropy(rebalance=0)(Comparison(target, target, gray, SPACE, output=scores))
    torch.testing.assert_close(loss, expected)


def test_a_network_that_knows_nothing_has_the_logarithm_of_the_number_of_bins() -> None:
    gray, target = batch()
    scores = torch.zeros(2, SPACE.output_channels, 8, 12)
    for rebalance in (0.0, 0.5):
        loss = CrossEntropy(rebalance)(Comparison(target, target, gray, SPACE, output=scores))
        assert loss.item() == pytest.approx(math.log(261), rel=1e-5)


def test_smaller_scores_are_compared_with_averaged_targets() -> None:
    gray, target = batch()
    scores = torch.randn(2, SPACE.output_channels, 4, 6)
    small_gray, small = (torch.nn.functional.avg_pool2d(part, 2) for part in (gray, target))
    loss = CrossEntropy()(Comparison(target, target, gray, SPACE, output=scores))
    torch.testing.assert_close(loss, CrossEntropy()(Comparison(small, small, small_gray, SPACE, output=scores)))


def test_rebalancing_counts_rare_colors_more() -> None:
    rgb = torch.full((1, 3, 4, 4), 0.5)
    rgb[0, :, 0, 0] = torch.tensor([0.9, 0.1, 0.1])
    gray, target = SPACE.split(rgb)
    scores = torch.zeros(1, SPACE.output_channels, 4, 4)
    scores[0, :, 0, 0] = torch.randn(SPACE.output_channels)
    scores.requires_grad_()
    shares = []
    for rebalance in (0.0, 0.9):
        loss = CrossEntropy(rebalance)(Comparison(target, target, gray, SPACE, output=scores))
        (gradient,) = torch.autograd.grad(loss, scores)
        shares.append((gradient[..., 0, 0].norm() / gradient[..., 1, 1].norm()).item())
    assert shares[1] > 2 * shares[0]


def test_needs_scores() -> None:
    CrossEntropy().check(None, QuantizedLab(20))
    with pytest.raises(ValueError, match="Lab does not have: set model.color_space to QuantizedLab"):
        CrossEntropy().check(None, Lab())
