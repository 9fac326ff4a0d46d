"""Charts, drawn by matplotlib: SVG for reports, which follows light and dark backgrounds, and PNG for ``lr-find``."""

from colorgan.evaluation.charts.dots import Dots, dot_chart
from colorgan.evaluation.charts.figure import ResponsiveChart, Size
from colorgan.evaluation.charts.learning_rate import learning_rate_chart
from colorgan.evaluation.charts.lines import Line, line_chart
from colorgan.evaluation.charts.scatter import Points, scatter_chart

__all__ = [
    "Dots",
    "Line",
    "Points",
    "ResponsiveChart",
    "Size",
    "dot_chart",
    "learning_rate_chart",
    "line_chart",
    "scatter_chart",
]
