import math

import numpy as np
import pytest
import torch

from colorgan.evaluation.report.statistics import (
    Estimate,
    Reference,
    disjoint_distance,
    distance_estimate,
    halves,
    mean_estimate,
    ranks,
)


def test_the_bootstrap_interval_of_a_mean_is_near_the_normal_one():
    values = np.random.default_rng(1).normal(5.0, 2.0, size=400)
    found = mean_estimate(values)
    error = values.std(ddof=1) / math.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)
    assert mean_estimate(values) == found


def test_paired_values_are_drawn_together():
    random = np.random.default_rng(2)
    reference = random.normal(50.0, 10.0, size=200)
    pictures = reference - 3.0 + random.normal(0.0, 0.1, size=200)
    found = mean_estimate(pictures, reference, figure=lambda one, other: np.abs(one - other))
    assert found.value == pytest.approx(3.0, abs=0.05)
    assert found.high - found.low < 0.1  # drawn apart, the means would differ by about 1


def test_what_has_no_interval():
    assert mean_estimate(np.array([np.inf, np.inf])).value == math.inf
    assert not mean_estimate(np.array([np.inf, 1.0])).has_interval
    assert not mean_estimate(np.array([1.0])).has_interval
    assert math.isnan(mean_estimate(np.array([np.nan, np.nan])).value)
    assert mean_estimate(np.array([1.0, np.nan, 3.0])).value == 2.0


def features(count, shift=0.0, seed=0):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(count, 6, generator=random, dtype=torch.float64) + shift


def test_the_interval_of_a_distance_has_about_the_width_of_its_real_spread():
    """The distance of many independent pairs of sets, against the interval that one of the pairs gives."""
    distances, widths = [], []
    for seed in range(60):
        reference = features(200, seed=seed)
        pictures = reference * 0.8 + features(200, 0.5, seed=1000 + seed) * 0.5
        found = distance_estimate(pictures, Reference(reference))
        distances.append(found.value)
        widths.append(found.high - found.low)
        assert found.low <= found.value <= found.high
    real = np.quantile(distances, 0.975) - np.quantile(distances, 0.025)
    assert 0.6 < np.mean(widths) / real < 1.6


def test_identical_sets_have_distance_zero_and_an_interval_of_no_width():
    rows = features(50)
    found = distance_estimate(rows, Reference(rows))
    assert abs(found.value) < 1e-6
    assert found.high < 1e-6


def test_halves_are_disjoint_and_fixed():
    first, second = halves(101)
    assert sorted(torch.cat([first, second]).tolist()) == list(range(101))
    assert torch.equal(first, halves(101)[0])


def test_the_floor_is_above_zero_and_below_a_wrong_system():
    reference = features(100)
    floor = disjoint_distance(reference, Reference(reference))
    assert 0 < floor < disjoint_distance(reference + 2.0, Reference(reference))
    assert math.isnan(disjoint_distance(reference[:3], Reference(reference[:3])))


def test_overlapping_intervals_share_a_place():
    figures = {
        "sure": Estimate(1.0, 0.9, 1.1),
        "wide": Estimate(1.5, 1.0, 3.0),
        "late": Estimate(2.5, 2.0, 3.5),
        "last": Estimate(9.0, 8.0, 9.5),
        "none": Estimate(math.nan),
    }
    assert ranks(figures, "lower") == {"sure": 1, "wide": 1, "late": 2, "last": 4}
    assert ranks(figures, "higher") == {"sure": 3, "wide": 2, "late": 2, "last": 1}
