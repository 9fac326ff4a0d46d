"""Dot charts, which compare configurations or systems by one metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT

from colorgan.evaluation.charts.figure import (
    COLORS,
    LINE_HEIGHT,
    WIDTHS,
    Size,
    SVGFigure,
    draw_baseline,
    in_our_style,
    set_ticks,
    wrapped,
)
from colorgan.evaluation.charts.limits import Limits, fitted_limits
from colorgan.evaluation.charts.marks import format_value
from colorgan.evaluation.statistics import Interval


@dataclass(frozen=True)
class Dots:
    """A row of a dot chart.

    Attributes:
        label: name of the row.
        values: drawn as one dot each.
        mean: drawn as a tick.
        interval: drawn as a bar.
        color: CSS color; by default the first one of the palette.
        note: text at the right, such as the value.
    """

    label: str
    values: Sequence[float]
    mean: float
    interval: Interval | None = None
    color: str | None = None
    note: str = ""


@in_our_style
def dot_chart(
    rows: Sequence[Dots], x_label: str, baseline: float | None = None, from_zero: bool = False, size: Size = "wide"
) -> str:
    """Draws one row per configuration or system: the interval as a bar, the values as dots and the mean as a tick.

    The axis fits most of the values; arrows at its ends, with the values, stand for what lies outside.

    Args:
        rows: from top to bottom.
        x_label: label of the horizontal axis.
        baseline: a level drawn as a dashed line, that of the gray photos.
        from_zero: starts the axis at 0.
        size: a wide chart has its labels at the left of the rows, others above them.

    Returns:
        An ``<svg>`` element.
    """
    is_wide, width = size == "wide", WIDTHS[size]
    labels = [wrapped(row.label, (0.4 if is_wide else 0.8) * width).split("\n") for row in rows]
    heights = [max(24, LINE_HEIGHT * len(label) + 8) if is_wide else LINE_HEIGHT * len(label) + 22 for label in labels]
    ends = np.cumsum([0, *heights])  # the vertical axis is in pixels, too
    centers = [end - height / 2 if is_wide else end - 12 for end, height in zip(ends[1:], heights, strict=True)]
    x_title = wrapped(x_label, 0.8 * width)
    rows_of_text = 3 + x_title.count("\n") + (baseline is not None)  # ticks, label, and space
    chart = SVGFigure(width, int(ends[-1]) + LINE_HEIGHT * rows_of_text, x_label)
    axes = chart.axes
    values = [value for row in rows for value in (row.mean, *row.values)]
    values += [bound for row in rows if row.interval for bound in (row.interval.low, row.interval.high)]
    limits = fitted_limits(values, [0.0] if from_zero else [] if baseline is None else [baseline])
    if from_zero and min(values, default=0.0) >= 0:
        limits = Limits(0.0, limits.high)
    for row, label, y in zip(rows, labels, centers, strict=True):
        color = chart.color(row.color or COLORS[0])
        if row.interval:
            bounds = [row.interval.low, row.interval.high]
            axes.plot(bounds, [y, y], color=color, linewidth=7, alpha=0.3, solid_capstyle="butt")
        axes.plot([row.mean, row.mean], [y - 7, y + 7], color=color, linewidth=2.5)
        (dots,) = axes.plot(row.values, [y] * len(row.values), "o", color=color, markersize=6, markeredgewidth=0)
        chart.set_tooltip(dots, row.label)
        if is_wide:
            _write(axes, label, (0, y), (-8, LINE_HEIGHT * (len(label) - 1) / 2), "right")
        else:
            _write(axes, label, (0, y), (0, LINE_HEIGHT * len(label) + 1), "left")
        _write(axes, [row.note], (1, y), (6, 0), "left")
        _draw_arrows(chart, row, y, limits, color)
    if baseline is not None:
        _draw_baseline(axes, baseline, limits)
    axes.set_xlim(limits.low, limits.high)
    axes.set_ylim(max(float(ends[-1]), 1.0), 0.0)
    axes.set_yticks([])
    axes.grid(axis="x")
    set_ticks(axes.xaxis)
    axes.set_xlabel(x_title)
    return chart.render()


def _draw_arrows(chart: SVGFigure, row: Dots, y: float, limits: Limits, color: str) -> None:
    """Marks what of a row lies outside of the limits."""
    bounds = [row.interval.low, row.interval.high] if row.interval else []
    for side, shape, place in ((-1, CARETLEFT, 0), (1, CARETRIGHT, 1)):
        values = [value for value in dict.fromkeys([*row.values, row.mean]) if limits.side(value) == side]
        ends = [bound for bound in bounds if limits.side(bound) == side]
        if not (values or ends):
            continue
        text = ", ".join(map(format_value, values)) or f"interval to {format_value(ends[0] if side < 0 else ends[-1])}"
        (arrow,) = chart.axes.plot(
            [limits.end(side)], [y], marker=shape, color=color, markersize=8, markeredgewidth=0, clip_on=False
        )
        chart.set_tooltip(arrow, f"{row.label}: {text}")
        _write(chart.axes, [text], (place, y), (-8 * side, 0), "right" if side > 0 else "left")


def _draw_baseline(axes: Axes, level: float, limits: Limits) -> None:
    """Draws the level of the gray photos, or at which end of the axis it lies."""
    side = limits.side(level)
    if not side:
        draw_baseline(axes.axvline, level)
    text = {-1: f"← gray photos {format_value(level)}", 0: "gray photos", 1: f"gray photos {format_value(level)} →"}
    alignment = {-1: "left", 0: "center", 1: "right"}
    place = level if not side else limits.end(side)
    axes.annotate(text[side], (place, 1), (0, 2), axes.get_xaxis_transform(), "offset points", ha=alignment[side])


def _write(
    axes: Axes,
    lines: Sequence[str],
    position: tuple[float, float],
    offset: tuple[float, float],
    alignment: Literal["left", "right"],
) -> None:
    """Writes a label line by line, because matplotlib aligns the lines of one text by the widths of its own font.

    Args:
        axes: the chart.
        lines: the label.
        position: as a fraction of the width, and as a value of the vertical axis.
        offset: of the first line, in pixels to the right and upwards.
        alignment: horizontal alignment.
    """
    for number, line in enumerate(lines):
        axes.annotate(
            line,
            position,
            (offset[0], offset[1] - LINE_HEIGHT * number),
            axes.get_yaxis_transform(),
            "offset points",
            ha=alignment,
            va="center_baseline",
        )
