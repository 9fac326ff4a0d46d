"""How often the photos of each folder are drawn."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from colorgan.errors import ColorganError, plural
from colorgan.images import printable

MAX_WEIGHT = 1000
"""Largest weight of a folder; the order of an epoch has an entry for each draw."""

_MAX_LISTED = 8


class FolderWeights:
    """Weights of folders: how often each of their photos is drawn in an epoch, on average.

    With weight 2, each photo is drawn twice; with 0.3, three of ten; with 0, none. Photos in no named folder have
    weight 1. A folder is named by the end of its path below the data folder: ``intel``, or ``natural/intel`` if there
    are several; ``.`` is the data folder itself. In nested folders, the innermost named one decides.

    Args:
        weights: weight of each folder.

    Raises:
        ColorganError: if a weight is negative, larger than :data:`MAX_WEIGHT`, or not a number.

    Example:
        >>> FolderWeights({"trees": 2, "trees/bare": 0}).of(["trees/a.jpg", "trees/bare/b.jpg", "c.jpg"]).tolist()
        [2.0, 0.0, 1.0]
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        for folder, weight in weights.items():
            if not (math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT):
                raise ColorganError(
                    f"data.weights: the weight of {printable(folder)} must be at least 0 and at most {MAX_WEIGHT}; "
                    f"received {weight}"
                )
        self._weights = {PurePosixPath(folder.replace("\\", "/")).parts: weight for folder, weight in weights.items()}

    def __bool__(self) -> bool:
        return bool(self._weights)

    def of(self, names: Iterable[str]) -> npt.NDArray[np.float64]:
        """Returns the weight of each photo, (N,) float64.

        Args:
            names: names of the photos, relative to the data folder, with forward slashes.
        """
        known: dict[str, float] = {}
        found = []
        for name in names:
            folder = name.rpartition("/")[0]
            if folder not in known:
                key = self._key(folder)
                known[folder] = 1.0 if key is None else float(self._weights[key])
            found.append(known[folder])
        return np.array(found, dtype=np.float64)

    def check(self, names: Sequence[str], where: str) -> None:
        """Checks that each folder has photos, and that photos are left.

        Args:
            names: names of all photos, relative to the data folder.
            where: where they come from, for the message.

        Raises:
            ColorganError: naming the first folder without photos and those that exist; or if all weights are 0.
        """
        folders = {name.rpartition("/")[0] for name in names}
        paths = {parts[:depth] for parts in map(_parts, folders) for depth in range(len(parts) + 1)}
        for key in self._weights:
            if not any(_names(key, path) for path in paths):
                there = sorted("/".join(path) for path in paths if path)
                listed = ", ".join(printable(folder) for folder in there[:_MAX_LISTED]) or "no subfolders"
                more = f" and {len(there) - _MAX_LISTED:,} more" if len(there) > _MAX_LISTED else ""
                raise ColorganError(
                    f"data.weights: {where} has no folder {printable('/'.join(key))} with photos; it has {listed}{more}"
                )
        if not self.of(names).any():
            raise ColorganError(f"data.weights are 0 for all photos of {where}; give one folder a larger weight")

    def describe(self, names: Sequence[str]) -> str:
        """Describes how many photos of each named folder an epoch has, such as ``sky 20 of 100, others 80 of 100``.

        Args:
            names: names of the training photos.
        """
        weights = self.of(names)
        keys = [self._key(name.rpartition("/")[0]) for name in names]
        total = num_draws(weights)
        shares: dict[str, float] = {}
        for key, weight in zip(keys, weights.tolist(), strict=True):
            folder = "others" if key is None or not key else "/".join(key)
            shares[folder] = shares.get(folder, 0.0) + weight
        scale = total / weights.sum()
        parts = (f"{printable(folder)} {share * scale:,.0f}" for folder, share in sorted(shares.items()))
        return f"{', '.join(parts)} of {plural(total, 'photo')} in each epoch, drawn from {len(names):,}"

    def _key(self, folder: str) -> tuple[str, ...] | None:
        """The entry that decides about a folder; None if there is none."""
        parts = _parts(folder)
        for depth in range(len(parts), -1, -1):
            matching = [key for key in self._weights if _names(key, parts[:depth])]
            if matching:
                return max(matching, key=len)
        return None


def num_draws(weights: npt.NDArray[np.float64]) -> int:
    """The number of photos that an epoch draws: the sum of all weights, rounded.

    Raises:
        ColorganError: if that is 0.
    """
    count = round(float(weights.sum()))
    if not count:
        raise ColorganError(
            f"data.weights leave none of {plural(len(weights), 'training photo')} in an epoch; give larger weights"
        )
    return count


def draw(
    weights: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draws the photos of an epoch in random order.

    Draws are systematic (Madow 1949) rather than independent: a photo of weight 2.4 is drawn two or three times, and
    never left out by chance.

    Args:
        weights: (N,) expected number of draws of each photo, up to the rounding of :func:`num_draws`.
        rng: source of all random numbers.

    Returns:
        The photos, (draws,), and which copy of the photo each is: 0 for its first draw, 1 for its second, and so on.

    Example:
        >>> photos, copies = draw(np.array([2.0, 0.0, 1.0]), np.random.default_rng(0))
        >>> sorted(zip(photos.tolist(), copies.tolist()))
        [(0, 0), (0, 1), (2, 0)]
    """
    count = num_draws(weights)
    order = rng.permutation(np.flatnonzero(weights > 0))
    ends = np.cumsum(weights[order])
    points = (np.arange(count) + rng.random()) * (ends[-1] / count)
    places = np.searchsorted(ends, points, side="right").clip(max=len(order) - 1)
    photos = rng.permutation(order[places])
    by_photo = np.argsort(photos, kind="stable")
    grouped = photos[by_photo]
    copies = np.empty_like(photos)
    copies[by_photo] = np.arange(count) - np.searchsorted(grouped, grouped)
    return photos, copies


def _parts(folder: str) -> tuple[str, ...]:
    return tuple(folder.split("/")) if folder else ()


def _names(key: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether a folder's path ends with ``key``; the empty key is the data folder only."""
    return parts[-len(key) :] == key if key else not parts
