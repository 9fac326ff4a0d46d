"""Charts as inline SVG, in the colours of the page they stand in."""

import math
from collections.abc import Mapping, Sequence

from colorgan.report.html import escape
from colorgan.report.statistics import Estimate

_COLOURS = 8


def colour(index: int) -> str:
    """The colour of the n-th system, as CSS."""
    return f"var(--c{index % _COLOURS})"


def intervals(figures: Mapping[str, Estimate], colours: Mapping[str, str], label: str, digits: int = 2) -> str:
    """Figures as dots with their intervals as lines, one row each, on a common axis that begins at 0.

    Args:
        figures: name to figure; those that are not finite are left out.
        colours: name to CSS colour; others are drawn faint.
        label: what the axis shows.
        digits: decimals beside the dots.
    """
    shown = {name: figure for name, figure in figures.items() if math.isfinite(figure.value)}
    if not shown:
        return ""
    highest = max(figure.high if figure.has_interval else figure.value for figure in shown.values())
    ticks = _ticks(0.0, highest or 1.0)
    left, right, top, row = 150, 640, 8, 30
    height = top + row * len(shown) + 40

    def x(value: float) -> float:
        return round(left + (right - left) * value / ticks[-1], 1)

    parts = [f'<svg viewBox="0 0 720 {height}" role="img" aria-label="{escape(label)}">']
    bottom = top + row * len(shown)
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="{top}" y2="{bottom}"/>')
        parts.append(f'<text class="faint" x="{x(tick)}" y="{bottom + 16}" text-anchor="middle">{_number(tick)}</text>')
    parts.append(f'<text class="faint" x="{left}" y="{bottom + 34}">{escape(label)}</text>')
    for position, (name, figure) in enumerate(shown.items()):
        y = top + row * position + row / 2
        paint = colours.get(name, "var(--faint)")
        text = name if len(name) <= 20 else f"{name[:10]}…{name[-9:]}"
        parts.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{escape(text)}</text>')
        end = figure.value
        if figure.has_interval:
            end = figure.high
            span = f'x1="{x(max(0.0, figure.low))}" x2="{x(figure.high)}" y1="{y}" y2="{y}"'
            parts.append(f'<line {span} stroke="{paint}" stroke-width="3" stroke-linecap="round" opacity=".45"/>')
        parts.append(f'<circle cx="{x(figure.value)}" cy="{y}" r="5" fill="{paint}"/>')
        parts.append(f'<text class="faint" x="{x(end) + 10}" y="{y + 4}">{figure.value:.{digits}f}</text>')
    return "".join([*parts, "</svg>"])


def curves(series: Mapping[str, Sequence[tuple[float, float]]], colours: Mapping[str, str], label: str) -> str:
    """Lines over epochs.

    Args:
        series: name to points (epoch, value); values that are not finite are left out.
        colours: name to CSS colour.
        label: what is shown.
    """
    lines = {name: [p for p in points if math.isfinite(p[1])] for name, points in series.items()}
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return ""
    everything = [point for points in lines.values() for point in points]
    last = max(1.0, max(epoch for epoch, _ in everything))
    values = [value for _, value in everything]
    ticks = _ticks(min(values), max(values))
    left, right, top, bottom = 52, 350, 26, 168

    def place(epoch: float, value: float) -> tuple[float, float]:
        across = left + (right - left) * epoch / last
        return round(across, 1), round(bottom - (bottom - top) * (value - ticks[0]) / (ticks[-1] - ticks[0]), 1)

    parts = [f'<svg viewBox="0 0 360 200" role="img" aria-label="{escape(label)} over epochs">']
    parts.append(f'<text x="4" y="14" font-weight="600">{escape(label)}</text>')
    for tick in ticks:
        y = place(0, tick)[1]
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="faint" x="{left - 6}" y="{y + 4}" text-anchor="end">{_number(tick)}</text>')
    for epoch in dict.fromkeys((0, round(last / 2), round(last))):
        across = place(epoch, ticks[0])[0]
        parts.append(f'<text class="faint" x="{across}" y="{bottom + 16}" text-anchor="middle">{epoch}</text>')
    parts.append(f'<text class="faint" x="{right}" y="{bottom + 30}" text-anchor="end">epoch</text>')
    for name, points in lines.items():
        paint = colours.get(name, "var(--faint)")
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
        if len(points) == 1:
            _, y = place(*points[0])
            dashes = f'x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke-dasharray="4 4"'
            parts.append(f'<line {dashes} stroke="{paint}"><title>{escape(name)}</title></line>')
        else:
            drawn = f'fill="none" stroke="{paint}" stroke-width="2" stroke-linejoin="round"'
            parts.append(f'<polyline points="{path}" {drawn}><title>{escape(name)}</title></polyline>')
    return "".join([*parts, "</svg>"])


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers that span a range.

    >>> _ticks(0, 87), _ticks(0.12, 0.29)
    ([0.0, 20.0, 40.0, 60.0, 80.0, 100.0], [0.1, 0.15, 0.2, 0.25, 0.3])
    """
    span = high - low or abs(high) or 1.0
    rough = span / 4
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough * 0.999)
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return [float(f"{step * position:.10g}") for position in range(first, last + 1)]


def _number(value: float) -> str:
    return f"{value:g}"
