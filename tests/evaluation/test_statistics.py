import math
import tracemalloc

import numpy as np
import pytest
import scipy.stats

from colorgan.evaluation.statistics import (
    Agreement,
    Estimate,
    Interval,
    SeedSpread,
    bootstrap_mean,
    rank_agreement,
    rank_correlation,
    rank_ranges,
)


def test_spread_of_one_configuration_gives_student_t_interval() -> None:
    values = [52.1, 54.9, 49.3, 53.3]
    interval = SeedSpread.pooled([values]).interval(values)
    low, high = scipy.stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=scipy.stats.sem(values))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_pooled_spread_weights_configurations_by_degrees_of_freedom() -> None:
    samples = [[9.0, 11.0], [80.0, 100.0, 120.0], [3.0]]
    expected = math.sqrt((np.var([0.9, 1.1], ddof=1) * 1 + np.var([0.8, 1.0, 1.2], ddof=1) * 2) / 3)
    spread = SeedSpread.pooled(samples)
    assert spread.relative_std == pytest.approx(expected)
    assert spread.degrees_of_freedom == 3


def test_seed_interval_has_nominal_coverage() -> None:
    generator = np.random.default_rng(0)
    means, hits, total = np.linspace(20, 100, 6), 0, 0
    for _ in range(300):
        samples = [list(generator.normal(mean, 0.05 * mean, size=3)) for mean in means]
        spread = SeedSpread.pooled(samples)
        for mean, values in zip(means, samples, strict=True):
            interval = spread.interval(values)
            assert interval is not None
            hits += interval.low <= mean <= interval.high
            total += 1
    assert 0.93 < hits / total < 0.97


def test_changes_between_configurations_have_nominal_coverage() -> None:
    generator = np.random.default_rng(1)
    hits = {"difference": 0, "relative_change": 0}
    for _ in range(300):
        means, counts = (20.0, 50.0, 40.0, 30.0), (3, 3, 1, 3)
        samples = [
            list(generator.normal(mean, 0.05 * mean, size=count)) for mean, count in zip(means, counts, strict=True)
        ]
        spread = SeedSpread.pooled(samples)
        for name, truth in (("difference", 40 - 50), ("relative_change", 40 / 50 - 1)):
            estimate = getattr(spread, name)(samples[2], samples[1])
            assert estimate.interval is not None
            assert estimate.interval.low < estimate.value < estimate.interval.high
            hits[name] += estimate.interval.low <= truth <= estimate.interval.high
    assert all(0.92 < count / 300 < 0.98 for count in hits.values()), hits


def test_changes_without_a_known_spread_have_no_interval() -> None:
    spread = SeedSpread.pooled([[50.0], [60.0]])
    assert spread.difference([50.0], [60.0]) == Estimate(-10.0)
    assert spread.relative_change([50.0], [60.0]).interval is None


def test_spread_is_unknown_with_one_seed_per_configuration() -> None:
    spread = SeedSpread.pooled([[50.0], [60.0], []])
    assert spread.degrees_of_freedom == 0
    assert spread.interval([50.0]) is None


def test_configuration_with_one_seed_uses_pooled_spread() -> None:
    spread = SeedSpread.pooled([[9.0, 11.0], [90.0, 110.0]])
    one, two = spread.interval([50.0]), spread.interval([49.0, 51.0])
    assert one is not None
    assert two is not None
    assert (one.high - one.low) == pytest.approx(math.sqrt(2) * (two.high - two.low))


def test_overlapping_intervals_share_ranks() -> None:
    intervals = {"a": Interval(1, 2), "b": Interval(1.5, 4), "c": Interval(3, 5), "d": Interval(9, 10), "e": None}
    assert rank_ranges(intervals) == {"a": (1, 2), "b": (1, 3), "c": (2, 3), "d": (4, 4)}
    assert rank_ranges(intervals, higher_is_better=True) == {"a": (3, 4), "b": (2, 4), "c": (2, 3), "d": (1, 1)}
    assert rank_ranges({"a": Interval(1, 2), "b": None}) == {"a": (1, 1)}
    assert rank_ranges({"a": None}) == {}


def test_rank_correlation_is_the_correlation_of_mean_ranks() -> None:
    generator = np.random.default_rng(1)
    pairs = [(float(a), float(b)) for a, b in generator.integers(0, 8, size=(20, 2))]  # with ties
    columns = np.array(pairs).T[:, :, None]
    below, equal = ((compare(columns, columns.transpose(0, 2, 1))).sum(2) for compare in (np.greater, np.equal))
    assert rank_correlation(pairs) == pytest.approx(np.corrcoef(below + (equal + 1) / 2)[0, 1])
    assert rank_correlation(pairs[:2]) is None
    assert rank_correlation([(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)]) is None


def test_bootstrap_interval_of_a_mean_approximates_normal_interval() -> None:
    values = np.random.default_rng(1).normal(5.0, 2.0, size=400)
    estimate = bootstrap_mean(values)
    error = values.std(ddof=1) / math.sqrt(400)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.interval is not None
    assert estimate.interval.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert estimate.interval.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)
    assert bootstrap_mean(values) == estimate


def test_bootstrap_resamples_paired_values_together() -> None:
    random = np.random.default_rng(2)
    reference = random.normal(50.0, 10.0, size=200)
    images = reference - 3.0 + random.normal(0.0, 0.1, size=200)
    estimate = bootstrap_mean(images, reference, statistic=lambda first, second: np.abs(first - second))
    assert estimate.value == pytest.approx(3.0, abs=0.05)
    assert estimate.interval is not None
    assert estimate.interval.high - estimate.interval.low < 0.1  # independent resamples would differ by about 1


def test_bootstrap_needs_two_finite_values_for_an_interval() -> None:
    assert bootstrap_mean(np.array([np.inf, np.inf])).value == math.inf
    assert bootstrap_mean(np.array([np.inf, 1.0])).interval is None
    assert bootstrap_mean(np.array([1.0])).interval is None
    assert math.isnan(bootstrap_mean(np.array([np.nan, np.nan])).value)
    assert bootstrap_mean(np.array([1.0, np.nan, 3.0])).value == 2.0
    assert bootstrap_mean(np.full(5, 2.0)) == Estimate(2.0, Interval(2.0, 2.0))


def test_bootstrap_of_many_photos_needs_little_memory() -> None:
    values = np.zeros(100_000)
    tracemalloc.start()
    bootstrap_mean(values, values, statistic=np.subtract)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20  # 1,000 resamples at once would take 800 MB


def test_chance_of_an_agreement_is_that_of_a_permutation_test() -> None:
    """Exact for few items, and close to SciPy's t distribution for many."""
    few = [(1.0, 2.0), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0), (5.0, 5.0)]
    first, second = np.array(few).T
    expected = scipy.stats.permutation_test(
        (first,),
        lambda x: scipy.stats.spearmanr(x, second).statistic,
        permutation_type="pairings",
        alternative="greater",
    )
    agreement = rank_agreement(few)
    assert agreement.correlation == pytest.approx(expected.statistic)
    assert agreement.chance == pytest.approx(expected.pvalue)
    rng = np.random.default_rng(1)
    many = [(float(n), n + rng.normal(0, 6)) for n in range(16)]
    by_t = scipy.stats.spearmanr(*np.array(many).T, alternative="greater").pvalue
    assert rank_agreement(many).chance == pytest.approx(by_t, abs=0.01)
    assert rank_agreement(many[:2]) == Agreement(2)
