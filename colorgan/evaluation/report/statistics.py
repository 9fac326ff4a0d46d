"""How sure a figure is: intervals by resampling, and ranks that only intervals which do not overlap can tell apart."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from colorgan.metrics.frechet import frechet_distance, to_statistics

Values = npt.NDArray[np.float64]

LEVEL = 0.95
_RESAMPLES = 1000
_SUBSETS = 100
_INDICES_AT_ONCE = 1 << 18
_LARGEST_SUBSET = 512


@dataclass(frozen=True)
class Estimate:
    """A figure and the interval in which it lies with a confidence of 95 %.

    Args:
        value: the figure.
        low: lower end; NaN if there is no interval.
        high: upper end.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def has_interval(self) -> bool:
        """Whether the ends are known."""
        return not math.isnan(self.low)


def mean_estimate(*values: Values, figure: Callable[..., Values] | None = None) -> Estimate:
    """A figure made of means over the photos, with its percentile bootstrap interval (Efron 1979) of 1,000 resamples.

    Photos are drawn with replacement, the same ones for all arguments.

    Args:
        values: one figure a photo, (n,) each; photos with a NaN in any of them are left out.
        figure: makes the figure of the means; by default the mean of the only argument.

    Example:
        >>> mean_estimate(np.array([1.0, 2.0, 3.0])).value
        2.0
        >>> mean_estimate(np.array([math.inf, 1.0]))
        Estimate(value=inf, low=nan, high=nan)
    """
    table = np.stack(values)
    table = table[:, ~np.isnan(table).any(axis=0)]
    count = table.shape[1]
    combine = figure if figure is not None else (lambda mean: mean)
    if not count:
        return Estimate(math.nan)
    value = float(combine(*table.mean(axis=1)))
    if count < 2 or not np.isfinite(table).all():
        return Estimate(value)
    random = np.random.default_rng(0)
    means = np.empty((len(values), _RESAMPLES))
    together = max(1, _INDICES_AT_ONCE // count)  # all at once would need n x 1,000 indices
    for begin in range(0, _RESAMPLES, together):
        part = slice(begin, min(begin + together, _RESAMPLES))
        drawn = random.integers(count, size=(part.stop - begin, count))
        means[:, part] = table[:, drawn].mean(axis=2)
    low, high = np.quantile(combine(*means), _ends())
    return Estimate(value, float(low), float(high))


class Reference:
    """The reference's features, with what every distance to them needs: their statistics, and those of their halves.

    Args:
        features: (n, D).
    """

    def __init__(self, features: Tensor) -> None:
        self.features = features
        self.whole = to_statistics(features)
        self.halves = [to_statistics(features[half]) for half in halves(len(features))]


def distance_estimate(pictures: Tensor, reference: Reference) -> Estimate:
    """The Fréchet distance between paired features, with an interval by subsampling (Politis and Romano 1994).

    Drawing photos with replacement would inflate the distance, which is biased upward the more the fewer distinct
    photos there are. Subsets of half the photos (of 512 at most) are drawn without replacement instead, the same ones
    from both sides. Their deviations from their mean, scaled to the whole set, are put around the distance of all.

    Args:
        pictures: features (n, D).
        reference: those of the same files.
    """
    value = frechet_distance(pictures, reference.whole)
    count = len(pictures)
    size = min(count // 2, _LARGEST_SUBSET)
    if size < 2 or not math.isfinite(value):
        return Estimate(value)
    random = np.random.default_rng(0)
    distances = np.empty(_SUBSETS)
    for subset in range(_SUBSETS):
        chosen = torch.from_numpy(random.choice(count, size, replace=False))
        distances[subset] = frechet_distance(pictures[chosen], reference.features[chosen])
    deviations = (distances - distances.mean()) * math.sqrt(size / (count - size))
    low, high = value + np.quantile(deviations, _ends())
    return Estimate(value, max(0.0, float(low)), float(high))


def halves(count: int) -> tuple[Tensor, Tensor]:
    """A fixed random division of ``count`` photos into two halves, as indices.

    >>> first, second = halves(5)
    >>> len(first), len(second), sorted(torch.cat([first, second]).tolist())
    (2, 3, [0, 1, 2, 3, 4])
    """
    order = torch.from_numpy(np.random.default_rng(0).permutation(count))
    return order[: count // 2].sort().values, order[count // 2 :].sort().values


def disjoint_distance(pictures: Tensor, reference: Reference) -> float:
    """The distance between the pictures of one half of the files and the reference of the other, mean of both ways.

    Given the reference as pictures it is the floor: what a perfect system could reach with so few photos. NaN below 4
    photos.

    Args:
        pictures: features (n, D).
        reference: those of the same files.
    """
    if len(pictures) < 4:
        return math.nan
    own = [pictures[half] for half in halves(len(pictures))]
    return (frechet_distance(own[0], reference.halves[1]) + frechet_distance(own[1], reference.halves[0])) / 2


def ranks(estimates: Mapping[str, Estimate], better: str) -> dict[str, int]:
    """Places of systems by a figure: one more than the number of systems that are better beyond doubt.

    A system is better beyond doubt if its whole interval is. Those whose intervals overlap share a place.

    Args:
        estimates: a figure of each system.
        better: ``lower`` or ``higher``.

    Example:
        >>> figures = {"a": Estimate(5, 4, 6), "b": Estimate(5.5, 5, 7), "c": Estimate(9, 8, 10)}
        >>> ranks(figures, "lower")
        {'a': 1, 'b': 1, 'c': 3}
    """
    sign = 1.0 if better == "lower" else -1.0
    ends: dict[str, Sequence[float]] = {}
    for name, estimate in estimates.items():
        if not math.isnan(estimate.value):
            low, high = (estimate.low, estimate.high) if estimate.has_interval else (estimate.value, estimate.value)
            ends[name] = sorted((sign * low, sign * high))
    return {name: 1 + sum(other[1] < own[0] for other in ends.values()) for name, own in ends.items()}


def _ends() -> tuple[float, float]:
    return (1 - LEVEL) / 2, (1 + LEVEL) / 2
