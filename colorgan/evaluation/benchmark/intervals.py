"""Means over seeds, their confidence intervals, and ranks that claim no more than the intervals allow."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: its lower end.
        high: its upper end.
    """

    low: float
    high: float

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two have a point in common."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True)
class Spread:
    """How much runs differ that differ in nothing but their seed.

    A grid has two or three seeds for each of many configurations: too few to estimate a spread for each, enough to
    estimate one for all. What is shared is the spread in relation to the mean, because large distances scatter more.

    Attributes:
        relative: standard deviation of runs of one configuration, as a part of their mean.
        freedom: degrees of freedom of this estimate; 0 if no configuration has two seeds.
    """

    relative: float
    freedom: int

    @classmethod
    def pooled(cls, samples: Sequence[Sequence[float]]) -> "Spread":
        """Estimates the spread from the runs of several configurations.

        Args:
            samples: one value per seed, for each configuration; configurations with one seed say nothing about it.

        Example:
            >>> Spread.pooled([[9.0, 11.0], [90.0, 110.0], [5.0]])
            Spread(relative=0.1414..., freedom=2)
        """
        squares, freedom = 0.0, 0
        for values in samples:
            mean = _mean(values)
            if len(values) > 1 and mean != 0:
                squares += sum(((value - mean) / mean) ** 2 for value in values)
                freedom += len(values) - 1
        return cls(math.sqrt(squares / freedom) if freedom else 0.0, freedom)

    def interval(self, values: Sequence[float]) -> Interval | None:
        """The interval in which the mean of a configuration lies, by Student's t.

        Args:
            values: of the configuration, one per seed.

        Returns:
            The interval; ``None`` if no configuration of the grid has two seeds.

        Example:
            >>> Spread(relative=0.1, freedom=4).interval([9.0, 11.0])
            Interval(low=8.03..., high=11.96...)
        """
        if not self.freedom or not values:
            return None
        mean = _mean(values)
        quantile = float(stdtrit(self.freedom, (1 + CONFIDENCE) / 2))
        half = abs(mean) * self.relative * quantile / math.sqrt(len(values))
        return Interval(mean - half, mean + half)


def ranks(intervals: Mapping[str, Interval | None], higher_is_better: bool = False) -> dict[str, tuple[int, int]]:
    """Places in an order, as far as the intervals decide it.

    Args:
        intervals: by name; what has no interval has no place, and none is given if there is nothing to compare.
        higher_is_better: whether large values come first.

    Returns:
        First and last place that each may have: those with intervals wholly better come before it, those with
        intervals wholly worse after it.

    Example:
        >>> ranks({"a": Interval(1, 3), "b": Interval(2, 4), "c": Interval(5, 6)})
        {'a': (1, 2), 'b': (1, 2), 'c': (3, 3)}
    """
    known = {name: interval for name, interval in intervals.items() if interval is not None}
    if len(known) < 2:
        return {}
    places = {}
    for name, interval in known.items():
        others = [other for key, other in known.items() if key != name and not interval.overlaps(other)]
        better = sum(
            (other.low > interval.high) if higher_is_better else (other.high < interval.low) for other in others
        )
        places[name] = (1 + better, len(known) - (len(others) - better))
    return places


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rank correlation, for figures of which only the order can be compared.

    Args:
        pairs: two figures of each thing.

    Returns:
        A value in [-1, 1]; ``None`` for fewer than 3 things, or if all figures of one kind are equal.

    Example:
        >>> rank_correlation([(1.0, 10.0), (2.0, 30.0), (3.0, 20.0)])
        0.5
    """
    if len(pairs) < 3:
        return None
    first, second = (_places(column) for column in zip(*pairs, strict=True))
    mean = (len(pairs) + 1) / 2
    product = sum((a - mean) * (b - mean) for a, b in zip(first, second, strict=True))
    scale = math.sqrt(sum((a - mean) ** 2 for a in first) * sum((b - mean) ** 2 for b in second))
    return product / scale if scale else None


def _places(values: Sequence[float]) -> list[float]:
    """The place of each value in their order; equal values share the mean of theirs."""
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) + 1) / 2 for value in values]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
