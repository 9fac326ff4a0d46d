"""Charts as inline SVG, in the colors of the page they stand in."""

import math
from collections.abc import Mapping, Sequence

from colorgan.evaluation.report.html import escape
from colorgan.evaluation.report.statistics import Estimate

_COLORS = 8


def color(index: int) -> str:
    """The color of the n-th system, as CSS."""
    return f"var(--c{index % _COLORS})"


def intervals(figures: Mapping[str, Estimate], colors: Mapping[str, str], label: str, digits: int = 2) -> str:
    """Figures as dots with their intervals as bars, one row each, on a common axis that begins at 0.

    It is made of boxes rather than drawn, so that its words keep their size on a narrow screen.

    Args:
        figures: name to figure; those that are not finite are left out.
        colors: name to CSS color; others are drawn faint.
        label: what the axis shows.
        digits: decimals beside the dots.
    """
    shown = {name: figure for name, figure in figures.items() if math.isfinite(figure.value)}
    if not shown:
        return ""
    ticks = _ticks(0.0, max(figure.high if figure.has_interval else figure.value for figure in shown.values()) or 1.0)

    def share(value: float) -> float:
        return round(100 * max(0.0, value) / ticks[-1], 2)

    lines = "".join(f'<i style="left:{share(tick)}%"></i>' for tick in ticks)
    rows = []
    for name, figure in shown.items():
        bar = ""
        if figure.has_interval:
            width = round(share(figure.high) - share(figure.low), 2)
            bar = f'<b style="left:{share(figure.low)}%;width:{width}%"></b>'
        rows.append(
            f'<div class="row" style="--color:{colors.get(name, "var(--faint)")}"><span>{escape(name)}</span>'
            f'<span class="track">{lines}{bar}<u style="left:{share(figure.value)}%"></u></span>'
            f"<span>{figure.value:.{digits}f}</span></div>"
        )
    axis = "".join(f'<em style="left:{share(tick)}%">{_number(tick)}</em>' for tick in ticks)
    rows.append(f'<div class="row axis"><span></span><span class="track">{axis}</span><span></span></div>')
    return f'<div class="dots">{"".join(rows)}</div><p class="faint">{escape(label)}</p>'


def curves(
    series: Mapping[str, Sequence[tuple[float, float]]],
    colors: Mapping[str, str],
    label: str,
    floors: Mapping[str, float] | None = None,
) -> str:
    """Lines over epochs.

    Args:
        series: name to points (epoch, value); values that are not finite are left out.
        colors: name to CSS color.
        label: what is shown.
        floors: name to a value that is drawn as a dashed line across, such as that of the gray photos.
    """
    lines = {name: [p for p in points if math.isfinite(p[1])] for name, points in series.items()}
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return ""
    everything = [point for points in lines.values() for point in points]
    last = max(1.0, max(epoch for epoch, _ in everything))
    floors = floors or {}
    values = [value for _, value in everything] + list(floors.values())
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
        paint = colors.get(name, "var(--faint)")
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
        if len(points) == 1:
            x, y = place(*points[0])
            parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{paint}"><title>{escape(name)}</title></circle>')
        else:
            drawn = f'fill="none" stroke="{paint}" stroke-width="2" stroke-linejoin="round"'
            parts.append(f'<polyline points="{path}" {drawn}><title>{escape(name)}</title></polyline>')
        if name in floors:
            y = place(0, floors[name])[1]
            dashes = f'x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke-dasharray="4 4"'
            parts.append(f'<line {dashes} stroke="{paint}"><title>gray photos, {escape(name)}</title></line>')
    return "".join([*parts, "</svg>"])


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers that span a range.

    >>> _ticks(0, 87), _ticks(0.12, 0.29)
    ([0.0, 25.0, 50.0, 75.0, 100.0], [0.1, 0.15, 0.2, 0.25, 0.3])
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
