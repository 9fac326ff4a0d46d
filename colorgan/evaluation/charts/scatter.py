"""Scatter charts, such as the trials of a search by the value of a parameter."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import NullLocator

from colorgan.evaluation.charts.figure import (
    CHARACTER_WIDTH,
    LINE_HEIGHT,
    WIDTHS,
    Size,
    SVGFigure,
    in_our_style,
    set_ticks,
    set_titles,
    wrapped,
)
from colorgan.evaluation.charts.limits import fitted_limits

_HEIGHTS: dict[Size, int] = {"wide": 320, "narrow": 260, "small": 210}
"""Heights without the legend, in pixels."""


@dataclass(frozen=True)
class Points:
    """Points of one kind.

    Attributes:
        label: entry in the legend.
        points: (x, y) pairs; x is the name of a category, or a number.
        color: CSS color.
        hollow: drawn as rings.
        tooltips: one text per point.
    """

    label: str
    points: Sequence[tuple[float | str, float]]
    color: str
    hollow: bool = False
    tooltips: Sequence[str] = ()


@in_our_style
def scatter_chart(
    groups: Sequence[Points],
    x_label: str,
    y_label: str,
    steps: Sequence[tuple[float, float]] = (),
    log: bool = False,
    categories: Sequence[str] = (),
    size: Size = "wide",
) -> str:
    """Draws points, and optionally a line of steps.

    Values far from all others are beyond the chart, which then says how many.

    Args:
        groups: the points by kind; later ones are drawn above earlier ones.
        x_label: label of the horizontal axis.
        y_label: label of the vertical axis; the title of a chart that is not wide.
        steps: (x, y) pairs of a line that keeps each value until the next, such as the best so far.
        log: whether the horizontal axis is logarithmic.
        categories: names on the horizontal axis, for points whose x is one of them.
        size: size and layout of the chart; a small one has no legend.

    Returns:
        An ``<svg>`` element.
    """
    shown = [group for group in groups if group.points]
    limits = fitted_limits(y for group in shown for _, y in group.points)
    beyond = sum(limits.side(y) != 0 for group in shown for _, y in group.points)
    if beyond:
        x_label = f"{x_label} ({beyond} of the points {'is' if beyond == 1 else 'are'} beyond the chart)"
    width, height = WIDTHS[size], _HEIGHTS[size]
    y_title = wrapped(y_label, height if size == "wide" else width)
    x_title = wrapped(x_label, 0.9 * width)
    names = [wrapped(name, width / len(categories) * 0.8) for name in categories]
    lines = x_title.count("\n") + max((name.count("\n") for name in names), default=0)
    lines += (0 if size == "wide" else y_title.count("\n")) + (0 if size == "small" else 2)
    chart = SVGFigure(width, height + LINE_HEIGHT * lines, f"{y_label} by {x_label}")
    axes = chart.axes
    if steps:
        axes.step(*zip(*steps, strict=True), where="post", color=chart.color("currentColor"), alpha=0.5, linewidth=1.5)
    handles = []
    for group in shown:
        color = chart.color(group.color)
        for index, (x, y) in enumerate(group.points):
            position = categories.index(x) if isinstance(x, str) else x
            (dot,) = axes.plot(
                [position],
                [y],
                "o",
                color=color,
                markersize=6,
                markerfacecolor="none" if group.hollow else color,
                markeredgewidth=1.2 if group.hollow else 0,
            )
            if group.tooltips:
                chart.set_tooltip(dot, group.tooltips[index])
        handles.append(dot)
    if categories:
        axes.set_xlim(-0.5, len(categories) - 0.5)
        axes.set_xticks(range(len(categories)), names)
    elif log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        whole = all(isinstance(x, int) or float(x).is_integer() for group in shown for x, _ in group.points)
        set_ticks(axes.xaxis, integer=whole)
    axes.set_ylim(limits.low, limits.high)
    axes.grid(axis="y")
    set_ticks(axes.yaxis)
    set_titles(axes, x_title, y_title, size)
    if size != "small" and len(shown) > 1:
        longest = 40 + CHARACTER_WIDTH * max(len(group.label) for group in shown)
        columns = max(1, min(len(shown), int(width / longest)))
        chart.figure.legend(handles, [group.label for group in shown], loc="outside lower left", ncols=columns)
    return chart.render()
