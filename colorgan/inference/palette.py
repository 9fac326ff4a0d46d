"""The palette of a reference photo: how its colors are distributed at each lightness, given to another photo."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError
from colorgan.images import UnreadableImage, printable, read_rgb
from colorgan.inference.small_image import downscale, working_shape

_SIZE = 256
"""Shorter side, in pixels, at which a reference is measured."""
_MIN_CHROMA = 4.0
"""A photo is gray if 99 % of its pixels have less chroma than this."""
_NUM_LEVELS = 8
_SHARED = 0.02
"""Weight of the whole photo's statistics at each level, as a share of all pixels, because some levels are empty."""
_NOISE = 16.0
"""Variance of a* and b* that is added to both photos, so that a nearly uniform color is not stretched into noise."""
_MAX_GAIN = 2.0
_BLACK_FY = np.float32(16 / 116)

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Palette:
    """The chroma of a photo at eight levels of lightness, from dark to light.

    A photo that takes this palette gets, at each level, the mean and the covariance of the reference's a* and b*, by
    the linear Monge-Kantorovich map, which is the one that moves colors least (Pitié and Kokaram 2007). It matches
    chroma by lightness, as Welsh et al. (2002) do with single pixels, and extends the transfer of mean and standard
    deviation by Reinhard et al. (2001). Lightness is measured half as it is and half as its rank within the photo, so
    that the dark parts of a light photo take the colors of the dark parts of a dark one. In between two levels, the map
    is interpolated. It makes no color more than twice as different from the mean of its level as it was.

    Attributes:
        means: a* and b*, (8, 2).
        covariances: of a* and b*, (8, 2, 2).
    """

    means: _Floats
    covariances: _Floats

    @classmethod
    def of(cls, photo: SRGBArray) -> Self:
        """Measures the palette of a photo.

        Args:
            photo: (H, W, 3), uint8 or uint16.

        Raises:
            ColorganError: if the photo is gray.

        Example:
            >>> red = Palette.of(np.full((4, 4, 3), (200, 30, 30), np.uint8))
            >>> gray = np.full((2, 2), 0.5, np.float32)
            >>> red.transfer(gray, np.zeros((2, 2, 2), np.float32)).round()[:, 0, 0].tolist()
            [63.0, 45.0]
        """
        small = downscale(photo, working_shape(photo.shape[:2], _SIZE))
        ab = cielab.rgb_to_ab(small)
        if np.percentile(np.hypot(*ab), 99) < _MIN_CHROMA:
            raise ColorganError("the reference photo has no colors; choose one in color")
        return cls(*_statistics(_levels(cielab.fy(small)), ab))

    @classmethod
    def read(cls, file: str | Path) -> Self:
        """Measures the palette of a photo in a file.

        Raises:
            UnreadableImage: if it cannot be read.
            ColorganError: if it is gray.
        """
        try:
            return cls.of(read_rgb(file, shrink_to=_SIZE))
        except ColorganError as error:
            if isinstance(error, UnreadableImage):
                raise
            raise ColorganError(f"{printable(file)}: {error}") from error

    def transfer(self, fy: FloatArray, ab: FloatArray) -> FloatArray:
        """Gives this palette to predicted colors.

        Args:
            fy: lightness of the photo as CIE f(Y / Yn), (h, w).
            ab: predicted CIE a* and b*, (2, h, w).

        Returns:
            The new a* and b*, (2, h, w).
        """
        level = _levels(fy)
        means, covariances = _statistics(level, ab)
        maps = _limit_gain(_monge_kantorovich(covariances, self.covariances))
        offsets = self.means - np.einsum("kij,kj->ki", maps, means)
        knots = np.arange(_NUM_LEVELS)
        changed = [
            sum(np.interp(level, knots, maps[:, row, column]) * ab[column] for column in range(2))
            + np.interp(level, knots, offsets[:, row])
            for row in range(2)
        ]
        return np.stack(changed).astype(np.float32)


def _levels(fy: FloatArray) -> _Floats:
    """The level of each pixel, from 0 to 7: the mean of its lightness and its rank, of which equal pixels share one."""
    ordered = np.sort(fy, axis=None)
    rank = (np.searchsorted(ordered, fy, "left") + np.searchsorted(ordered, fy, "right")) / (2 * fy.size)
    return (rank + (fy - _BLACK_FY) / (1 - _BLACK_FY)) * ((_NUM_LEVELS - 1) / 2)


def _statistics(level: _Floats, ab: FloatArray) -> tuple[_Floats, _Floats]:
    """Means (8, 2) and covariances (8, 2, 2) of a* and b* at each level; pixels between two levels count for both."""
    colors = ab.reshape(2, -1).astype(np.float64)
    weights = np.maximum(0, 1 - np.abs(level.ravel() - np.arange(_NUM_LEVELS)[:, None]))
    shared = _SHARED * colors.shape[1]
    totals = weights.sum(axis=1) + shared
    mean, covariance = colors.mean(axis=1), np.cov(colors, bias=True)
    means = (weights @ colors.T + shared * mean) / totals[:, None]
    products = np.stack([colors[0] ** 2, colors[0] * colors[1], colors[1] ** 2])
    moments = weights @ products.T
    shared_moments = covariance + np.outer(mean, mean)
    second = (moments[:, [[0, 1], [1, 2]]] + shared * shared_moments) / totals[:, None, None]
    return means, second - means[:, :, None] * means[:, None, :]


def _monge_kantorovich(source: _Floats, target: _Floats) -> _Floats:
    """The symmetric maps (K, 2, 2) that turn one covariance into the other and move colors least."""
    noise = _NOISE * np.eye(2)
    root = _power(source + noise, 0.5)
    inverse = _power(source + noise, -0.5)
    return inverse @ _power(root @ (target + noise) @ root, 0.5) @ inverse


def _limit_gain(maps: _Floats) -> _Floats:
    values, vectors = np.linalg.eigh(maps)
    return _compose(values.clip(0, _MAX_GAIN), vectors)


def _power(matrices: _Floats, exponent: float) -> _Floats:
    """A power of symmetric, positive definite matrices (K, 2, 2)."""
    values, vectors = np.linalg.eigh(matrices)
    return _compose(values.clip(1e-9) ** exponent, vectors)


def _compose(values: _Floats, vectors: _Floats) -> _Floats:
    composed: _Floats = (vectors * values[:, None, :]) @ vectors.swapaxes(-1, -2)
    return composed
