"""Line charts, such as the curves of training runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.lines import Line2D

from colorgan.evaluation.charts.figure import (
    BASELINE_DASHES,
    CHARACTER_WIDTH,
    COLORS,
    INK,
    LINE_HEIGHT,
    WIDTHS,
    Size,
    SVGFigure,
    draw_baseline,
    in_our_style,
    set_ticks,
    set_titles,
    wrapped,
)
from colorgan.evaluation.charts.limits import Limits, fitted_limits
from colorgan.evaluation.charts.marks import Mark, draw_marks

_HEIGHTS: dict[Size, int] = {"wide": 320, "narrow": 260, "small": 200}
"""Heights of line charts without their legends, in pixels."""
_DASHES: Sequence[Literal["-"] | tuple[float, Sequence[float]]] = ("-", (0, (3.5, 2)), (0, (1, 1.5)))
"""Line styles of the labels after all colors have been used."""


@dataclass(frozen=True)
class Line:
    """A curve of a line chart.

    Attributes:
        label: entry in the legend; curves with the same label share a color.
        points: (x, y) pairs.
        faint: drawn thin and pale, as one of several curves that another one averages.
        color: CSS color; by default the next one of the palette.
        baseline: a level drawn as a dashed line in the color of the curve.
    """

    label: str
    points: Sequence[tuple[float, float]]
    faint: bool = False
    color: str | None = None
    baseline: float | None = None


@in_our_style
def line_chart(
    lines: Sequence[Line], x_label: str, y_label: str, baseline: float | None = None, size: Size = "wide"
) -> str:
    """Draws curves.

    The vertical axis fits most of the values; arrows at its ends, with the values, stand for what lies outside.

    Args:
        lines: the curves. Points that are not finite are left out.
        x_label: label of the horizontal axis, whose ticks are integers.
        y_label: label of the vertical axis; the title of a chart that is not wide.
        baseline: a level drawn as a dashed line across the chart, that of the gray photos.
        size: size and layout of the chart.

    Returns:
        An ``<svg>`` element.
    """
    labels = list(dict.fromkeys(line.label for line in lines))
    columns, rows = (0, 0) if size == "small" else _legend_shape(labels, WIDTHS[size])
    y_title = wrapped(y_label, _HEIGHTS[size] if size == "wide" else WIDTHS[size])
    x_title = wrapped(x_label, WIDTHS[size])
    rows_of_text = rows + x_title.count("\n") + (0 if size == "wide" else y_title.count("\n"))
    chart = SVGFigure(WIDTHS[size], _HEIGHTS[size] + LINE_HEIGHT * rows_of_text, f"{y_label} by {x_label}")
    axes = chart.axes
    entries: dict[str, Line2D] = {}
    drawn = [(line, [(x, y) for x, y in line.points if np.isfinite(y)]) for line in lines]
    levels = [line.baseline for line in lines if line.baseline is not None]
    levels += [] if baseline is None else [baseline]
    limits = fitted_limits([y for _, points in drawn for _, y in points], levels)
    marks: list[Mark] = []
    for line, points in drawn:
        number = labels.index(line.label)
        color = chart.color(line.color or COLORS[number % len(COLORS)])
        dashes = _DASHES[0] if line.color else _DASHES[number // len(COLORS) % len(_DASHES)]
        (curve,) = axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=color,
            linestyle=dashes,
            linewidth=1 if line.faint else 2,
            alpha=0.4 if line.faint else None,
            marker="o" if len(points) == 1 else None,  # a line of one point is invisible
            markersize=5,
        )
        chart.set_tooltip(curve, line.label)
        entries.setdefault(line.label, Line2D([], [], color=color, linestyle=dashes, linewidth=2.5))
        marks += _outside(line.label, points, limits, color)
        if line.baseline is not None:
            axes.axhline(line.baseline, color=color, linestyle=BASELINE_DASHES, linewidth=1)
    if baseline is not None and not limits.side(baseline):
        draw_baseline(axes.axhline, baseline)
        axes.annotate("gray photos", (1, baseline), (0, 3), axes.get_yaxis_transform(), "offset points", ha="right")
    axes.set_xmargin(0.01)
    axes.set_ylim(limits.low, limits.high)
    last = axes.get_xlim()[1]
    marks += [Mark("gray photos", last, level, INK, "gray photos ") for level in set(levels) if limits.side(level)]
    draw_marks(chart, marks, limits, WIDTHS[size])
    axes.grid(axis="y")
    set_ticks(axes.xaxis, integer=True)
    set_ticks(axes.yaxis)
    set_titles(axes, x_title, y_title, size)
    if rows:
        names = [wrapped(label, WIDTHS[size] - 40) for label in entries]
        chart.figure.legend(entries.values(), names, loc="outside lower left", ncols=columns)
    return chart.render()


def _outside(label: str, points: Sequence[tuple[float, float]], limits: Limits, color: str) -> list[Mark]:
    """The farthest point of a curve at either side of the limits."""
    farthest: dict[int, tuple[float, float]] = {}
    for x, y in points:
        side = limits.side(y)
        if side and side * y > side * farthest.get(side, (x, limits.end(side)))[1]:
            farthest[side] = x, y
    return [Mark(label, x, y, color) for x, y in farthest.values()]


def _legend_shape(labels: Sequence[str], width: float) -> tuple[int, int]:
    """The columns of the legend, and its height in lines of text."""
    if not labels:
        return 0, 0
    longest = 40 + CHARACTER_WIDTH * max(map(len, labels))
    columns = max(1, min(len(labels), int(width / longest)))
    lines = max(wrapped(label, width - 40).count("\n") + 1 for label in labels)
    return columns, -(-len(labels) // columns) * lines + 1
