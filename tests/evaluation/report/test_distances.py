import math

import numpy as np
import pytest
import torch

from colorgan.evaluation.report import distances
from colorgan.evaluation.report.distances import (
    ReferenceFeatures,
    disjoint_distance,
    split_halves,
    subsample_distance,
)
from colorgan.evaluation.report.results import _ranks
from colorgan.evaluation.statistics import Estimate, Interval
from colorgan.metrics.metric import Metric


def features(count, shift=0.0, seed=0):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(count, 6, generator=random, dtype=torch.float64) + shift


def test_distance_interval_has_width_of_actual_variation():
    """Compares the distances of many independent pairs of sets with the interval from each single pair."""
    found, widths = [], []
    for seed in range(60):
        reference = features(200, seed=seed)
        images = reference * 0.8 + features(200, 0.5, seed=1000 + seed) * 0.5
        estimate = subsample_distance(images, ReferenceFeatures(reference)).estimate
        found.append(estimate.value)
        widths.append(estimate.interval.high - estimate.interval.low)
        assert estimate.interval.low <= estimate.value <= estimate.interval.high
    actual = np.quantile(found, 0.975) - np.quantile(found, 0.025)
    assert 0.6 < np.mean(widths) / actual < 1.6


def test_difference_of_distances_varies_as_its_interval_says():
    """Two systems on the same photos: what they share cancels, and the difference has the narrower interval."""
    found, widths, covered = [], [], 0
    for seed in range(50):
        reference = features(200, seed=seed)
        shared = reference * 0.8 + features(200, 0.5, seed=1000 + seed) * 0.5
        first, second = (
            subsample_distance(shared + features(200, shift, seed=2000 + seed) * 0.3, ReferenceFeatures(reference))
            for shift in (1.0, 0.5)
        )
        difference = first.minus(second)
        found.append(difference.estimate.value)
        widths.append(difference.estimate.interval.high - difference.estimate.interval.low)
        own = [distance.estimate.interval for distance in (first, second)]
        assert widths[-1] < sum(interval.high - interval.low for interval in own) / 2
    expected = np.mean(found)
    covered = sum(abs(value - expected) <= width / 2 for value, width in zip(found, widths, strict=True))
    assert 0.7 < np.mean(widths) / (2 * 1.96 * np.std(found)) < 1.4
    assert covered >= 43  # of 50 at 95%: fewer in one of 100 cases


def test_distances_that_are_not_finite_have_no_difference():
    known = subsample_distance(features(40), ReferenceFeatures(features(40, seed=1)))
    unknown = distances.SubsampledDistance(math.nan, np.empty(0))
    assert known.minus(unknown).p_value is None
    assert distances.mean_distance([known, unknown]).estimate.interval is None
    assert distances.mean_distance([known, known]).estimate == known.estimate


def test_intervals_from_products_equal_those_from_features(monkeypatch):
    random = torch.Generator().manual_seed(0)
    reference = torch.randn(40, 64, generator=random).abs() + 3.0
    images = reference + 0.3 * torch.randn(40, 64, generator=random)
    fast = subsample_distance(images, ReferenceFeatures(reference)).estimate.interval
    monkeypatch.setattr(distances, "_MAX_PHOTOS_FOR_PRODUCTS", 0)
    direct = subsample_distance(images, ReferenceFeatures(reference)).estimate.interval
    # Roots of eigenvalues, which the direct way takes, keep half of the digits of a singular value that is zero.
    assert fast.low == pytest.approx(direct.low, rel=1e-7)
    assert fast.high == pytest.approx(direct.high, rel=1e-7)


def test_identical_sets_have_distance_zero_and_empty_interval():
    rows = features(50)
    estimate = subsample_distance(rows, ReferenceFeatures(rows)).estimate
    assert abs(estimate.value) < 1e-6
    assert estimate.interval.high < 1e-6


def test_split_halves_is_a_deterministic_partition():
    first, second = split_halves(101)
    assert sorted(torch.cat([first, second]).tolist()) == list(range(101))
    assert torch.equal(first, split_halves(101)[0])


def test_disjoint_distance_of_reference_is_a_lower_bound():
    reference = features(100)
    lower_bound = disjoint_distance(reference, ReferenceFeatures(reference))
    assert 0 < lower_bound < disjoint_distance(reference + 2.0, ReferenceFeatures(reference))
    assert math.isnan(disjoint_distance(reference[:3], ReferenceFeatures(reference[:3])))


def test_systems_with_overlapping_intervals_share_a_rank():
    estimates = {
        "narrow": Estimate(1.0, Interval(0.9, 1.1)),
        "wide": Estimate(1.5, Interval(1.0, 3.0)),
        "third": Estimate(2.5, Interval(2.0, 3.5)),
        "last": Estimate(9.0, Interval(8.0, 9.5)),
        "none": Estimate(math.nan),
    }
    lower, higher = (_ranks(estimates, Metric("m", "M", better=better)) for better in ("lower", "higher"))
    assert lower == {"narrow": 1, "wide": 1, "third": 2, "last": 4}
    assert higher == {"narrow": 3, "wide": 2, "third": 2, "last": 1}


def test_values_without_interval_are_ranked_by_value():
    estimates = {
        "perfect": Estimate(math.inf),
        "good": Estimate(30.0, Interval(29.0, 31.0)),
        "equal": Estimate(math.inf),
    }
    assert _ranks(estimates, Metric("psnr", "PSNR", better="higher")) == {"perfect": 1, "good": 3, "equal": 1}
    assert _ranks({"only": Estimate(1.0, Interval(0.5, 1.5))}, Metric("m", "M")) == {"only": 1}
