"""Fréchet and kernel distances between two sets of feature vectors.

Fréchet: Heusel et al. 2017 (https://arxiv.org/abs/1706.08500). Kernel: Bińkowski et al. 2018
(https://arxiv.org/abs/1801.01401). Both in float64 and on the CPU (some accelerators have no float64); both equal
torch-fidelity's figures. What the features are is the matter of :mod:`colorgan.metrics.features`.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from colorgan.errors import ColorganError


class FeatureStatistics:
    """Mean and covariance of feature vectors that arrive batch by batch.

    While there are no more vectors than dimensions, the vectors themselves are kept: their covariance is then of low
    rank, and the distance is computed from them exactly. Beyond that only the mean and the sum of outer products of
    deviations are kept, so that memory does not grow with the number of photos.

    Example:
        >>> statistics = FeatureStatistics()
        >>> statistics.update(torch.tensor([[0.0, 2.0], [2.0, 2.0]]))
        >>> statistics.count, statistics.mean.tolist()
        (2, [1.0, 2.0])
        >>> statistics.covariance().tolist()
        [[2.0, 0.0], [0.0, 0.0]]
    """

    def __init__(self) -> None:
        self.count = 0
        self._rows: list[Tensor] = []
        self._mean: Tensor | None = None
        self._scatter: Tensor | None = None
        self._root: Tensor | None = None

    def update(self, features: Tensor) -> None:
        """Adds vectors.

        Args:
            features: (B, D), any floating type, on any device.

        Raises:
            ColorganError: if they are not of the dimension of those before.
        """
        rows = features.detach().cpu().double()
        if rows.ndim != 2 or (self.count and rows.shape[1] != self.dimension):
            expected = f"(B, {self.dimension})" if self.count else "(B, D)"
            raise ColorganError(f"features must be of shape {expected}; received {tuple(rows.shape)}")
        if len(rows):
            self._root = None
            self._rows.append(rows)
            self.count += len(rows)
            if self.count > self.dimension:
                self._fold()

    @property
    def dimension(self) -> int:
        """Length of the vectors; 0 before the first."""
        if self._mean is not None:
            return len(self._mean)
        return self._rows[0].shape[1] if self._rows else 0

    @property
    def mean(self) -> Tensor:
        """The mean, (D,)."""
        self._check()
        return torch.cat(self._rows).mean(dim=0) if self._mean is None else self._mean

    def _fold(self) -> None:
        """Replaces the vectors kept so far by their mean and scatter."""
        rows = torch.cat(self._rows)
        self._rows = []
        mean = rows.mean(dim=0)
        scatter = _scatter(rows, mean)
        if self._mean is not None and self._scatter is not None:
            # Chan et al. 1983: the deviations of two sets from their common mean
            before, share = self.count - len(rows), len(rows) / self.count
            shift = mean - self._mean
            mean = self._mean + shift * share
            scatter += self._scatter + torch.outer(shift, shift) * (before * share)
        self._mean, self._scatter = mean, scatter

    def covariance(self) -> Tensor:
        """The unbiased covariance, (D, D)."""
        self._check()
        scatter = _scatter(torch.cat(self._rows), self.mean) if self._scatter is None else self._scatter
        return scatter.div(self.count - 1)

    def trace(self) -> float:
        """Trace of the covariance."""
        self._check()
        if self._scatter is None:
            return float((torch.cat(self._rows) - self.mean).square().sum()) / (self.count - 1)
        return float(self._scatter.trace()) / (self.count - 1)

    def root(self) -> Tensor:
        """A matrix R of D columns and at most D rows with R.T @ R equal to the covariance; it is computed once."""
        self._check()
        if self._root is None:
            if self._scatter is None:
                self._root = (torch.cat(self._rows) - self.mean) / math.sqrt(self.count - 1)
            else:
                variances, axes = torch.linalg.eigh(self.covariance())
                self._root = variances.clamp_min(0.0).sqrt().unsqueeze(1) * axes.T
        return self._root

    def _check(self) -> None:
        if self.count < 2:
            raise ColorganError(f"a distance between distributions needs at least 2 photos; received {self.count}")


def _scatter(rows: Tensor, mean: Tensor) -> Tensor:
    centered = rows - mean
    return centered.T @ centered


def frechet_distance(first: Tensor | FeatureStatistics, second: Tensor | FeatureStatistics) -> float:
    """Squared Fréchet distance between normal distributions fitted to two sets of features.

    ``|m1 - m2|^2 + tr C1 + tr C2 - 2 tr (C1 C2)^(1/2)``. The last trace is the nuclear norm of ``R1 @ R2.T`` for any
    roots with ``Ri.T @ Ri = Ci``. For fewer photos than dimensions the centered features themselves are such roots: the
    figure is then exact, where the square root of a product without full rank is not.

    Args:
        first: features (N, D), or their statistics.
        second: features (M, D), or their statistics.

    Returns:
        The distance; 0 for identical sets, NaN if a feature is not finite. It is biased upward for few photos.

    Raises:
        ColorganError: for fewer than 2 photos or different dimensions.

    Example:
        >>> a = torch.tensor([[0.0, 0.0], [2.0, 0.0]])
        >>> frechet_distance(a, a + torch.tensor([3.0, 4.0]))
        25.0
    """
    one, two = (to_statistics(features) for features in (first, second))
    spread = one.trace() + two.trace()
    if one.dimension != two.dimension:
        raise ColorganError(
            f"features of {one.dimension} and of {two.dimension} dimensions cannot be compared; "
            "use one feature extractor for both"
        )
    if not math.isfinite(spread):
        return math.nan
    overlap = float(torch.linalg.svdvals(one.root() @ two.root().T).sum())
    squared = float((one.mean - two.mean).square().sum()) + spread - 2.0 * overlap
    return max(0.0, squared)  # below 0 is rounding


def to_statistics(features: Tensor | FeatureStatistics) -> FeatureStatistics:
    """The statistics of features (N, D); statistics are returned as they are."""
    if isinstance(features, FeatureStatistics):
        return features
    statistics = FeatureStatistics()
    statistics.update(features)
    return statistics


class KernelDistance(NamedTuple):
    """A kernel distance, mean and standard deviation over random subsets."""

    mean: float
    deviation: float
    subset_size: int


def kernel_distance(
    first: Tensor, second: Tensor, *, subsets: int = 100, subset_size: int | None = None, seed: int = 2020
) -> KernelDistance:
    """Squared maximum mean discrepancy under the kernel ``(x.y / D + 1)^3``: KID, where the features are Inception's.

    Unlike the Fréchet distance it is unbiased, so that it can be compared between sets of different sizes; values just
    below 0 are possible. The subsets are those that torch-fidelity draws from the same seed.

    Args:
        first: features (N, D).
        second: features (M, D).
        subsets: how many random subsets are drawn.
        subset_size: photos in a subset; by default 1,000, or half of the smaller set if that is less.
        seed: of the random choice.

    Raises:
        ColorganError: for sets that are too small or of different dimensions.

    Example:
        >>> a = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
        >>> kernel_distance(a, a + 1.0).mean > kernel_distance(a, a + 0.1).mean
        True
    """
    one, two = (features.detach().cpu().double().numpy() for features in (first, second))
    smaller = min(len(one), len(two))
    size = min(1000, smaller // 2) if subset_size is None else subset_size
    if one.ndim != 2 or two.ndim != 2 or one.shape[1] != two.shape[1]:
        raise ColorganError(f"features {one.shape} and {two.shape} cannot be compared; give (N, D) and (M, D)")
    if not 2 <= size <= smaller:
        raise ColorganError(
            f"a kernel distance takes subsets of at least 2 and at most all photos (by default half of them); received "
            f"sets of {len(one)} and {len(two)}, subsets of {size}"
        )
    random = np.random.RandomState(seed)  # torch-fidelity's subsets, draw by draw
    values = np.empty(subsets)
    for index in range(subsets):
        x = one[random.choice(len(one), size, replace=False)]
        y = two[random.choice(len(two), size, replace=False)]
        values[index] = _mean_discrepancy(x, y)
    return KernelDistance(float(values.mean()), float(values.std()), size)


def _mean_discrepancy(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """The unbiased estimate: pairs of a photo with itself are left out."""
    count, dimension = x.shape
    xx, yy, xy = ((a @ b.T / dimension + 1.0) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    within = xx.sum() - xx.trace() + yy.sum() - yy.trace()
    return float(within / (count * (count - 1)) - 2.0 * xy.mean())


statistics_of = to_statistics
