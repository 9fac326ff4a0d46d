"""Marks of what lies outside of the axes of a chart: an arrow at the edge, with the value."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.markers import CARETDOWN, CARETUP

from colorgan.evaluation.charts.figure import CHARACTER_WIDTH, SVGFigure
from colorgan.evaluation.charts.limits import Limits

_ARROW = 8
"""Width of an arrow in pixels."""
_GAP = 5
"""Space beside an arrow in pixels."""


@dataclass(frozen=True)
class Mark:
    """Something above or below a line chart.

    Attributes:
        name: what it is, for the tooltip.
        x: its place on the horizontal axis.
        value: its value.
        color: color of the arrow, as matplotlib knows it.
        prefix: what is written before the value.
    """

    name: str
    x: float
    value: float
    color: str
    prefix: str = ""


def draw_marks(chart: SVGFigure, marks: Sequence[Mark], limits: Limits, width: float) -> None:
    """Draws an arrow for each mark, and the values as far as there is space, beginning with the farthest.

    Args:
        chart: the chart, whose limits are set.
        marks: what lies outside.
        limits: the limits of the vertical axis.
        width: width of the chart in pixels.
    """
    axes = chart.axes
    left, right = axes.get_xlim()
    axes.set_xlim(left, right)
    taken: dict[int, list[tuple[float, float]]] = {-1: [], 1: []}
    for mark in sorted(marks, key=lambda mark: abs(mark.value - limits.end(limits.side(mark.value))), reverse=True):
        side = limits.side(mark.value)
        end = limits.end(side)
        shape = CARETUP if side > 0 else CARETDOWN
        (arrow,) = axes.plot(
            [mark.x], [end], marker=shape, color=mark.color, markersize=_ARROW, markeredgewidth=0, clip_on=False
        )
        text = mark.prefix + format_value(mark.value)
        chart.set_tooltip(arrow, f"{mark.name}: {format_value(mark.value)}")
        position = (mark.x - left) / (right - left) * width
        length = _ARROW + _GAP + CHARACTER_WIDTH * len(text)
        is_at_left = position > length and position > width / 2
        start = position - length if is_at_left else position
        if any(start < last and first < start + length for first, last in taken[side]):
            continue
        taken[side].append((start, start + length))
        axes.annotate(
            text,
            (mark.x, end),
            (-_GAP if is_at_left else _GAP, -1 if side > 0 else 1),
            textcoords="offset points",
            ha="right" if is_at_left else "left",
            va="top" if side > 0 else "bottom",
        )


def format_value(value: float) -> str:
    """A value with four significant digits.

    >>> format_value(0.123456), format_value(5000.0)
    ('0.1235', '5000')
    """
    return f"{value:.4g}"
