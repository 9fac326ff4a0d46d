"""The limits of an axis, which fit most of the values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_MIN_SHARE = 0.1
"""What leaves less than this share of the axis to the other values is left outside."""
_MAX_OUTSIDE = 0.25
"""At most this share of the values is left outside, or one value."""
_RESOLUTION = 1e-3
"""Differences below this fraction of the values count as none."""
_MARGIN = 0.05
"""Space around the values, as a fraction of their range."""


@dataclass(frozen=True)
class Limits:
    """The limits of an axis.

    Attributes:
        low: the lower end.
        high: the upper end.
    """

    low: float
    high: float

    def side(self, value: float) -> int:
        """Where a value lies: -1 below the limits, 1 above them, 0 inside."""
        return int(value > self.high) - int(value < self.low)

    def end(self, side: int) -> float:
        """The end at a side."""
        return self.high if side > 0 else self.low


def fitted_limits(values: Iterable[float], levels: Iterable[float] = ()) -> Limits:
    """Fits an axis to values, so that a few of them do not flatten all others, as those of a diverging run would.

    Up to a quarter of the values is left outside if the others, with the levels, would otherwise take less than a tenth
    of the axis. A level is left outside if the values would take less than a tenth.

    Args:
        values: what the chart compares; those that are not finite do not count.
        levels: what the values are compared with, such as the level of the gray photos.

    Example:
        >>> fitted_limits([0.0, 1.0, 2.0, 4.0])
        Limits(low=-0.2, high=4.2)
        >>> fitted_limits([0.0, 1.0, 2.0, 100.0]).high, fitted_limits([1.0, 2.0], levels=[50.0]).high
        (2.1, 2.05)
    """
    shown = sorted(value for value in values if np.isfinite(value))
    references = [level for level in levels if np.isfinite(level)]
    if not shown:
        shown, references = sorted(references) or [0.0], []
    shown = _without_outliers(shown, references)
    for level in references:
        if shown[0] == shown[-1] or _span(shown) >= _MIN_SHARE * _span([*shown, level]):
            shown = sorted([*shown, level])
    margin = _MARGIN * (shown[-1] - shown[0]) or _MARGIN * abs(shown[0]) or 1.0
    return Limits(shown[0] - margin, shown[-1] + margin)


def _without_outliers(ordered: Sequence[float], levels: Sequence[float]) -> list[float]:
    """The values without as few as possible at the ends, if the others gain enough of the axis from it."""
    kept = list(ordered)
    # with a level to compare with, two values are enough to say which of them is far away
    few = 2 if levels else 4
    most = max(int(_MAX_OUTSIDE * len(ordered)), 1) if len(ordered) >= few else 0
    for number in range(1, most + 1):
        size = len(ordered) - number
        windows = [ordered[start : start + size] for start in range(number + 1)]
        best = min(windows, key=lambda window: _span([*window, *levels]))
        if _span([*best, *levels]) < _MIN_SHARE * _span([*kept, *levels]):
            kept = list(best)
    return kept


def _span(values: Sequence[float]) -> float:
    low, high = min(values), max(values)
    return max(high - low, _RESOLUTION * max(abs(low), abs(high)))
