import math

import numpy as np
import pytest
import scipy.stats

from colorgan.evaluation.benchmark.intervals import Interval, Spread, rank_correlation, ranks


def test_pooling_one_configuration_gives_the_textbook_interval() -> None:
    values = [52.1, 54.9, 49.3, 53.3]
    interval = Spread.pooled([values]).interval(values)
    low, high = scipy.stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=scipy.stats.sem(values))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_pooled_spread_is_the_root_mean_square_weighted_by_freedom() -> None:
    samples = [[9.0, 11.0], [80.0, 100.0, 120.0], [3.0]]
    expected = math.sqrt((np.var([0.9, 1.1], ddof=1) * 1 + np.var([0.8, 1.0, 1.2], ddof=1) * 2) / 3)
    spread = Spread.pooled(samples)
    assert spread.relative == pytest.approx(expected)
    assert spread.freedom == 3


def test_the_interval_covers_the_true_mean_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    means, hits, total = np.linspace(20, 100, 6), 0, 0
    for _ in range(300):
        samples = [list(generator.normal(mean, 0.05 * mean, size=3)) for mean in means]
        spread = Spread.pooled(samples)
        for mean, values in zip(means, samples, strict=True):
            interval = spread.interval(values)
            assert interval is not None
            hits += interval.low <= mean <= interval.high
            total += 1
    assert 0.93 < hits / total < 0.97


def test_one_seed_each_tells_nothing() -> None:
    spread = Spread.pooled([[50.0], [60.0], []])
    assert spread.freedom == 0
    assert spread.interval([50.0]) is None


def test_a_single_seed_borrows_the_spread_of_the_others() -> None:
    spread = Spread.pooled([[9.0, 11.0], [90.0, 110.0]])
    one, two = spread.interval([50.0]), spread.interval([49.0, 51.0])
    assert one is not None
    assert two is not None
    assert (one.high - one.low) == pytest.approx(math.sqrt(2) * (two.high - two.low))


def test_overlapping_intervals_share_their_places() -> None:
    intervals = {"a": Interval(1, 2), "b": Interval(1.5, 4), "c": Interval(3, 5), "d": Interval(9, 10), "e": None}
    assert ranks(intervals) == {"a": (1, 2), "b": (1, 3), "c": (2, 3), "d": (4, 4)}
    assert ranks(intervals, higher_is_better=True) == {"a": (3, 4), "b": (2, 4), "c": (2, 3), "d": (1, 1)}
    assert ranks({"a": Interval(1, 2), "b": None}) == {}


def test_rank_correlation_is_spearmans() -> None:
    generator = np.random.default_rng(1)
    pairs = [(float(a), float(b)) for a, b in generator.integers(0, 8, size=(20, 2))]  # with ties
    expected = scipy.stats.spearmanr(*zip(*pairs, strict=True)).statistic
    assert rank_correlation(pairs) == pytest.approx(expected)
    assert rank_correlation(pairs[:2]) is None
    assert rank_correlation([(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)]) is None
