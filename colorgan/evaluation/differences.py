"""Differences between two systems on the same photos: intervals, p-values, and their correction for many pairs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.stats

from colorgan.evaluation.statistics import CONFIDENCE, QUANTILES, Estimate, Interval, Values

ALPHA = 1 - CONFIDENCE
"""Differences with a smaller p-value are significant."""

MIN_PHOTOS = 6
"""With fewer photos, no p-value is computed: resamples of so few are too often all alike."""

_NUM_RESAMPLES = 9999
_MAX_COUNTS = 1 << 22
"""Counts of resampled photos that are held at once; this bounds the memory."""
_MAX_SIGNS = 13
"""Up to this many clusters, all signs are tried: 8,192."""


@dataclass(frozen=True)
class Difference:
    """The difference of a quantity between two systems.

    Attributes:
        estimate: the first minus the second, with a 95% interval.
        p_value: two-sided, for the hypothesis of no difference; ``None`` if there are too few photos, or values that
            are not finite.
    """

    estimate: Estimate
    p_value: float | None = None


def paired_bootstrap(differences: Values) -> list[Difference]:
    """Means of differences between photos, by the studentized bootstrap (Efron and Tibshirani 1993, chapter 12).

    Photos are resampled with replacement, and all columns use the same 9,999 resamples. Each resample gives the
    distance of its mean from the mean of all photos in standard errors of its own; interval and p-value follow from the
    distribution of these distances, so that an interval excludes 0 exactly if its p-value is below 0.05. Unlike
    percentiles of the resampled means, they hold for few photos, too.

    Assumption: the photos are drawn independently of each other.

    Args:
        differences: one row per photo and one column per quantity, (n, K); NaN where a photo has no value.

    Returns:
        One difference per column.

    Example:
        >>> random = np.random.default_rng(0)
        >>> (difference,) = paired_bootstrap(random.normal(1.0, 1.0, size=(100, 1)))
        >>> difference.estimate.interval.low > 0, difference.p_value < 0.001
        (True, True)
    """
    known = ~np.isnan(differences)
    totals = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        means = np.array(
            [column[own].mean() if own.any() else math.nan for column, own in _columns(differences, known)]
        )
    usable = (totals >= MIN_PHOTOS) & np.isfinite(means)
    found = [Difference(Estimate(float(mean))) for mean in means]
    chosen = np.flatnonzero(usable)
    if not len(chosen):
        return found
    own = known[:, chosen].astype(float)
    centered = np.where(known[:, chosen], differences[:, chosen] - means[chosen], 0.0)
    errors = np.sqrt((centered**2).sum(axis=0) / (totals[chosen] - 1) / totals[chosen])
    distances = _resampled_distances(centered, own)
    for position, column in enumerate(chosen):
        found[column] = _studentized(float(means[column]), float(errors[position]), distances[:, position])
    return found


def _columns(values: Values, known: npt.NDArray[np.bool_]) -> Sequence[tuple[Values, npt.NDArray[np.bool_]]]:
    return list(zip(values.T, known.T, strict=True))


def _resampled_distances(centered: Values, known: Values) -> Values:
    """Means of resamples of centered values, in their own standard errors, (resamples, K)."""
    count = len(centered)
    random = np.random.default_rng(0)
    batch = max(1, _MAX_COUNTS // count)
    rows = []
    for start in range(0, _NUM_RESAMPLES, batch):
        size = min(batch, _NUM_RESAMPLES - start)
        drawn = random.integers(count, size=(size, count)) + count * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count).astype(float)
        totals = times @ known
        with np.errstate(divide="ignore", invalid="ignore"):
            means = times @ centered / totals
            variances = (times @ centered**2 - totals * means**2) / (totals - 1)
            errors = np.sqrt(np.maximum(variances, 0.0) / totals)
            distances = means / errors
        rows.append(np.where(totals < 2, np.nan, distances))
    return np.concatenate(rows)


def _studentized(mean: float, error: float, distances: Values) -> Difference:
    if error == 0:  # all differences are equal: the two are the same, or differ in the same way everywhere
        return Difference(Estimate(mean, Interval(mean, mean)), 1.0 if mean == 0 else 1 / (_NUM_RESAMPLES + 1))
    valid = distances[~np.isnan(distances)]
    low, high = np.quantile(valid, QUANTILES, method="inverted_cdf")  # without arithmetic on infinite distances
    observed = mean / error
    tails = [(valid >= observed).sum(), (valid <= observed).sum()]
    p_value = min(1.0, 2 * (1 + min(tails)) / (1 + len(valid)))
    return Difference(Estimate(mean, Interval(float(mean - high * error), float(mean - low * error))), float(p_value))


def wild_cluster_bootstrap(differences: Values) -> Difference:
    """The mean of several differences per photo, by the wild cluster bootstrap (Cameron, Gelbach and Miller 2008).

    Results for one photo, with several numbers of hints or from several trainings, are no independent observations. The
    photo is the cluster: under the hypothesis of a mean, the deviations of all results of a photo from it change their
    signs together, and the share of such samples that are as far from the hypothesis as ours, in cluster-robust
    standard errors, is its p-value. The interval holds all means that are not rejected. Up to 13 photos, all signs are
    tried, otherwise 9,999 random ones.

    Assumptions: the photos are drawn independently of each other; what the results of a photo have in common is
    arbitrary. With one result per photo it is a sign-flip test, exact for symmetric differences.

    Args:
        differences: one row per photo and one column per result, (n, k); NaN where there is none.
    """
    known = ~np.isnan(differences)
    clusters = known.any(axis=1)
    sums, sizes = np.where(known, differences, 0.0).sum(axis=1)[clusters], known.sum(axis=1)[clusters].astype(float)
    total = sizes.sum()
    mean = float(sums.sum() / total) if total else math.nan
    if len(sums) < MIN_PHOTOS or not np.isfinite(differences[known]).all():
        return Difference(Estimate(mean))
    error = float(np.sqrt(((sums - sizes * mean) ** 2).sum()) / total)
    if error == 0:
        return Difference(Estimate(mean, Interval(mean, mean)), 1.0 if mean == 0 else 2.0 ** (1 - len(sums)))
    signs, is_exact = _signs(len(sums))
    flipped_sums, flipped_sizes = signs @ sums, signs @ sizes
    flipped_products, flipped_squares = signs @ (sizes * sums), signs @ sizes**2

    def p_value(hypothesis: float) -> float:
        """The share of samples whose distance from the hypothesis, in standard errors, is at least ours."""
        shifts = (flipped_sums - hypothesis * flipped_sizes) / total
        squares = (
            ((sums - sizes * hypothesis) ** 2).sum()
            - 2 * shifts * (flipped_products - hypothesis * flipped_squares)
            + shifts**2 * (sizes**2).sum()
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            distances = np.abs(shifts) / (np.sqrt(np.maximum(squares, 0.0)) / total)
        as_far = int((distances >= abs(mean - hypothesis) / error * (1 - 1e-9)).sum())
        return as_far / len(signs) if is_exact else (1 + as_far) / (1 + len(signs))

    return Difference(Estimate(mean, _not_rejected(p_value, mean, error)), p_value(0.0))


def _signs(count: int) -> tuple[Values, bool]:
    """Rows of signs, and whether these are all there are."""
    if count <= _MAX_SIGNS:
        bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
        return (1 - 2 * bits).astype(np.float64), True
    return np.random.default_rng(0).choice([-1.0, 1.0], size=(_NUM_RESAMPLES, count)), False


def _not_rejected(p_value: Callable[[float], float], mean: float, error: float) -> Interval | None:
    """The hypotheses that are not rejected, by bisection on both sides of the mean."""
    bounds = []
    for side in (-1.0, 1.0):
        width = 2.0 * error
        while p_value(mean + side * width) >= ALPHA:
            width *= 2
            if width > 1e6 * error:
                return None
        edge = scipy.optimize.bisect(
            lambda distance, side=side: p_value(mean + side * distance) - ALPHA + 1e-12, 0.0, width, xtol=1e-4 * error
        )
        bounds.append(mean + side * float(edge))
    return Interval(*bounds)


def subsampled_difference(value: float, deviations: Values) -> Difference:
    """A difference whose deviations on random subsets of the photos are known, with Student's t interval.

    Args:
        value: the difference of all photos.
        deviations: those of the subsets from their mean, rescaled to all photos; the same subsets for both systems.
    """
    spread = float(np.sqrt((deviations**2).sum() / (len(deviations) - 1))) if len(deviations) > 1 else math.nan
    if not math.isfinite(value) or not math.isfinite(spread):
        return Difference(Estimate(value))
    if spread == 0:
        return Difference(Estimate(value, Interval(value, value)), 1.0 if value == 0 else 0.0)
    student = scipy.stats.t(len(deviations) - 1)
    half_width = spread * float(student.ppf(QUANTILES[1]))
    p_value = 2 * float(student.sf(abs(value) / spread))
    return Difference(Estimate(value, Interval(value - half_width, value + half_width)), p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979): those below 0.05 hold together with 95% confidence.

    Args:
        p_values: of all hypotheses that are tested together.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = largest
    return corrected
