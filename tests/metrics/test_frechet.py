import math

import numpy as np
import pytest
import torch
import torch_fidelity
from scipy.linalg import sqrtm

from colorgan.errors import ColorganError
from colorgan.metrics import frechet
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import FeatureStatistics, frechet_distance, kernel_distance, to_statistics
from tests.helpers import photos, write


def features(count: int, dimension: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dimension, dimension, generator=random, dtype=torch.float64)
    return torch.randn(count, dimension, generator=random, dtype=torch.float64) @ mixing + shift


def reference_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The definition, with the matrix square root of SciPy."""
    x, y = a.double().numpy(), b.double().numpy()
    one, two = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    difference = x.mean(0) - y.mean(0)
    return float(difference @ difference + np.trace(one) + np.trace(two) - 2 * np.trace(sqrtm(one @ two).real))


@pytest.mark.parametrize(("n", "m"), [(200, 300), (200, 6), (6, 200), (12, 13)])
def test_distance_matches_definition(n, m):
    a, b = features(n, 12, seed=1), features(m, 12, seed=2, shift=0.5)
    assert frechet_distance(a, b) == pytest.approx(reference_distance(a, b), rel=1e-6)


def test_distance_in_one_dimension():
    a, b = torch.tensor([[0.0], [2.0]]), torch.tensor([[5.0], [5.0], [11.0]])  # means 1, 7; variances 2, 12
    assert frechet_distance(a, b) == pytest.approx(36 + 2 + 12 - 2 * math.sqrt(24), rel=1e-12)


@pytest.mark.parametrize("count", [5, 60])
def test_distance_of_identical_sets_is_zero(count):
    a = features(count, 24, seed=3, shift=10.0)
    assert abs(frechet_distance(a, a.clone())) < 1e-6
    assert abs(frechet_distance(a, a[torch.randperm(count)])) < 1e-6


def test_distance_is_symmetric_and_independent_of_order():
    a, b = features(40, 8, seed=4), features(30, 8, seed=5)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(a.flip(0), b) == pytest.approx(frechet_distance(a, b), rel=1e-9)


@pytest.mark.parametrize("count", [7, 100])
@pytest.mark.parametrize("batch", [1, 3, 50])
def test_batched_statistics_match_full_set(count, batch):
    rows = features(count, 10, seed=6, shift=100.0)
    statistics = FeatureStatistics()
    for part in rows.split(batch):
        statistics.update(part)
    assert statistics.count == count
    torch.testing.assert_close(statistics.mean, rows.mean(0), rtol=1e-12, atol=0)
    expected = torch.from_numpy(np.cov(rows.numpy(), rowvar=False))
    torch.testing.assert_close(statistics.covariance(), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(statistics.root().T @ statistics.root(), expected, rtol=1e-8, atol=1e-8)
    assert statistics.trace() == pytest.approx(float(expected.trace()), rel=1e-10)


def test_statistics_keep_at_most_as_many_vectors_as_dimensions():
    statistics = FeatureStatistics()
    for part in features(500, 10, seed=7).split(7):
        statistics.update(part)
        assert sum(map(len, statistics._rows)) <= 10


def test_float32_features_are_accumulated_in_float64():
    rows = features(50, 4, seed=8, shift=1000.0).float()
    assert to_statistics(rows).covariance().dtype == torch.float64
    expected = torch.from_numpy(np.cov(rows.double().numpy(), rowvar=False))
    torch.testing.assert_close(to_statistics(rows).covariance(), expected)


@pytest.mark.parametrize("count", [12, 60])
def test_distances_match_torch_fidelity(tmp_path, tiny_features, count):
    a, b = photos(count, seed=1), photos(count + 3, seed=3)
    extractor = FeatureExtractor(tiny_features)
    reference = torch_fidelity.calculate_metrics(
        input1=str(write(a, tmp_path / "a")),
        input2=str(write(b, tmp_path / "b")),
        fid=True,
        kid=True,
        kid_subset_size=10,
        feature_extractor=tiny_features,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    assert frechet_distance(extractor(a), extractor(b)) == pytest.approx(
        reference["frechet_inception_distance"], rel=1e-3
    )
    kernel = kernel_distance(extractor(a), extractor(b), subset_size=10)
    assert kernel.mean == pytest.approx(reference["kernel_inception_distance_mean"], rel=1e-3)
    assert kernel.deviation == pytest.approx(reference["kernel_inception_distance_std"], rel=1e-3)


def test_distance_on_efficientnet_matches_torch_fidelity(tmp_path):
    a, b = photos(20, seed=1, size=32), photos(20, seed=3, size=32)
    extractor = FeatureExtractor("efficientnet-lite0")
    reference = torch_fidelity.calculate_metrics(
        input1=str(write(a, tmp_path / "a")),
        input2=str(write(b, tmp_path / "b")),
        fid=True,
        feature_extractor="efficientnet-lite0",
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    ours = frechet_distance(extractor(a), extractor(b))
    assert ours == pytest.approx(reference["frechet_inception_distance"], rel=1e-3)


def test_non_finite_feature_gives_nan():
    rows = features(5, 3, seed=1)
    rows[2, 1] = math.inf
    assert math.isnan(frechet_distance(rows, features(5, 3, seed=2)))


def test_kernel_distance_with_subsets_of_the_whole_set():
    a, b = features(20, 6, seed=1), features(20, 6, seed=2)

    def kernel(x, y):
        return (x @ y.T / 6 + 1) ** 3

    within = [(kernel(x, x).sum() - kernel(x, x).diagonal().sum()) / (20 * 19) for x in (a, b)]
    expected = float(within[0] + within[1] - 2 * kernel(a, b).mean())
    distance = kernel_distance(a, b, subset_size=20, subsets=3)
    assert distance.mean == pytest.approx(expected, rel=1e-9)
    assert distance.deviation < 1e-9 * abs(expected)


def test_kernel_distance_does_not_depend_on_how_kernels_are_computed(monkeypatch):
    random = torch.Generator().manual_seed(0)
    first, second = torch.randn(30, 8, generator=random), torch.randn(26, 8, generator=random) + 0.5
    at_once = kernel_distance(first, second)
    monkeypatch.setattr(frechet, "_MAX_VECTORS_FOR_KERNELS", 0)
    assert kernel_distance(first, second) == pytest.approx(at_once, rel=1e-9)


@pytest.mark.parametrize("count", [20, 60])
def test_low_rank_form_is_that_of_the_matrix_square_root(count):
    """Below 1e-6; the matrix square root itself is inexact when the covariances have no full rank (count 20)."""
    random = np.random.default_rng(0)
    first = random.normal(size=(count, 40))
    second = first * 0.8 + random.normal(size=(count, 40)) * 0.5 + 0.2
    covariances = [np.cov(rows, rowvar=False) for rows in (first, second)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    expected = np.square(first.mean(0) - second.mean(0)).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    distance = frechet_distance(torch.from_numpy(first), torch.from_numpy(second))
    assert distance == pytest.approx(expected, rel=1e-6)


def test_kernel_subset_size_defaults_to_half_of_a_small_set():
    a, b = features(31, 6, seed=1), features(40, 6, seed=1)
    assert kernel_distance(a, b).subset_size == 15
    assert kernel_distance(a, b, seed=1) == kernel_distance(a, b, seed=1)
    assert kernel_distance(a, b).deviation > 0


def test_invalid_sets_raise():
    with pytest.raises(ColorganError, match="at least 2 photos; received 1"):
        frechet_distance(torch.zeros(1, 4), torch.zeros(5, 4))
    with pytest.raises(ColorganError, match="of 4 and 5 dimensions"):
        frechet_distance(torch.rand(3, 4), torch.rand(3, 5))
    with pytest.raises(ColorganError, match=r"\(B, 4\); received \(2, 3\)"):
        to_statistics(torch.rand(3, 4)).update(torch.rand(2, 3))
    with pytest.raises(ColorganError, match="sets of 3 and 8, subsets of 1"):
        kernel_distance(torch.rand(3, 4), torch.rand(8, 4))
    with pytest.raises(ColorganError, match="cannot be compared"):
        kernel_distance(torch.rand(9, 4), torch.rand(9, 5))
