"""Confidence intervals, and ranks that claim no more than the intervals support."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.stats

Values = npt.NDArray[np.float64]

CONFIDENCE = 0.95
QUANTILES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
"""Lower and upper quantile of a two-sided interval."""

_MAX_EXACT = 7
_NUM_ORDERS = 10_000
_NUM_RESAMPLES = 1000
_MAX_INDICES = 1 << 18
"""Bootstrap indices drawn at once; this bounds the memory."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: lower bound.
        high: upper bound.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """A value and its 95% confidence interval.

    Attributes:
        value: the point estimate.
        interval: its interval, where there is one.
    """

    value: float
    interval: Interval | None = None


@dataclass(frozen=True)
class SeedSpread:
    """The variation between runs that differ only in their seed.

    A grid has two or three seeds for each of many configurations: too few to estimate a spread per configuration, but
    enough to pool one estimate over all. The pooled spread is relative to the mean, because large distances vary more.

    Attributes:
        relative_std: standard deviation between the runs of a configuration, as a fraction of their mean.
        degrees_of_freedom: of this estimate; 0 if no configuration has two seeds.
    """

    relative_std: float
    degrees_of_freedom: int

    @classmethod
    def pooled(cls, samples: Sequence[Sequence[float]]) -> "SeedSpread":
        """Pools the spread of several configurations.

        Args:
            samples: one value per seed, for each configuration. Configurations with a single seed do not contribute.

        Example:
            >>> SeedSpread.pooled([[9.0, 11.0], [90.0, 110.0], [5.0]])
            SeedSpread(relative_std=0.1414..., degrees_of_freedom=2)
        """
        squares, degrees = 0.0, 0
        for values in samples:
            mean = _mean(values)
            if len(values) > 1 and mean != 0:
                squares += sum(((value - mean) / mean) ** 2 for value in values)
                degrees += len(values) - 1
        return cls(math.sqrt(squares / degrees) if degrees else 0.0, degrees)

    def interval(self, values: Sequence[float]) -> Interval | None:
        """Student's t interval of the mean of a configuration.

        Args:
            values: one value per seed.

        Returns:
            The interval; ``None`` if there are no values, or if no configuration of the grid has two seeds.

        Example:
            >>> SeedSpread(relative_std=0.1, degrees_of_freedom=4).interval([9.0, 11.0])
            Interval(low=8.03..., high=11.96...)
        """
        if not self.degrees_of_freedom or not values:
            return None
        mean = _mean(values)
        half_width = abs(mean) * self._relative_width / math.sqrt(len(values))
        return Interval(mean - half_width, mean + half_width)

    def difference(self, values: Sequence[float], others: Sequence[float]) -> Estimate:
        """The difference of the means of two configurations, with Student's t interval if the spread is known.

        Args:
            values: one value per seed.
            others: those of the configuration that is subtracted.

        Example:
            >>> SeedSpread(relative_std=0.1, degrees_of_freedom=4).difference([9.0, 11.0], [8.0])
            Estimate(value=2.0, interval=Interval(low=-0.96..., high=4.96...))
        """
        mean, other = _mean(values), _mean(others)
        if not self.degrees_of_freedom:
            return Estimate(mean - other)
        half_width = self._relative_width * math.hypot(mean / math.sqrt(len(values)), other / math.sqrt(len(others)))
        return Estimate(mean - other, Interval(mean - other - half_width, mean - other + half_width))

    def relative_change(self, values: Sequence[float], others: Sequence[float]) -> Estimate:
        """The change from the mean of one configuration to that of another, as a fraction of the former.

        The interval is that of the logarithm of their ratio.

        Args:
            values: one positive value per seed.
            others: those of the configuration that is compared with.

        Example:
            >>> SeedSpread(relative_std=0.1, degrees_of_freedom=4).relative_change([9.0, 11.0], [8.0])
            Estimate(value=0.25, interval=Interval(low=-0.11..., high=0.75...))
        """
        ratio = _mean(values) / _mean(others)
        if not self.degrees_of_freedom:
            return Estimate(ratio - 1)
        factor = math.exp(self._relative_width * math.sqrt(1 / len(values) + 1 / len(others)))
        return Estimate(ratio - 1, Interval(ratio / factor - 1, ratio * factor - 1))

    @property
    def _relative_width(self) -> float:
        """Half the width of the interval of a single run, as a fraction of its value."""
        return self.relative_std * float(scipy.stats.t.ppf(QUANTILES[1], self.degrees_of_freedom))


def bootstrap_mean(*values: Values, statistic: Callable[..., Values] | None = None) -> Estimate:
    """A statistic of means over photos, with its percentile bootstrap interval (Efron 1979) from 1,000 resamples.

    Photos are resampled with replacement, and all arguments use the same resamples.

    Args:
        values: one value per photo, (n,) each; photos with a NaN in any argument are left out.
        statistic: computes the statistic from one mean per argument; by default the mean of the only argument.

    Example:
        >>> bootstrap_mean(np.array([1.0, 2.0, 3.0])).value
        2.0
        >>> bootstrap_mean(np.array([math.inf, 1.0]))
        Estimate(value=inf, interval=None)
    """
    table = np.stack(values)
    table = table[:, ~np.isnan(table).any(axis=0)]
    count = table.shape[1]
    combine = statistic if statistic is not None else (lambda mean: mean)
    if not count:
        return Estimate(math.nan)
    value = float(combine(*table.mean(axis=1)))
    if count < 2 or not np.isfinite(table).all():
        return Estimate(value)
    interval = scipy.stats.bootstrap(
        table,
        lambda *photos, axis: combine(*(column.mean(axis=axis) for column in photos)),
        paired=True,
        vectorized=True,
        method="percentile",
        confidence_level=CONFIDENCE,
        n_resamples=_NUM_RESAMPLES,
        batch=max(1, _MAX_INDICES // count),
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Estimate(value, Interval(float(interval.low), float(interval.high)))


def rank_ranges(intervals: Mapping[str, Interval | None], higher_is_better: bool = False) -> dict[str, tuple[int, int]]:
    """Ranks, as far as confidence intervals decide them.

    Args:
        intervals: by name. Names without an interval are not ranked.
        higher_is_better: whether the largest value ranks first.

    Returns:
        The first and last rank that each name may have. Names whose interval is entirely better rank before it, names
        whose interval is entirely worse after it; overlapping intervals share their ranks.

    Example:
        >>> rank_ranges({"a": Interval(1, 3), "b": Interval(2, 4), "c": Interval(5, 6)})
        {'a': (1, 2), 'b': (1, 2), 'c': (3, 3)}
    """
    known = {name: interval for name, interval in intervals.items() if interval is not None}
    ranks = {}
    for name, interval in known.items():
        below = sum(other.high < interval.low for other in known.values())
        above = sum(other.low > interval.high for other in known.values())
        better, worse = (above, below) if higher_is_better else (below, above)
        ranks[name] = (1 + better, len(known) - worse)
    return ranks


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rank correlation, for values of which only the order can be compared.

    Args:
        pairs: the two values of each item.

    Returns:
        A value in [-1, 1]; ``None`` for fewer than 3 items, or if all values of one kind are equal.

    Example:
        >>> rank_correlation([(1.0, 10.0), (2.0, 30.0), (3.0, 20.0)])
        0.5
    """
    if len(pairs) < 3:
        return None
    first, second = zip(*pairs, strict=True)
    if len(set(first)) == 1 or len(set(second)) == 1:
        return None
    return float(scipy.stats.spearmanr(first, second).statistic)


@dataclass(frozen=True)
class Agreement:
    """How well two orders of the same items agree.

    Attributes:
        count: number of items.
        correlation: Spearman's rank correlation in [-1, 1]; ``None`` if it cannot be computed.
        chance: probability that an order drawn by chance agrees at least as well; ``None`` likewise.
    """

    count: int
    correlation: float | None = None
    chance: float | None = None


def rank_agreement(pairs: Sequence[tuple[float, float]]) -> Agreement:
    """The rank correlation of values, and how probable it is by chance.

    The probability is exact for up to seven items; for more it is estimated from 10,000 random orders, always the same.

    Args:
        pairs: the two values of each item.

    Example:
        >>> rank_agreement([(1.0, 10.0), (2.0, 20.0), (3.0, 30.0)])  # one of six orders is as good
        Agreement(count=3, correlation=1.0, chance=0.16666666666666666)
    """
    correlation = rank_correlation(pairs)
    if correlation is None:
        return Agreement(len(pairs))
    first, second = (scipy.stats.rankdata(values) for values in zip(*pairs, strict=True))
    if len(pairs) <= _MAX_EXACT:
        orders = np.array(list(itertools.permutations(second)))
    else:
        orders = np.random.default_rng(0).permuted(np.tile(second, (_NUM_ORDERS, 1)), axis=1)
    # orders all have the same mean and norm, so their products compare as their correlations do
    as_good = orders @ first >= second @ first - 1e-9
    return Agreement(len(pairs), correlation, float(as_good.mean()))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
