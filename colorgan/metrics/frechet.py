"""Fréchet and kernel distances between two sets of feature vectors.

Fréchet: Heusel et al. 2017 (https://arxiv.org/abs/1706.08500). Kernel: Bińkowski et al. 2018
(https://arxiv.org/abs/1801.01401). Both are computed in float64 on the CPU, since some accelerators have no float64,
and match the results of torch-fidelity. For the features, see :mod:`colorgan.metrics.features`.
"""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.linalg
import torch
from torch import Tensor

from colorgan.errors import ColorganError

FloatMatrix: TypeAlias = npt.NDArray[np.float64]

_MAX_VECTORS_FOR_KERNELS = 4096
"""The kernel of all pairs of this many vectors takes 400 MB."""
_SIMILAR = 0.01
"""Distances below this fraction of the total variance are differences of nearly equal numbers."""


class FeatureStatistics:
    """Mean and covariance of feature vectors, accumulated batch by batch.

    Up to as many vectors as dimensions, the vectors themselves are kept: their covariance is rank-deficient, and the
    distance is computed from them exactly. Beyond that, only the mean and the scatter matrix (the sum of outer products
    of the centered vectors) are kept, so that memory does not grow with the number of photos.

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
        """Adds a batch of vectors.

        Args:
            features: (B, D), of any floating-point dtype, on any device.

        Raises:
            ColorganError: if their dimension differs from that of earlier batches.
        """
        rows = features.detach().cpu().double()
        if rows.ndim != 2 or (self.count and rows.shape[1] != self.dimension):
            expected = f"(B, {self.dimension})" if self.count else "(B, D)"
            raise ColorganError(f"features must have shape {expected}; received {tuple(rows.shape)}")
        if len(rows):
            self._root = None
            self._rows.append(rows)
            self.count += len(rows)
            if self.count > self.dimension:
                self._fold()

    @property
    def dimension(self) -> int:
        """Length of the vectors; 0 while there are none."""
        if self._mean is not None:
            return len(self._mean)
        return self._rows[0].shape[1] if self._rows else 0

    @property
    def mean(self) -> Tensor:
        """Mean, (D,)."""
        self._check()
        return self._vectors().mean(dim=0) if self._mean is None else self._mean

    def _vectors(self) -> Tensor:
        """The vectors that are kept, (n, D)."""
        if len(self._rows) > 1:
            self._rows = [torch.cat(self._rows)]
        return self._rows[0]

    def _fold(self) -> None:
        """Merges the kept vectors into the mean and the scatter matrix."""
        rows = self._vectors()
        self._rows = []
        mean = rows.mean(dim=0)
        scatter = _scatter(rows, mean)
        if self._mean is not None and self._scatter is not None:
            # Chan et al. 1983: parallel update of mean and scatter
            previous, fraction = self.count - len(rows), len(rows) / self.count
            shift = mean - self._mean
            mean = self._mean + shift * fraction
            scatter += self._scatter + torch.outer(shift, shift) * (previous * fraction)
        self._mean, self._scatter = mean, scatter

    def covariance(self) -> Tensor:
        """Unbiased covariance, (D, D)."""
        self._check()
        scatter = _scatter(self._vectors(), self.mean) if self._scatter is None else self._scatter
        return scatter.div(self.count - 1)

    def trace(self) -> float:
        """Trace of the covariance."""
        self._check()
        if self._scatter is None:
            return float(self.root().square().sum())
        return float(self._scatter.trace()) / (self.count - 1)

    def root(self) -> Tensor:
        """Matrix R, (at most D, D), with ``R.T @ R`` equal to the covariance; cached."""
        self._check()
        if self._root is None:
            if self._scatter is None:
                self._root = (self._vectors() - self.mean).div_(math.sqrt(self.count - 1))
            else:
                eigenvalues, eigenvectors = torch.linalg.eigh(self.covariance())
                self._root = eigenvalues.clamp_min(0.0).sqrt().unsqueeze(1) * eigenvectors.T
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
    roots with ``Ri.T @ Ri = Ci``. With fewer photos than dimensions, the centered features are such roots, and the
    result is exact, whereas the matrix square root of a rank-deficient product is not.

    Args:
        first: features (N, D), or their statistics.
        second: features (M, D), or their statistics.

    Returns:
        The distance: 0 for identical sets, NaN if a feature is not finite. It is biased upward for small sets.

    Raises:
        ColorganError: if a set has fewer than 2 photos, or the dimensions differ.

    Example:
        >>> a = torch.tensor([[0.0, 0.0], [2.0, 0.0]])
        >>> frechet_distance(a, a + torch.tensor([3.0, 4.0]))
        25.0
    """
    one, two = to_statistics(first), to_statistics(second)
    total_variance = one.trace() + two.trace()
    if one.dimension != two.dimension:
        raise ColorganError(
            f"features of {one.dimension} and {two.dimension} dimensions cannot be compared; "
            "use one feature extractor for both"
        )
    if not math.isfinite(total_variance):
        return math.nan
    product = one.root() @ two.root().T
    without_overlap = float((one.mean - two.mean).square().sum()) + total_variance
    squared = without_overlap - 2.0 * _nuclear_norm(product)
    if squared < _SIMILAR * total_variance:
        squared = without_overlap - 2.0 * float(torch.linalg.svdvals(product).sum())
    return max(0.0, squared)  # negative values are rounding errors


def _nuclear_norm(matrix: Tensor) -> float:
    """The sum of the singular values, as roots of eigenvalues.

    It takes a tenth of the time of a singular value decomposition. Squaring loses singular values below 1e-8 of the
    largest, which are rarely a millionth of the sum.
    """
    smaller = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    eigenvalues = scipy.linalg.eigvalsh((smaller @ smaller.T).numpy(), check_finite=False)
    return float(np.sqrt(eigenvalues.clip(min=0.0)).sum())


def to_statistics(features: Tensor | FeatureStatistics) -> FeatureStatistics:
    """Computes the statistics of features (N, D); statistics are returned unchanged."""
    if isinstance(features, FeatureStatistics):
        return features
    statistics = FeatureStatistics()
    statistics.update(features)
    return statistics


class KernelDistance(NamedTuple):
    """Kernel distance: mean and standard deviation over random subsets."""

    mean: float
    deviation: float
    subset_size: int


def kernel_distance(
    first: Tensor, second: Tensor, *, subsets: int = 100, subset_size: int | None = None, seed: int = 2020
) -> KernelDistance:
    """Squared maximum mean discrepancy under the kernel ``(x.y / D + 1)^3``: KID, with Inception features.

    Unlike the Fréchet distance it is unbiased, so sets of different sizes can be compared; slightly negative values are
    possible. The subsets are those that torch-fidelity samples with the same seed.

    Args:
        first: features (N, D).
        second: features (M, D).
        subsets: number of random subsets.
        subset_size: number of photos per subset; by default 1,000, or half of the smaller set if that is less.
        seed: random seed.

    Raises:
        ColorganError: if the sets are too small, or their dimensions differ.

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
            "a kernel distance needs subsets of at least 2 photos and at most the smaller set (by default half of it); "
            f"received sets of {len(one)} and {len(two)}, subsets of {size}"
        )
    random = np.random.RandomState(seed)  # the generator of torch-fidelity, for the same subsets
    # The kernel of all pairs is computed once where that takes less time than that of each subset, and little memory.
    larger = max(len(one), len(two))
    pairs = _Kernels.of(one, two) if larger**2 <= subsets * size**2 and larger <= _MAX_VECTORS_FOR_KERNELS else None
    values = np.empty(subsets)
    for index in range(subsets):
        x, y = (random.choice(len(rows), size, replace=False) for rows in (one, two))
        kernels = pairs.subset(x, y) if pairs is not None else _Kernels.of(one[x], two[y])
        values[index] = kernels.mean_discrepancy()
    return KernelDistance(float(values.mean()), float(values.std()), size)


class _Kernels(NamedTuple):
    """The kernel of all pairs of vectors: within the first set, within the second, and between them."""

    first: FloatMatrix
    second: FloatMatrix
    between: FloatMatrix

    @classmethod
    def of(cls, x: FloatMatrix, y: FloatMatrix) -> "_Kernels":
        return cls(*((a @ b.T / x.shape[1] + 1.0) ** 3 for a, b in ((x, x), (y, y), (x, y))))

    def subset(self, x: npt.NDArray[np.int_], y: npt.NDArray[np.int_]) -> "_Kernels":
        return _Kernels(self.first[np.ix_(x, x)], self.second[np.ix_(y, y)], self.between[np.ix_(x, y)])

    def mean_discrepancy(self) -> float:
        """Unbiased estimate, which excludes the pairs of a photo with itself."""
        count = len(self.first)
        within = sum(matrix.sum() - matrix.trace() for matrix in (self.first, self.second))
        return float(within / (count * (count - 1)) - 2.0 * self.between.mean())
