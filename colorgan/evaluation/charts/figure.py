"""The style of all charts, and their rendering as SVG."""

import functools
import io
import re
import textwrap
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, ParamSpec, TypeVar
from xml.etree import ElementTree

import matplotlib.style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import is_color_like
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

Size = Literal["wide", "narrow", "small"]
"""``wide`` fills a page, ``narrow`` a phone, and ``small`` is one of many side by side and has no legend."""

WIDTHS: dict[Size, int] = {"wide": 760, "narrow": 360, "small": 360}
"""In pixels."""
COLORS = ("#3b7dd8", "#d9622b", "#2f9e57", "#b14fc5", "#c79a00", "#d6336c", "#1098ad", "#8d6e63", "#7a8794")
BASELINE_DASHES = (0, (2, 2))
"""A line style of matplotlib: an offset, and lengths relative to the width of the line."""
INK = "#1c1c1e"
"""Color of text and grid. In SVG it becomes ``currentColor``."""
_FONT_SIZE = 12
"""In pixels."""
CHARACTER_WIDTH = 7.5
"""Mean width of a character of this size in DejaVu Sans, in pixels; the fonts of browsers are narrower."""
LINE_HEIGHT = 15
_STYLE = {
    "font.size": _FONT_SIZE,  # points, which are pixels at 72 dpi
    "figure.dpi": 72,
    "savefig.dpi": "figure",
    "text.parse_math": False,  # a dollar sign in the name of a run is a dollar sign
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "axes.formatter.useoffset": False,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.spines.bottom": False,
    "xtick.bottom": False,
    "ytick.left": False,
    "grid.color": INK,
    "grid.alpha": 0.18,
    "grid.linewidth": 1.0,
    "legend.frameon": False,
    "legend.borderpad": 0.0,
    "svg.fonttype": "none",
}
_STYLE_SHEET = "svg:root{color:#1c1c1e}@media(prefers-color-scheme:dark){svg:root{color:#e4e6e9}}"
"""Colors of a chart in a file of its own; in a page it has the color of the text around it."""
_FONTS = "system-ui,sans-serif"

_lock = threading.Lock()
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class ResponsiveChart:
    """A chart in two layouts, of which a page shows the one that fits the screen.

    Attributes:
        wide: an ``<svg>`` element.
        narrow: the same for phones.
    """

    wide: str
    narrow: str

    @classmethod
    def draw(cls, draw: Callable[[Size], str]) -> "ResponsiveChart":
        """Draws both layouts.

        Args:
            draw: draws a chart of a given size.
        """
        return cls(draw("wide"), draw("narrow"))


def in_our_style(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Draws in the style of this module, whatever the user's settings of matplotlib are.

    Settings of matplotlib are global, so charts are drawn one at a time, and the settings restored afterwards. The ids
    in an SVG are hashes salted with the arguments: the same chart has the same bytes, and two charts can share a page.
    """

    @functools.wraps(draw)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        salt = repr((draw.__name__, args, kwargs))
        with _lock, matplotlib.style.context(["default", {**_STYLE, "svg.hashsalt": salt}]), warnings.catch_warnings():
            # browsers have glyphs that the font which measures the text does not have
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing")
            return draw(*args, **kwargs)

    return wrapper


class SVGFigure:
    """A figure of one pair of axes, rendered as an SVG that fits into a page.

    Args:
        width: in pixels.
        height: in pixels.
        title: what screen readers say.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.figure = Figure(figsize=(width / 72, height / 72), frameon=False, layout="constrained")
        self.axes: Axes = self.figure.subplots()
        self.axes.patch.set_visible(False)
        self._title = title
        self._css_colors = {INK: "currentColor"}
        self._tooltips: dict[str, str] = {}

    def color(self, css: str) -> str:
        """A color for matplotlib, which stands for a CSS color that it may not know, such as ``var(--accent)``."""
        if is_color_like(css):
            return css
        known = {name: color for color, name in self._css_colors.items()}
        color = known.get(css, f"#0c1d{len(known):02x}")
        self._css_colors[color] = css
        return color

    def set_tooltip(self, artist: Artist, text: str) -> None:
        """Adds a text that a browser shows under the pointer."""
        name = f"tooltip{len(self._tooltips)}"
        artist.set_gid(name)
        self._tooltips[name] = text

    def render(self) -> str:
        """The ``<svg>`` element, without a size of its own and without what a page does not need."""
        file = io.BytesIO()
        self.figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
        content = file.getvalue()
        root = ElementTree.fromstring(content)  # noqa: S314 (written by matplotlib, with all text escaped)
        referenced = set(re.findall(r'(?:url\(|href=")#(\w+)', content.decode()))
        for element in root.iter():
            name, attributes = element.get("id", ""), element.attrib
            element.tag = _without_namespace(element.tag)
            element.attrib = {
                _without_namespace(key): self._simplified(key, value)
                for key, value in attributes.items()
                if value in referenced or not (key == "id" or value.startswith("rotate(-0"))
            }
            element.text, element.tail = (element.text or "").strip(), ""
            if name in self._tooltips:
                tooltip = ElementTree.Element("title")
                tooltip.text = self._tooltips[name]
                element.insert(0, tooltip)
            if element.tag == "style":  # matplotlib's would apply to the whole page
                element.text = _STYLE_SHEET
        root.attrib = {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": root.attrib["viewBox"],
            "role": "img",
            "aria-label": self._title,
            "font-family": _FONTS,
            "font-size": str(_FONT_SIZE),
            "stroke-linejoin": "round",
        }
        return ElementTree.tostring(root, encoding="unicode")

    def _simplified(self, name: str, value: str) -> str:
        """A style with CSS colors and without the font; other attributes with one decimal, a tenth of a pixel."""
        value = re.sub(r"\s+", " ", value).strip()
        if name == "style":
            value = re.sub(rf"font-family: [^;]+(; )?|font-size: {_FONT_SIZE}px(; )?", "", value)
            for color, css in self._css_colors.items():
                value = value.replace(color, css)
            return value.replace(": ", ":").replace("; ", ";")
        return re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), value)


def _without_namespace(name: str) -> str:
    return name.rpartition("}")[2]


def draw_baseline(draw: Callable[..., Line2D], level: float) -> None:
    """Draws the level of the gray photos with ``axhline`` or ``axvline``."""
    draw(level, color=INK, alpha=0.6, linewidth=1, linestyle=BASELINE_DASHES)


def set_ticks(axis: Axis, integer: bool = False) -> None:
    """Ticks at round numbers, or at integers only."""
    axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=integer, min_n_ticks=1))
    axis.set_major_formatter("{x:g}")


def set_titles(axes: Axes, x_title: str, y_title: str, size: Size) -> None:
    """Titles of both axes; in narrow layouts, that of the vertical one is above the chart."""
    if size == "wide":
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title, rotation_mode="anchor")
    else:
        axes.set_xlabel(x_title, loc="right")
        axes.set_title(y_title)


def wrapped(text: str, width: float) -> str:
    """Breaks a text into lines of at most ``width`` pixels."""
    return textwrap.fill(text, int(width / CHARACTER_WIDTH))
