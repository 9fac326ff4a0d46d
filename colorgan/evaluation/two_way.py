"""Rates of answers that share participants and photos: neither are independent of each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.stats

from colorgan.evaluation.differences import Difference
from colorgan.evaluation.statistics import CONFIDENCE, QUANTILES, Estimate, Interval, Values

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outcomes:
    """Answers that were either a success or not.

    Attributes:
        success: 0 or 1 for each answer, (N,).
        participants: index of the participant, (N,).
        photos: index of the photo, (N,).
    """

    success: Values
    participants: Indices
    photos: Indices

    @property
    def rate(self) -> float:
        """The share of successes; NaN without answers."""
        return float(self.success.mean()) if len(self.success) else math.nan


def two_way_variance(scores: Values, participants: Indices, photos: Indices) -> tuple[float, int]:
    """The variance of a sum of scores that are correlated within participants and within photos.

    The two-way clustered estimate of Cameron, Gelbach and Miller (2011): the variance clustered by participant, plus
    that by photo, minus that of single answers. It may be smaller than one of the first two, even negative; then the
    largest of them is taken.

    Args:
        scores: contribution of each answer, with mean 0 within what is estimated, (N,).
        participants: index of the participant, (N,).
        photos: index of the photo, (N,).

    Returns:
        The variance, and the degrees of freedom: one less than the smaller number of clusters. NaN with less than two.
    """
    sizes = [len(np.unique(clusters)) for clusters in (participants, photos)]
    if min(sizes) < 2:
        return math.nan, 0
    by_cluster = [
        size / (size - 1) * float((np.bincount(clusters, scores) ** 2).sum())
        for clusters, size in zip((participants, photos), sizes, strict=True)
    ]
    single = len(scores) / (len(scores) - 1) * float((scores**2).sum())
    return max(sum(by_cluster) - single, *by_cluster), min(sizes) - 1


def estimate_rate(outcomes: Outcomes) -> Estimate:
    """A rate with its 95% interval, which is Student's t interval of the logarithm of the odds.

    If all answers are alike, nothing tells how participants and photos differ. The interval is then that of Clopper and
    Pearson (1934) for as many answers as there are participants or photos, whichever are fewer.

    Args:
        outcomes: the answers.
    """
    rate, count = outcomes.rate, len(outcomes.success)
    variance, degrees = two_way_variance(
        (outcomes.success - rate) / max(count, 1), outcomes.participants, outcomes.photos
    )
    if math.isnan(variance):
        return Estimate(rate)
    if rate in (0.0, 1.0):
        effective = min(len(np.unique(outcomes.participants)), len(np.unique(outcomes.photos)))
        exact = scipy.stats.binomtest(round(rate * effective), effective).proportion_ci(CONFIDENCE, "exact")
        return Estimate(rate, Interval(float(exact.low), float(exact.high)))
    half_width = scipy.stats.t.ppf(QUANTILES[1], degrees) * math.sqrt(variance) / (rate * (1 - rate))
    odds = math.log(rate / (1 - rate))
    low, high = (1 / (1 + math.exp(-odds - sign * half_width)) for sign in (-1, 1))
    return Estimate(rate, Interval(low, high))


def compare_rates(first: Outcomes, second: Outcomes) -> Difference:
    """The difference of two rates whose answers may share participants and photos, with Student's t interval.

    Args:
        first: answers to the first system.
        second: answers to the second system.
    """
    value = first.rate - second.rate
    if not len(first.success) or not len(second.success):
        return Difference(Estimate(value))
    parts: Sequence[tuple[Outcomes, float]] = ((first, 1.0), (second, -1.0))
    scores = np.concatenate([sign * (part.success - part.rate) / len(part.success) for part, sign in parts])
    participants, photos = (
        np.concatenate([getattr(part, name) for part, _ in parts]) for name in ("participants", "photos")
    )
    variance, degrees = two_way_variance(scores, participants, photos)
    if math.isnan(variance) or variance == 0:
        return Difference(Estimate(value))
    student, error = scipy.stats.t(degrees), math.sqrt(variance)
    half_width = error * float(student.ppf(QUANTILES[1]))
    interval = Interval(max(-1.0, value - half_width), min(1.0, value + half_width))
    return Difference(Estimate(value, interval), 2 * float(student.sf(abs(value) / error)))
