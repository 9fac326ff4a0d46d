"""``report.html``: the report as one self-contained file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from colorgan.evaluation.charts import Dots, Line, dot_chart, line_chart
from colorgan.evaluation.curves import Curve
from colorgan.evaluation.html import document, escape, section, table
from colorgan.evaluation.report import formatting
from colorgan.evaluation.report.hints import COUNTS, HintResults
from colorgan.evaluation.report.images import ImageStore, ab_histogram_url
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.evaluation.report.systems import GRAY, REFERENCE
from colorgan.metrics.metric import Metric

_NUM_EXTREMES = 4
_GRAY_SUFFIX = "_gray"
_EXTREME_METRICS = ("ciede2000", "psnr", "ssim", "lpips")
_SHEET_IMAGE_SIZE = 256
_EXTREME_IMAGE_SIZE = 160
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


def render_page(results: EvaluationResults, assets: ReportAssets, title: str) -> str:
    """The report as HTML.

    Args:
        results: the results.
        assets: images and curves.
        title: heading of the report.
    """
    colors = {name: f"var(--c{index % _NUM_COLORS})" for index, name in enumerate(results.compared)}
    body = [_header(results, title)]
    body.append(section("Results", _headline_chart(results, colors), _result_tables(results)))
    body += [
        section(f"PSNR against the number of hints: {hints.protocol}", _hints_table(hints)) for hints in results.hints
    ]
    body.append(section("Side by side", _comparison_slider(results, assets), classes="screen"))
    body.append(section("The same photos from every system", _sheet(results, assets)))
    body.append(section("Best and worst", *_extremes(results, assets)))
    body.append(section("Distribution of colors", _histograms(results, assets)))
    body.append(section("Training", _training_curves(assets, colors)))
    body.append(section("How it was measured", _record(results)))
    return document(title, "\n".join(part for part in body if part))


def _header(results: EvaluationResults, title: str) -> str:
    count = len(results.photos)
    summary = "".join(f"<li>{escape(sentence)}</li>" for sentence in formatting.summarize(results))
    warnings = "".join(f'<p class="warning">{escape(warning)}</p>' for warning in formatting.warnings(results))
    folder = escape(results.record["photos"]["folder"])
    protocol = escape(results.record["protocol"])
    return (
        f'<header><h1>{escape(title)}</h1><p class="faint">{count:,} photos of {folder} · {protocol}</p></header>'
        f"<ul>{summary}</ul>{warnings}"
    )


def _headline_chart(results: EvaluationResults, colors: Mapping[str, str]) -> str:
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
        return ""
    chart = dot_chart(rows, f"{metric.title}, {metric.direction}; bars are 95 % intervals", from_zero=True)
    return f'<div class="chart">{chart}</div>'


def _result_tables(results: EvaluationResults) -> str:
    parts = []
    for title, metrics in formatting.metric_groups(results).items():
        head = '<th scope="col">system</th>' + "".join(
            f'<th scope="col" title="{escape(metric.description)}">{escape(metric.title)} {metric.arrow}</th>'
            for metric in metrics
        )
        rows = []
        for name, system in results.systems.items():
            if not any(metric.key in results.estimates[name] for metric in metrics):
                continue
            cells = "".join(_cell(results, metric, name) for metric in metrics)
            kind = ' class="baseline"' if system["kind"] == "baseline" else ""
            rows.append(f'<tr{kind}><th scope="row">{escape(name)}</th>{cells}</tr>')
        parts.append(f"<h3>{escape(title)}</h3>{table(''.join(rows), head)}")
    parts.append(
        '<p class="faint">Small print: 95 % intervals; for kernel distances, the standard deviation over subsets. '
        "Bold: significantly better than another system, and not significantly worse than any. Gray rows are "
        "baselines: the gray photos, one constant color, and the reference photos themselves. ↓ lower is better, "
        "↑ higher is better.</p>"
    )
    return "".join(parts)


def _cell(results: EvaluationResults, metric: Metric, system: str) -> str:
    estimate = results.estimates[system].get(metric.key)
    interval = formatting.format_interval(estimate, metric)
    best = ' class="best"' if formatting.is_best(results, metric, system) else ""
    note = f"<small>{interval}</small>" if interval else ""
    return f"<td{best}>{formatting.format_value(estimate, metric)}{note}</td>"


def _hints_table(hints: HintResults) -> str:
    head = '<th scope="col">hints</th>' + "".join(f'<th scope="col">{count}</th>' for count in COUNTS)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{mean.value:.2f}<small>{formatting.format_hint_interval(mean)}</small></td>" for mean in means)
        + "</tr>"
        for name, means in hints.psnr.items()
    )
    return f'{table(rows, head)}<p class="faint">{escape(formatting.hints_note(hints))}</p>'


def _sheet_columns(results: EvaluationResults) -> list[str]:
    return [GRAY, *results.compared, REFERENCE]


def _comparison_slider(results: EvaluationResults, assets: ReportAssets) -> str:
    names = _sheet_columns(results)
    left, right = 1, len(names) - 1
    photo_options, left_options, right_options = (
        "".join(
            f'<option value="{value}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
            for value, text in choices
        )
        for choices, chosen in (
            ([(index, assets.images.names[index]) for index in assets.selected], assets.selected[0]),
            (list(enumerate(names)), left),
            (list(enumerate(names)), right),
        )
    )
    under, over = (assets.images.url(names[at], assets.selected[0], _SHEET_IMAGE_SIZE) for at in (right, left))
    return (
        '<div class="compare"><div class="choices">'
        f"<label>photo<select>{photo_options}</select></label><label>left<select>{left_options}</select></label>"
        f"<label>right<select>{right_options}</select></label></div>"
        f'<div class="stage"><img src="{under}" alt="{escape(names[right])}">'
        f'<img class="over" src="{over}" alt="{escape(names[left])}"></div>'
        '<input type="range" min="0" max="100" value="50" aria-label="visible part of the left image"></div>'
    )


def _sheet(results: EvaluationResults, assets: ReportAssets) -> str:
    names = _sheet_columns(results)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names) + "<th></th>"
    rows = []
    for index in assets.selected:
        photo = assets.images.names[index]
        cells = "".join(
            f'<td><img loading="lazy" data-photo="{index}" data-system="{column}" '
            f'src="{assets.images.url(name, index, _SHEET_IMAGE_SIZE)}" '
            f'alt="{escape(f"{photo}, {name}")}"></td>'
            for column, name in enumerate(names)
        )
        rows.append(f'<tr>{cells}<td class="name">{escape(photo)}</td></tr>')
    return (
        f'<p class="faint">{len(assets.selected)} photos evenly spaced over the names, not hand-picked.</p>'
        f"{table(''.join(rows), head, classes='images')}"
    )


def _extremes(results: EvaluationResults, assets: ReportAssets) -> list[str]:
    metrics = [metric for metric in results.metrics if metric.key in _EXTREME_METRICS]
    parts = []
    for position, name in enumerate(results.compared):
        content = []
        for metric in metrics:
            values = results.values[name][metric.key]
            order = [int(index) for index in np.argsort(values, kind="stable") if np.isfinite(values[index])]
            if metric.higher_is_better:
                order.reverse()
            count = min(_NUM_EXTREMES, len(order) // 2)
            for title, indices in (("Best", order[:count]), ("Worst", order[len(order) - count :][::-1])):
                if indices:
                    figures = "".join(_extreme_figure(assets, name, metric, index, values[index]) for index in indices)
                    content.append(f'<h3>{title} by {escape(metric.title)}</h3><div class="extremes">{figures}</div>')
        if content:
            is_open = " open" if position == 0 else ""
            parts.append(f"<details{is_open}><summary>{escape(name)}</summary>{''.join(content)}</details>")
    if parts:
        parts.insert(0, '<p class="faint">Left: the image; right: the reference photo.</p>')
    return parts


def _extreme_figure(assets: ReportAssets, name: str, metric: Metric, index: int, value: float) -> str:
    images = "".join(
        f'<img loading="lazy" src="{assets.images.url(system, index, _EXTREME_IMAGE_SIZE)}" alt="{escape(system)}">'
        for system in (name, REFERENCE)
    )
    caption = f"{value:.{metric.digits}f} · {escape(assets.images.names[index])}"
    return f'<figure><div class="two">{images}</div><figcaption>{caption}</figcaption></figure>'


def _histograms(results: EvaluationResults, assets: ReportAssets) -> str:
    names = [name for name in (REFERENCE, *results.compared, GRAY) if name in assets.histograms]
    max_count = max(float(assets.histograms[REFERENCE].max()), 1.0)
    figures = "".join(
        f'<figure><img src="{ab_histogram_url(assets.histograms[name], max_count)}" '
        f'alt="histogram of a and b"><figcaption>{escape(name)}</figcaption></figure>'
        for name in names
    )
    return (
        '<p class="faint">a of CIE Lab to the right (green to red), b upwards (blue to yellow), both from -110 to 110; '
        "logarithmic, all on the scale of the reference. Desaturated images stay near the center.</p>"
        f'<div class="histograms">{figures}</div>'
    )


def _training_curves(assets: ReportAssets, colors: Mapping[str, str]) -> str:
    if not any(assets.curves.values()):
        return ""
    logged = {metric for curves in assets.curves.values() for metric in curves}
    charts = []
    for metric in sorted(logged, key=_curve_order):
        if metric.endswith(_GRAY_SUFFIX) and metric.removesuffix(_GRAY_SUFFIX) in logged:
            continue  # drawn as the baseline of the metric
        lines = [
            Line(name, curves[metric], color=colors[name], baseline=_baseline(curves, metric))
            for name, curves in assets.curves.items()
            if metric in curves and np.isfinite([value for _, value in curves[metric]]).any()
        ]
        if lines:
            charts.append(f"<figure>{line_chart(lines, 'epoch', metric, small=True)}</figure>")
    legend = "".join(
        f'<li style="--color:{colors[name]}">{escape(name)}</li>' for name, curves in assets.curves.items() if curves
    )
    return (
        f'<ul class="legend">{legend}<li style="--color:transparent">dashed: the gray photos</li></ul>'
        f'<div class="charts">{"".join(charts)}</div>'
    )


def _baseline(curves: Mapping[str, Curve], metric: str) -> float | None:
    gray = curves.get(metric + _GRAY_SUFFIX)
    return gray[0][1] if gray else None


def _curve_order(metric: str) -> tuple[bool, bool, str]:
    """Validation before training, distances first."""
    return not metric.startswith("val/"), not metric.startswith(("val/fid", "val/fd_")), metric


def _record(results: EvaluationResults) -> str:
    metrics = "".join(
        f"<tr><th scope='row'>{escape(metric.title)} {metric.arrow}</th><td>{escape(metric.description)}</td>"
        f"<td><code>{escape(metric.key)}</code></td></tr>"
        for metric in results.metrics
    )
    record, systems, metric_table = (
        table(rows, classes="words") for rows in (_rows(results.record), _rows(results.systems), metrics)
    )
    return f"{record}<h3>Systems</h3>{systems}<h3>Metrics</h3>{metric_table}"


def _rows(values: Mapping[str, Any]) -> str:
    return "".join(
        f"<tr><th scope='row'>{escape(str(name).replace('_', ' '))}</th><td>{_plain_data(value)}</td></tr>"
        for name, value in values.items()
        if value not in (None, [], {})
    )


def _plain_data(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(
            f'<span class="faint">{escape(str(name).replace("_", " "))}:</span> {_plain_data(item)}'
            for name, item in value.items()
            if item is not None
        )
    if isinstance(value, list):
        return "<br>".join(_plain_data(item) for item in value)
    text = escape(str(value))
    return f"<code>{text}</code>" if len(text) == 64 and " " not in text else text
