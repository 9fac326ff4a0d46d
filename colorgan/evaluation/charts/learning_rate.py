"""The chart of ``lr-find``."""

import io

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from colorgan.evaluation.charts.figure import COLORS, in_our_style, set_ticks
from colorgan.training.lr_finder import LRCurve


@in_our_style
def learning_rate_chart(curve: LRCurve, title: str = "") -> bytes:
    """Draws the result of a learning-rate range test on a logarithmic axis, with the suggested learning rate.

    Args:
        curve: the result of a range test. Losses are drawn as dots, smoothed losses as a line.
        title: heading of the chart.

    Returns:
        A PNG file of 900 x 540 pixels.
    """
    figure = Figure(figsize=(10, 6), dpi=90, layout="constrained")  # inches
    axes = figure.subplots()
    axes.plot(curve.lrs, curve.losses, "o", color=COLORS[8], alpha=0.6, markersize=4, markeredgewidth=0)
    axes.plot(curve.lrs, curve.smoothed, color=COLORS[0], linewidth=2.5)
    axes.axvline(curve.suggestion, color=COLORS[1], linewidth=2)
    is_left = curve.suggestion**2 < curve.lrs[0] * curve.lrs[-1]
    axes.annotate(
        f"suggested: {curve.suggestion:.1e}",
        (curve.suggestion, 1),
        (6 if is_left else -6, -6),
        axes.get_xaxis_transform(),
        "offset points",
        color=COLORS[1],
        ha="left" if is_left else "right",
        va="top",
    )
    lowest, first = min(curve.smoothed), curve.smoothed[0]
    span = max(first - lowest, abs(lowest) * 1e-3, 1e-9)
    axes.set_ylim(lowest - 0.15 * span, first + 0.35 * span)  # diverging losses are cut off
    axes.set_xscale("log")
    axes.set_xlim(curve.lrs[0], curve.lrs[-1])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    set_ticks(axes.yaxis)
    axes.grid()
    axes.set(title=title, xlabel="learning rate", ylabel="loss")
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
