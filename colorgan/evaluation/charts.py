"""Line charts and dot charts as SVG, for pages and for files of their own, on light and dark backgrounds."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from colorgan.evaluation.statistics import Interval

_COLORS = ("#3b7dd8", "#d9622b", "#2f9e57", "#b14fc5", "#c79a00", "#d6336c", "#1098ad", "#8d6e63", "#7a8794")
_DASHES = ("", "7 4", "2 3")
_STYLE = (
    "<style>svg text{fill:currentColor;font:12px system-ui,sans-serif}svg .grid{stroke:currentColor;opacity:.18}"
    "svg .baseline{stroke:currentColor;opacity:.6;stroke-dasharray:3 4}svg{color:#1c1c1e}"
    "@media(prefers-color-scheme:dark){svg{color:#e4e6e9}}</style>"
)
_WIDTH = 760
_SMALL_WIDTH = 360
_MAX_RELATIVE_TO_BASELINE = 1.5
"""Values above this multiple of the baseline are clipped, so that a diverging run does not flatten all other curves."""


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


@dataclass(frozen=True)
class Dots:
    """A row of a dot chart.

    Attributes:
        label: name at the left.
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


def line_chart(
    lines: Sequence[Line], x_label: str, y_label: str, baseline: float | None = None, small: bool = False
) -> str:
    """Draws curves.

    Args:
        lines: the curves. Points that are not finite are left out.
        x_label: label of the horizontal axis.
        y_label: label of the vertical axis; the title of a small chart.
        baseline: a level drawn as a dashed line across the chart, that of the gray photos.
        small: draws a chart of half the width without a legend, as one of many side by side.

    Returns:
        An ``<svg>`` element.
    """
    width = _SMALL_WIDTH if small else _WIDTH
    height, left, right, top, bottom = (
        (200.0, 52.0, width - 10.0, 26.0, 168.0) if small else (320.0, 56.0, width - 12.0, 14.0, 280.0)
    )
    finite = [[(x, y) for x, y in line.points if math.isfinite(y)] for line in lines]
    xs = [x for points in finite for x, _ in points] or [0.0]
    ys = [y for points in finite for _, y in points] or [0.0]
    if baseline is not None:
        ys = [y for y in ys if y <= _MAX_RELATIVE_TO_BASELINE * baseline] + [baseline]
    ys += [line.baseline for line in lines if line.baseline is not None]
    horizontal = _Scale(min(xs), max(xs), left, right)
    vertical = _Scale(*_padded(min(ys), max(ys)), bottom, top)
    labels = list(dict.fromkeys(line.label for line in lines))

    body = [_text(horizontal(tick), bottom + 16, f"{tick:g}", "middle") for tick in horizontal.ticks(integers=True)]
    if small:
        bold = ' style="font-weight:600"'
        body += [_text(4, 14, y_label, attributes=bold), _text(right, bottom + 30, x_label, "end")]
    else:
        rotation = f' transform="rotate(-90 14 {bottom / 2:g})"'
        body += [_text(width / 2, height - 6, x_label, "middle"), _text(14, bottom / 2, y_label, "middle", rotation)]
    for tick in vertical.ticks():
        body.append(_segment(left, vertical(tick), right, vertical(tick), ' class="grid"'))
        body.append(_text(left - 6, vertical(tick) + 4, f"{tick:g}", "end"))
    if baseline is not None:
        body.append(_segment(left, vertical(baseline), right, vertical(baseline), ' class="baseline"'))
        body.append(_text(right, vertical(baseline) - 4, "gray photos", "end"))
    curves = []
    for line, points in zip(lines, finite, strict=True):
        stroke = _stroke(labels.index(line.label), line.color)
        weight = ' stroke-width="1" opacity=".4"' if line.faint else ' stroke-width="2"'
        path = " ".join(f"{horizontal(x):.1f},{vertical(y):.1f}" for x, y in points)
        title = f"<title>{escape(line.label)}</title>"
        curves.append(f'<polyline fill="none"{weight}{stroke} points="{path}">{title}</polyline>')
        if len(points) == 1:  # a polyline of one point is invisible
            (x, y) = (horizontal(points[0][0]), vertical(points[0][1]))
            curves.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="none"{weight}{stroke}/>')
        if line.baseline is not None:
            level = vertical(line.baseline)
            color = _stroke(labels.index(line.label), line.color, dashes="4 4")
            curves.append(_segment(left, level, right, level, color))
    body.append(_clipped(left, 0, right + 4, bottom, curves))
    legend, legend_height = ([], 0.0) if small else _legend(lines, labels, left, right, height)
    return _svg(width, height + legend_height, body + legend, f"{y_label} by {x_label}")


def dot_chart(rows: Sequence[Dots], x_label: str, baseline: float | None = None, from_zero: bool = False) -> str:
    """Draws one row per configuration or system: the interval as a bar, the values as dots and the mean as a tick.

    Args:
        rows: from top to bottom.
        x_label: label of the horizontal axis.
        baseline: a level drawn as a dashed line, that of the gray photos.
        from_zero: starts the axis at 0.

    Returns:
        An ``<svg>`` element.
    """
    row_height, top = 24.0, 8.0
    left = min(300.0, 24 + 7.0 * max((len(row.label) for row in rows), default=0))
    right = _WIDTH - 16 - 7.0 * max((len(row.note) for row in rows), default=0)
    bottom = top + row_height * len(rows)
    values = [value for row in rows for value in (row.mean, *row.values)]
    values += [bound for row in rows if row.interval for bound in (row.interval.low, row.interval.high)]
    largest = max(values, default=1.0)
    if baseline is not None:
        largest = max(min(largest, _MAX_RELATIVE_TO_BASELINE * baseline), baseline)
    low, high = _padded(min([*values, largest]), largest)
    scale = _Scale(0.0 if from_zero else low, high, left, right)

    body = [_text((left + right) / 2, bottom + 34, x_label, "middle")]
    for tick in scale.ticks():
        body.append(_segment(scale(tick), top, scale(tick), bottom, ' class="grid"'))
        body.append(_text(scale(tick), bottom + 16, f"{tick:g}", "middle"))
    if baseline is not None:
        body.append(_segment(scale(baseline), top, scale(baseline), bottom, ' class="baseline"'))
        body.append(_text(scale(baseline) - 5, bottom - 6, "gray photos", "end"))
    marks = []
    for number, row in enumerate(rows):
        y = top + row_height * (number + 0.5)
        color = row.color or _COLORS[0]
        body.append(_text(left - 10, y + 4, row.label, "end"))
        if row.note:
            body.append(_text(_WIDTH - 4, y + 4, row.note, "end"))
        if row.interval:
            bar = f' stroke="{color}" stroke-width="7" opacity=".3"'
            marks.append(_segment(scale(row.interval.low), y, scale(row.interval.high), y, bar))
        marks.append(_segment(scale(row.mean), y - 7, scale(row.mean), y + 7, f' stroke="{color}" stroke-width="2.5"'))
        marks += [f'<circle cx="{scale(v):.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for v in row.values]
    return _svg(_WIDTH, bottom + 40, [*body, _clipped(left - 2, 0, right + 4, bottom, marks)], x_label)


class _Scale:
    """Maps values to pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low + 1.0
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, integers: bool = False) -> list[float]:
        """Four to ten round numbers.

        >>> _Scale(0, 47, 0, 1).ticks()
        [0.0, 10.0, 20.0, 30.0, 40.0]
        """
        span = self.high - self.low
        power = 10.0 ** math.floor(math.log10(span / 4))
        step = max(factor * power for factor in (1, 2, 5) if span / (factor * power) >= 4)
        if integers:
            step = max(1.0, step)
        return [round(i * step, 10) for i in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]


def _padded(low: float, high: float) -> tuple[float, float]:
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _stroke(number: int, color: str | None = None, dashes: str | None = None) -> str:
    """The stroke attributes of the n-th label; colors repeat with other dashes."""
    if dashes is None:
        dashes = "" if color else _DASHES[number // len(_COLORS) % len(_DASHES)]
    return f' stroke="{color or _COLORS[number % len(_COLORS)]}"' + (f' stroke-dasharray="{dashes}"' if dashes else "")


def _segment(x1: float, y1: float, x2: float, y2: float, attributes: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{attributes}/>'


def _text(x: float, y: float, text: str, anchor: str = "start", attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{escape(text)}</text>'


def _clipped(left: float, top: float, right: float, bottom: float, body: Sequence[str]) -> str:
    """Clips elements to a rectangle. The id is a hash of the elements, because ids must be unique in a page."""
    drawn = "".join(body)
    name = f"w{zlib.crc32(drawn.encode()):08x}"
    position = f'x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}"'
    return f'<clipPath id="{name}"><rect {position}/></clipPath><g clip-path="url(#{name})">{drawn}</g>'


def _legend(
    lines: Sequence[Line], labels: Sequence[str], left: float, right: float, top: float
) -> tuple[list[str], float]:
    """The elements of the legend and its height; entries wrap like words."""
    colors = {line.label: line.color for line in lines}
    elements: list[str] = []
    x, y = left, top + 12.0
    for number, label in enumerate(labels):
        length = 38 + 7.0 * len(label)
        if x > left and x + length > right:
            x, y = left, y + 18
        elements.append(_segment(x, y - 4, x + 20, y - 4, f'{_stroke(number, colors[label])} stroke-width="2.5"'))
        elements.append(_text(x + 25, y, label))
        x += length
    return elements, y - top + 8


def _svg(width: float, height: float, body: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(title)}">{_STYLE}{"".join(body)}</svg>'
    )
