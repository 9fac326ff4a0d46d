"""Dot charts, which compare configurations or systems by one metric."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from colorgan.evaluation.charts.figure import (
    COLORS,
    LINE_HEIGHT,
    MAX_RELATIVE_TO_BASELINE,
    WIDTHS,
    Size,
    SVGFigure,
    draw_baseline,
    in_our_style,
    padded,
    set_ticks,
    wrapped,
)
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
    labels = [wrapped(row.label, 0.4 * width if is_wide else width) for row in rows]
    text_heights = [LINE_HEIGHT * (label.count("\n") + 1) for label in labels]
    heights = [max(24, height + 8) if is_wide else height + 22 for height in text_heights]
    ends = np.cumsum([0, *heights])  # the vertical axis is in pixels, too
    centers = [end - height / 2 if is_wide else end - 12 for end, height in zip(ends[1:], heights, strict=True)]
    chart = SVGFigure(width, int(ends[-1]) + (66 if baseline is None else 82), x_label)
    axes = chart.axes
    for row, label, y in zip(rows, labels, centers, strict=True):
        color = chart.color(row.color or COLORS[0])
        if row.interval:
            axes.plot(
                [row.interval.low, row.interval.high], [y, y], color=color, lw=7, alpha=0.3, solid_capstyle="butt"
            )
        axes.plot([row.mean, row.mean], [y - 7, y + 7], color=color, linewidth=2.5)
        (dots,) = axes.plot(row.values, [y] * len(row.values), "o", color=color, markersize=6, markeredgewidth=0)
        chart.set_tooltip(dots, row.label)
        if not is_wide:
            axes.text(0, y - 10, label, transform=axes.get_yaxis_transform(), ha="left", va="bottom")
        if row.note:
            axes.annotate(row.note, (1, y), (6, 0), axes.get_yaxis_transform(), "offset points", va="center_baseline")
    values = [value for row in rows for value in (row.mean, *row.values)]
    values += [bound for row in rows if row.interval for bound in (row.interval.low, row.interval.high)]
    largest = max(values, default=1.0)
    if baseline is not None:
        largest = max(min(largest, MAX_RELATIVE_TO_BASELINE * baseline), baseline)
        draw_baseline(axes.axvline, baseline)
        axes.annotate("gray photos", (baseline, 1), (0, 2), axes.get_xaxis_transform(), "offset points", ha="center")
    low, high = padded(min([*values, largest]), largest)
    axes.set_xlim(0.0 if from_zero else low, high)
    axes.set_ylim(max(float(ends[-1]), 1.0), 0.0)
    axes.set_yticks(centers if is_wide else [], labels if is_wide else [])
    axes.grid(axis="x")
    set_ticks(axes.xaxis)
    axes.set_xlabel(wrapped(x_label, width))
    return chart.render()
