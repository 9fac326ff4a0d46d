import itertools
import math

import numpy as np
import pytest
import scipy.stats

from colorgan.evaluation.differences import holm, paired_bootstrap, subsampled_difference, wild_cluster_bootstrap


def covers(interval, value):
    return interval.low <= value <= interval.high


def test_paired_bootstrap_agrees_with_the_t_test_for_normal_differences():
    values = np.random.default_rng(5).normal(0.3, 1.0, size=(60, 1))
    (difference,) = paired_bootstrap(values)
    expected = scipy.stats.ttest_1samp(values[:, 0], 0.0)
    low, high = expected.confidence_interval()
    interval = difference.estimate.interval
    assert difference.estimate.value == pytest.approx(values.mean())
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.03)
    assert difference.p_value == pytest.approx(expected.pvalue, abs=0.03)


def test_paired_bootstrap_agrees_with_an_independent_loop_for_skewed_differences():
    values = np.random.default_rng(1).exponential(1.0, size=25) - 0.4
    (difference,) = paired_bootstrap(values[:, None])
    random = np.random.default_rng(99)
    distances = []
    for _ in range(4000):
        drawn = random.choice(values, size=25)
        distances.append((drawn.mean() - values.mean()) / scipy.stats.sem(drawn))
    low, high = np.quantile(distances, [0.025, 0.975])
    error = scipy.stats.sem(values)
    interval = difference.estimate.interval
    assert interval.low == pytest.approx(values.mean() - high * error, abs=0.05)
    assert interval.high == pytest.approx(values.mean() - low * error, abs=0.08)
    assert (difference.p_value < 0.05) == (not covers(interval, 0.0))


def test_columns_share_their_resamples_and_photos_without_value_are_left_out():
    random = np.random.default_rng(2)
    values = random.normal(0.1, 1.0, size=(30, 2))
    values[20:, 1] = np.nan
    both = paired_bootstrap(values)
    (alone,) = paired_bootstrap(values[:, :1])
    assert both[0].p_value == alone.p_value
    assert both[0].estimate.interval.low == pytest.approx(alone.estimate.interval.low)
    assert both[1].estimate.value == pytest.approx(values[:20, 1].mean())
    expected = scipy.stats.ttest_1samp(values[:20, 1], 0.0)
    assert both[1].p_value == pytest.approx(expected.pvalue, abs=0.05)


def test_differences_that_cannot_be_judged_have_no_p_value():
    few, infinite, same = paired_bootstrap(
        np.stack([np.r_[1.0, 2.0, np.full(8, np.nan)], np.r_[math.inf, np.ones(9)], np.zeros(10)], axis=1)
    )
    assert (few.estimate.value, few.p_value, few.estimate.interval) == (1.5, None, None)
    assert infinite.p_value is None
    assert (same.p_value, same.estimate.interval.low, same.estimate.interval.high) == (1.0, 0.0, 0.0)
    assert wild_cluster_bootstrap(np.ones((3, 2))).p_value is None


def test_nominal_intervals_cover_the_truth():
    """95% intervals of 20 skewed differences, and of 15 photos with four dependent results each."""
    random, runs = np.random.default_rng(3), 150
    paired = wild = 0
    for _ in range(runs):
        (difference,) = paired_bootstrap(random.gamma(2.0, 1.0, size=(20, 1)))
        paired += covers(difference.estimate.interval, 2.0)
        dependent = random.normal(1.0, 1.0, size=(15, 1)) + random.normal(0.0, 0.5, size=(15, 4))
        wild += covers(wild_cluster_bootstrap(dependent).estimate.interval, 1.0)
    # by chance, fewer than 134 or all 150 of 150 would be in fewer than one of a thousand cases at 95%
    assert 134 <= paired <= 149
    assert 134 <= wild <= 149


def test_results_of_a_photo_are_no_independent_observations():
    random = np.random.default_rng(4)
    rejected = {"cluster": 0, "naive": 0}
    for _ in range(60):
        values = np.repeat(random.normal(0.0, 1.0, size=(20, 1)), 5, axis=1) + random.normal(0.0, 0.1, size=(20, 5))
        rejected["cluster"] += wild_cluster_bootstrap(values).p_value < 0.05
        rejected["naive"] += scipy.stats.ttest_1samp(values.ravel(), 0.0).pvalue < 0.05
    assert rejected["cluster"] <= 8
    assert rejected["naive"] >= 15


def test_wild_cluster_bootstrap_equals_all_sign_flips():
    """Of few photos with different numbers of results, every sample is computed from its definition."""
    values = np.random.default_rng(6).normal(0.5, 1.0, size=(8, 3))
    values[2, 1:] = values[5, 2] = np.nan
    known = ~np.isnan(values)
    cluster = np.nonzero(known)[0]
    flat = values[known]

    def distance(sample, hypothesis):
        residuals = sample - sample.mean()
        sums = np.array([residuals[cluster == number].sum() for number in range(8)])
        return abs(sample.mean() - hypothesis) / np.sqrt((sums**2).sum())

    def p_value(hypothesis):
        observed = distance(flat, hypothesis)
        samples = (
            hypothesis + np.array(signs)[cluster] * (flat - hypothesis)
            for signs in itertools.product([-1.0, 1.0], repeat=8)
        )
        return np.mean([distance(sample, hypothesis) >= observed * (1 - 1e-9) for sample in samples])

    difference = wild_cluster_bootstrap(values)
    assert difference.estimate.value == pytest.approx(flat.mean())
    assert difference.p_value == pytest.approx(p_value(0.0))
    interval = difference.estimate.interval
    width = interval.high - interval.low
    assert p_value(interval.low - 0.01 * width) < 0.05 <= p_value(interval.low + 0.01 * width)
    assert p_value(interval.high + 0.01 * width) < 0.05 <= p_value(interval.high - 0.01 * width)


def test_wild_cluster_bootstrap_of_one_result_per_photo_is_the_sign_flip_test():
    values = np.random.default_rng(7).normal(0.4, 1.0, size=10)
    expected = scipy.stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert wild_cluster_bootstrap(values[:, None]).p_value == pytest.approx(expected.pvalue, abs=0.01)


def test_subsampled_difference_is_students_t():
    deviations = np.random.default_rng(8).normal(0.0, 2.0, size=100)
    difference = subsampled_difference(5.0, deviations)
    spread = math.sqrt((deviations**2).sum() / 99)
    low, high = scipy.stats.t.interval(0.95, 99, loc=5.0, scale=spread)
    interval = difference.estimate.interval
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert difference.p_value == pytest.approx(2 * scipy.stats.t.sf(5.0 / spread, 99))
    assert subsampled_difference(math.nan, deviations).p_value is None
    assert subsampled_difference(0.0, np.zeros(100)).p_value == 1.0


def test_holm_rejects_what_its_steps_reject():
    """Against the definition: in the order of the p-values, each at alpha divided by those that are left."""
    random = np.random.default_rng(9)
    for _ in range(50):
        p_values = random.uniform(0, 0.1, size=5)
        rejected = set()
        for step, index in enumerate(np.argsort(p_values)):
            if p_values[index] > 0.05 / (5 - step):
                break
            rejected.add(int(index))
        corrected = holm(list(p_values))
        assert {index for index, value in enumerate(corrected) if value <= 0.05} == rejected
    assert holm([]) == []
