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
    ys: list[float] = []
    for line in lines:
        number = labels.index(line.label)
        color = chart.color(line.color or COLORS[number % len(COLORS)])
        dashes = _DASHES[0] if line.color else _DASHES[number // len(COLORS) % len(_DASHES)]
        points = [(x, y) for x, y in line.points if np.isfinite(y)]
        ys += [y for _, y in points]
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
        if line.baseline is not None:
            axes.axhline(line.baseline, color=color, linestyle=BASELINE_DASHES, linewidth=1)
    if baseline is not None:
        ys = [y for y in ys if y <= MAX_RELATIVE_TO_BASELINE * baseline] + [baseline]
        draw_baseline(axes.axhline, baseline)
        axes.annotate("gray photos", (1, baseline), (0, 3), axes.get_yaxis_transform(), "offset points", ha="right")
    ys += [line.baseline for line in lines if line.baseline is not None]
    axes.set_xmargin(0.01)
    axes.set_ylim(*padded(min(ys, default=0.0), max(ys, default=0.0)))
    axes.grid(axis="y")
    set_ticks(axes.xaxis, integer=True)
    set_ticks(axes.yaxis)
    if size == "wide":
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title, rotation_mode="anchor")
    else:
        axes.set_xlabel(x_title, loc="right")
        axes.set_title(y_title)
    if rows:
        names = [wrapped(label, WIDTHS[size] - 40) for label in entries]
        chart.figure.legend(entries.values(), names, loc="outside lower left", ncols=columns)
    return chart.render()


def _legend_shape(labels: Sequence[str], width: float) -> tuple[int, int]:
    """The columns of the legend, and its height in lines of text."""
    if not labels:
        return 0, 0
    longest = 40 + CHARACTER_WIDTH * max(map(len, labels))
    columns = max(1, min(len(labels), int(width / longest)))
    lines = max(wrapped(label, width - 40).count("\n") + 1 for label in labels)
    return columns, -(-len(labels) // columns) * lines + 1
