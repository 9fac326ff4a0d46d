"""Line charts and dot charts as SVG that can stand in a page or in a file of its own, on light and on dark paper."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from colorgan.evaluation.benchmark.intervals import Interval

_COLORS = ("#3b7dd8", "#d9622b", "#2f9e57", "#b14fc5", "#c79a00", "#d6336c", "#1098ad", "#8d6e63", "#7a8794")
_DASHES = ("", "7 4", "2 3")
_STYLE = (
    "<style>svg text{fill:currentColor;font:12px system-ui,sans-serif}.faint{stroke:currentColor;opacity:.18}"
    ".floor{stroke:currentColor;opacity:.6;stroke-dasharray:3 4}svg{color:#1c1c1e}"
    "@media(prefers-color-scheme:dark){svg{color:#e4e6e9}}</style>"
)
_WIDTH = 760
_LARGEST_OVER_FLOOR = 1.5
"""A run that diverges must not flatten the curves of all others; what lies above leaves the picture."""


@dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        label: stands in the legend; curves of the same label have the same color.
        points: x and y.
        faint: drawn thin and pale, as one of several that another curve sums up.
    """

    label: str
    points: Sequence[tuple[float, float]]
    faint: bool = False


@dataclass(frozen=True)
class Dots:
    """A row of a dot chart.

    Attributes:
        label: stands at its left.
        values: one dot each.
        mean: a tick.
        interval: a bar.
    """

    label: str
    values: Sequence[float]
    mean: float
    interval: Interval | None = None


def line_chart(lines: Sequence[Line], x_label: str, y_label: str, floor: float | None = None) -> str:
    """Draws curves with a legend.

    Args:
        lines: the curves; one that holds no finite point is left out.
        x_label: what runs from left to right.
        y_label: what runs upwards.
        floor: a dashed level, that of the gray photos.

    Returns:
        An ``<svg>`` element.
    """
    height, left, right, bottom = 320.0, 56.0, _WIDTH - 12, 280.0
    finite = [[(x, y) for x, y in line.points if math.isfinite(y)] for line in lines]
    xs = [x for points in finite for x, _ in points] or [0.0]
    ys = [y for points in finite for _, y in points] or [0.0]
    if floor is not None:
        ys = [y for y in ys if y <= _LARGEST_OVER_FLOOR * floor] + [floor]
    horizontal = _Scale(min(xs), max(xs), left, right)
    vertical = _Scale(*_padded(min(ys), max(ys)), bottom, 14)
    labels = list(dict.fromkeys(line.label for line in lines))

    body = [
        _text(_WIDTH / 2, height - 6, x_label, "middle"),
        _text(14, bottom / 2, y_label, "middle", f' transform="rotate(-90 14 {bottom / 2:g})"'),
        *(_text(horizontal(tick), bottom + 16, f"{tick:g}", "middle") for tick in horizontal.ticks(whole=True)),
    ]
    for tick in vertical.ticks():
        body.append(_stroke(left, vertical(tick), right, vertical(tick), ' class="faint"'))
        body.append(_text(left - 6, vertical(tick) + 4, f"{tick:g}", "end"))
    if floor is not None:
        body.append(_stroke(left, vertical(floor), right, vertical(floor), ' class="floor"'))
        body.append(_text(right, vertical(floor) - 4, "gray photos", "end"))
    curves = []
    for line, points in zip(lines, finite, strict=True):
        path = " ".join(f"{horizontal(x):.1f},{vertical(y):.1f}" for x, y in points)
        ink = _ink(labels.index(line.label))
        weight = ' stroke-width="1" opacity=".4"' if line.faint else ' stroke-width="2"'
        curves.append(f'<polyline fill="none"{weight}{ink} points="{path}"/>')
    body.append(_window(left, 0, right + 4, bottom, curves))
    legend, legend_height = _legend(labels, left, right, height)
    return _svg(height + legend_height, body + legend, f"{y_label} by {x_label}")


def dot_chart(rows: Sequence[Dots], x_label: str, floor: float | None = None) -> str:
    """Draws a row per configuration: its interval as a bar, its runs as dots, their mean as a tick.

    Args:
        rows: from top to bottom.
        x_label: what runs from left to right.
        floor: a dashed level, that of the gray photos.

    Returns:
        An ``<svg>`` element.
    """
    step, top = 24.0, 8.0
    left, right = min(300.0, 24 + 7.0 * max((len(row.label) for row in rows), default=0)), _WIDTH - 16
    bottom = top + step * len(rows)
    values = [value for row in rows for value in row.values]
    values += [end for row in rows if row.interval for end in (row.interval.low, row.interval.high)]
    largest = max(values, default=1.0)
    if floor is not None:
        largest = max(min(largest, _LARGEST_OVER_FLOOR * floor), floor)
    scale = _Scale(*_padded(min([*values, largest]), largest), left, right)

    body = [_text((left + right) / 2, bottom + 34, x_label, "middle")]
    for tick in scale.ticks():
        body.append(_stroke(scale(tick), top, scale(tick), bottom, ' class="faint"'))
        body.append(_text(scale(tick), bottom + 16, f"{tick:g}", "middle"))
    if floor is not None:
        body.append(_stroke(scale(floor), top, scale(floor), bottom, ' class="floor"'))
        body.append(_text(scale(floor) - 5, bottom - 6, "gray photos", "end"))
    marks = []
    for number, row in enumerate(rows):
        y = top + step * (number + 0.5)
        body.append(_text(left - 10, y + 4, row.label, "end"))
        if row.interval:
            bar = f'{_ink(0)} stroke-width="7" opacity=".3"'
            marks.append(_stroke(scale(row.interval.low), y, scale(row.interval.high), y, bar))
        marks.append(_stroke(scale(row.mean), y - 7, scale(row.mean), y + 7, f'{_ink(0)} stroke-width="2.5"'))
        marks += [f'<circle cx="{scale(v):.1f}" cy="{y:.1f}" r="3" fill="{_COLORS[0]}"/>' for v in row.values]
    return _svg(bottom + 40, [*body, _window(left, 0, right + 4, bottom, marks)], x_label)


class _Scale:
    """Takes values to pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low + 1.0
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, whole: bool = False) -> list[float]:
        """Four to ten round numbers.

        >>> _Scale(0, 47, 0, 1).ticks()
        [0.0, 10.0, 20.0, 30.0, 40.0]
        """
        span = self.high - self.low
        power = 10.0 ** math.floor(math.log10(span / 4))
        step = max(factor * power for factor in (1, 2, 5) if span / (factor * power) >= 4)
        if whole:
            step = max(1.0, step)
        return [round(i * step, 10) for i in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]


def _padded(low: float, high: float) -> tuple[float, float]:
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _ink(number: int) -> str:
    dash = _DASHES[number // len(_COLORS) % len(_DASHES)]
    return f' stroke="{_COLORS[number % len(_COLORS)]}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _stroke(x1: float, y1: float, x2: float, y2: float, attributes: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{attributes}/>'


def _text(x: float, y: float, text: str, anchor: str = "start", attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{escape(text)}</text>'


def _window(left: float, top: float, right: float, bottom: float, body: Sequence[str]) -> str:
    """Keeps what is drawn inside a rectangle, which is named after its contents: names must be unique in a page."""
    drawn = "".join(body)
    name = f"w{zlib.crc32(drawn.encode()):08x}"
    place = f'x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}"'
    return f'<clipPath id="{name}"><rect {place}/></clipPath><g clip-path="url(#{name})">{drawn}</g>'


def _legend(labels: Sequence[str], left: float, right: float, top: float) -> tuple[list[str], float]:
    """The legend's elements and its height; entries flow into lines like words."""
    elements: list[str] = []
    x, y = left, top + 12.0
    for number, label in enumerate(labels):
        length = 38 + 7.0 * len(label)
        if x > left and x + length > right:
            x, y = left, y + 18
        elements.append(_stroke(x, y - 4, x + 20, y - 4, f'{_ink(number)} stroke-width="2.5"'))
        elements.append(_text(x + 25, y, label))
        x += length
    return elements, y - top + 8


def _svg(height: float, body: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" role="img" '
        f'aria-label="{escape(title)}">{_STYLE}{"".join(body)}</svg>'
    )
