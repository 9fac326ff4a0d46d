"""``report.html``, a self-contained file; ``report.md``, the same without a browser; ``report.tex`` for papers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from colorgan.evaluation.charts import Dots, Line, ResponsiveChart, dot_chart, line_chart
from colorgan.evaluation.curves import Curve
from colorgan.evaluation.latex import render_tables
from colorgan.evaluation.rendering import render
from colorgan.evaluation.report import formatting
from colorgan.evaluation.report.gallery import color_histograms, extremes, make_sheet
from colorgan.evaluation.report.images import ImageStore
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.evaluation.report.systems import REFERENCE
from colorgan.evaluation.report.tables import comparison_table, hint_tables, latex_table, result_tables
from colorgan.evaluation.report.verdicts import comparison_sentences
from colorgan.metrics.registry import find_metric

_GRAY_SUFFIX = "_gray"
_EPOCH_SUFFIX = "_epoch"
_NUM_COLORS = 8


@dataclass(frozen=True)
class ReportAssets:
    """The images and curves of a page.

    Attributes:
        images: the images of all systems.
        selected: indices of the photos on the sheet.
        histograms: histogram of a and b by system.
        curves: curves of the training run by system.
    """

    images: ImageStore
    selected: Sequence[int]
    histograms: Mapping[str, npt.NDArray[np.float64]]
    curves: Mapping[str, dict[str, Curve]]


@dataclass(frozen=True)
class TrainingCurves:
    """The training curves of all systems.

    Attributes:
        legend: name and color of each system that has curves.
        charts: one ``<svg>`` element per metric.
    """

    legend: Sequence[tuple[str, str]]
    charts: Sequence[str]


def render_page(results: EvaluationResults, assets: ReportAssets, title: str) -> str:
    """The report as HTML.

    Args:
        results: the results.
        assets: images and curves.
        title: heading of the report.
    """
    colors = {name: f"var(--c{index % _NUM_COLORS})" for index, name in enumerate(results.compared)}
    return render(
        "evaluation.html.jinja",
        **_shared_context(results, title),
        reference=REFERENCE,
        headline=_headline_chart(results, colors),
        sheet=make_sheet(results, assets.images, assets.selected),
        extremes=extremes(results, assets.images),
        histograms=color_histograms(results, assets.histograms),
        curves=_training_curves(assets.curves, colors),
    )


def render_markdown(results: EvaluationResults, title: str, sheet_file: str | None = None) -> str:
    """The report as Markdown.

    Args:
        results: the results.
        title: heading of the report.
        sheet_file: name of the contact sheet in the same folder.
    """
    return render("evaluation.md.jinja", **_shared_context(results, title), sheet_file=sheet_file)


def render_latex(results: EvaluationResults, title: str) -> str:
    """The tables of the report for papers.

    Args:
        results: the results.
        title: heading of the report.
    """
    comparison = comparison_table(results)
    record = results.record
    shared = f"{record['photos']['count']:,} photos of {record['photos']['folder']}, {record['protocol']}."
    small_print = (
        "Small print: 95% intervals; for kernel distances, the standard deviation over subsets. Bold: significantly "
        "better than another system, and not significantly worse than any. Below the line: baselines."
    )
    tables = [
        *((table, small_print) for table in result_tables(results)),
        *([(comparison, comparison.note)] if comparison else []),
        *((table, table.note) for table in hint_tables(results)),
    ]
    made_with = f"{title}, made with colorgan {record['versions']['colorgan']}; photos {record['photos']['sha256']}"
    return render_tables([latex_table(table, title, f"{shared} {note}") for table, note in tables], made_with)


def _shared_context(results: EvaluationResults, title: str) -> dict[str, Any]:
    record = results.record
    return {
        "title": title,
        "subtitle": f"{len(results.photos):,} photos of {record['photos']['folder']} · {record['protocol']}",
        "summary": formatting.summarize(results),
        "warnings": formatting.warnings(results),
        "tables": result_tables(results),
        "comparison": comparison_table(results),
        "verdicts": comparison_sentences(results),
        "hint_tables": hint_tables(results),
        "record": record,
        "systems": results.systems,
        "metrics": results.metrics,
    }


def _headline_chart(results: EvaluationResults, colors: Mapping[str, str]) -> ResponsiveChart | None:
    metric = results.headline
    rows = [
        Dots(
            name,
            [estimate.value],
            estimate.value,
            estimate.interval,
            color=colors.get(name, "var(--faint)"),
            note=formatting.format_value(estimate, metric),
        )
        for name, estimates in results.estimates.items()
        if (estimate := estimates.get(metric.key)) is not None and np.isfinite(estimate.value)
    ]
    if not rows:
        return None
    x_label = f"{metric.title}, {metric.direction}; bars are 95% intervals"
    return ResponsiveChart.draw(lambda size: dot_chart(rows, x_label, from_zero=True, size=size))


def _training_curves(curves: Mapping[str, dict[str, Curve]], colors: Mapping[str, str]) -> TrainingCurves | None:
    """One chart per metric, with the levels of the gray photos; ``None`` if no system has curves."""
    if not any(curves.values()):
        return None
    logged = {metric for own in curves.values() for metric in own}
    charts = []
    for metric in sorted(logged, key=_curve_order):
        if metric.endswith(_GRAY_SUFFIX) and metric.removesuffix(_GRAY_SUFFIX) in logged:
            continue  # drawn as the baseline of the metric
        if metric + _EPOCH_SUFFIX in logged:
            continue  # single batches of what the means of epochs show
        lines = [
            Line(name, own[metric], color=colors[name], baseline=_baseline(own, metric))
            for name, own in curves.items()
            if metric in own and np.isfinite([value for _, value in own[metric]]).any()
        ]
        if lines:
            charts.append(line_chart(lines, "epoch", metric, size="small"))
    return TrainingCurves([(name, colors[name]) for name, own in curves.items() if own], charts)


def _baseline(curves: Mapping[str, Curve], metric: str) -> float | None:
    gray = curves.get(metric + _GRAY_SUFFIX)
    return gray[0][1] if gray else None


def _curve_order(name: str) -> tuple[bool, bool, str]:
    """Validation before training, distances first."""
    stage, _, key = name.partition("/")
    metric = find_metric(key)
    return stage != "val", metric is None or not metric.headline, name
