"""Fréchet distances between sets of images, with confidence intervals by subsampling."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from colorgan.evaluation.differences import Difference, subsampled_difference
from colorgan.evaluation.statistics import QUANTILES, Estimate, Interval, Values
from colorgan.metrics.frechet import frechet_distance, to_statistics

_NUM_SUBSETS = 100
_MAX_SUBSET_SIZE = 512
_MAX_PHOTOS_FOR_PRODUCTS = 4096
"""The products of all pairs of vectors of this many photos take 400 MB."""


class ReferenceFeatures:
    """Features of the reference photos, with the statistics that every distance to them needs.

    Args:
        features: (n, D).

    Attributes:
        features: as given.
        all: their statistics.
        halves: the statistics of the two halves that :func:`split_halves` makes.
    """

    def __init__(self, features: Tensor) -> None:
        self.features = features
        self.all = to_statistics(features)
        self.halves = [to_statistics(features[half]) for half in split_halves(len(features))]


@dataclass(frozen=True)
class SubsampledDistance:
    """A distance and how far it deviates on random subsets of the photos.

    Attributes:
        value: the distance of all photos.
        deviations: those of the subsets from their mean, rescaled to all photos, (S,); empty if there are too few
            photos. The subsets depend on the number of photos only, so that those of two systems belong together.
    """

    value: float
    deviations: Values

    @property
    def estimate(self) -> Estimate:
        """The distance and its 95% interval."""
        if not len(self.deviations):
            return Estimate(self.value)
        low, high = self.value + np.quantile(self.deviations, QUANTILES)
        return Estimate(self.value, Interval(max(0.0, float(low)), float(high)))

    def minus(self, other: "SubsampledDistance") -> Difference:
        """The difference from the distance of another system on the same photos.

        Subsets are shared, so that what makes some photos harder than others for both systems cancels, and so does most
        of the bias of distances of few photos.
        """
        if len(self.deviations) != len(other.deviations):  # one of them is not finite
            return Difference(Estimate(self.value - other.value))
        return subsampled_difference(self.value - other.value, self.deviations - other.deviations)


def mean_distance(distances: Sequence[SubsampledDistance]) -> SubsampledDistance:
    """The mean distance of several systems on the same photos."""
    value = sum(distance.value for distance in distances) / len(distances)
    if not all(len(distance.deviations) for distance in distances):
        return SubsampledDistance(value, np.empty(0))
    return SubsampledDistance(value, np.mean([distance.deviations for distance in distances], axis=0))


def subsample_distance(features: Tensor, reference: ReferenceFeatures) -> SubsampledDistance:
    """The Fréchet distance between paired features, with an interval by subsampling (Politis and Romano 1994).

    The bootstrap would inflate the distance: it is biased upward, the more so the fewer distinct photos there are.
    Instead, subsets of half the photos (at most 512) are drawn without replacement, the same ones on both sides. The
    deviations of their distances from the mean, rescaled to the full sample size, are added to the distance of all.

    Args:
        features: (n, D).
        reference: features of the same files.
    """
    value = frechet_distance(features, reference.all)
    count = len(features)
    size = min(count // 2, _MAX_SUBSET_SIZE)
    if size < 2 or not math.isfinite(value):
        return SubsampledDistance(value, np.empty(0))
    random = np.random.default_rng(0)
    distances = np.empty(_NUM_SUBSETS)
    # A subset's distance follows from the products of its vectors, unless there are too many photos to keep them all.
    use_products = count <= _MAX_PHOTOS_FOR_PRODUCTS and size <= features.shape[1]
    products = _Products(features, reference) if use_products else None
    for subset in range(_NUM_SUBSETS):
        chosen = torch.from_numpy(random.choice(count, size, replace=False))
        if products is not None:
            distances[subset] = products.frechet_distance(chosen)
        else:
            distances[subset] = frechet_distance(features[chosen], reference.features[chosen])
    deviations = (distances - distances.mean()) * math.sqrt(size / (count - size))
    return SubsampledDistance(value, deviations)


class _Products:
    """The products of all pairs of feature vectors, from which the distances of many subsets follow quickly.

    Equal to :func:`~colorgan.metrics.frechet.frechet_distance` up to rounding: with R of the centered vectors, the
    entries of ``R1 @ R2.T`` are products of vectors, whose rows and columns have been centered.
    """

    def __init__(self, features: Tensor, reference: ReferenceFeatures) -> None:
        center = reference.all.mean  # a common shift changes no distance, but keeps the digits
        own, other = features.double() - center, reference.features.double() - center
        self.own, self.other, self.mixed = own @ own.T, other @ other.T, own @ other.T

    def frechet_distance(self, chosen: Tensor) -> float:
        """The distance between the chosen rows of both sides."""
        size = len(chosen)
        own, other, mixed = (matrix[chosen][:, chosen] for matrix in (self.own, self.other, self.mixed))
        shift = own.mean() + other.mean() - 2.0 * mixed.mean()
        variance = sum((matrix.trace() - size * matrix.mean()) / (size - 1) for matrix in (own, other))
        centered = mixed - mixed.mean(dim=0) - mixed.mean(dim=1, keepdim=True) + mixed.mean()
        overlap = torch.linalg.svdvals(centered).sum() / (size - 1)
        return max(0.0, float(shift + variance - 2.0 * overlap))


def disjoint_distance(features: Tensor, reference: ReferenceFeatures) -> float:
    """The Fréchet distance from one half of the files to the reference of the other, averaged over both directions.

    Applied to the features of the reference itself, it is the lower bound: the distance that a perfect system would
    have with this number of photos.

    Args:
        features: (n, D).
        reference: features of the same files.

    Returns:
        The distance; NaN for fewer than 4 photos.
    """
    if len(features) < 4:
        return math.nan
    first, second = (features[half] for half in split_halves(len(features)))
    return (frechet_distance(first, reference.halves[1]) + frechet_distance(second, reference.halves[0])) / 2


def split_halves(count: int) -> tuple[Tensor, Tensor]:
    """Splits ``count`` photos into two halves by a fixed random permutation.

    Returns:
        The indices of both halves, sorted.

    Example:
        >>> first, second = split_halves(5)
        >>> len(first), len(second), sorted(torch.cat([first, second]).tolist())
        (2, 3, [0, 1, 2, 3, 4])
    """
    order = torch.from_numpy(np.random.default_rng(0).permutation(count))
    return order[: count // 2].sort().values, order[count // 2 :].sort().values
