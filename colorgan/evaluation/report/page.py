"""``report.html``: one file with everything in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from colorgan.evaluation.report import charts, figures
from colorgan.evaluation.report.hinted import COUNTS, Hinted
from colorgan.evaluation.report.html import document, escape, section
from colorgan.evaluation.report.metrics import Metric
from colorgan.evaluation.report.pictures import Album, ab_picture
from colorgan.evaluation.report.results import Results
from colorgan.evaluation.report.runs import Curve

_EXTREMES = 4
_OF_GRAY = "_gray"
_EXTREME_METRICS = ("ciede2000", "psnr", "ssim", "lpips")
_SHEET_SIDE = 256
_SMALL_SIDE = 160


@dataclass(frozen=True)
class Exhibits:
    """What a page shows beside figures.

    Args:
        album: the pictures of all systems.
        chosen: indices of the photos on the sheet.
        histograms: name of a system to its histogram of a and b.
        curves: name of a system to the curves of its training run.
    """

    album: Album
    chosen: Sequence[int]
    histograms: Mapping[str, npt.NDArray[np.float64]]
    curves: Mapping[str, dict[str, Curve]]


def page(results: Results, exhibits: Exhibits, title: str) -> str:
    """The whole page.

    Args:
        results: the figures.
        exhibits: pictures and curves.
        title: its heading.
    """
    colors = {name: charts.color(index) for index, name in enumerate(results.compared)}
    body = [_opening(results, title)]
    body.append(section("Figures", _headline_chart(results, colors), _figure_tables(results)))
    body += [section(f"PSNR against the number of hints: {each.protocol}", _hints(each)) for each in results.hinted]
    body.append(section("Two systems, one photo", _slider(results, exhibits), classes="screen"))
    body.append(section("The same photos by every system", _sheet(results, exhibits)))
    body.append(section("Best and worst", *_extremes(results, exhibits)))
    body.append(section("Colors used", _histograms(results, exhibits)))
    body.append(section("Training", _training(exhibits, colors)))
    body.append(section("What exactly was measured", _record(results)))
    return document(title, "\n".join(part for part in body if part))


def _opening(results: Results, title: str) -> str:
    count = len(results.photos)
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in figures.summary(results))
    warned = "".join(f'<p class="warning">{escape(warning)}</p>' for warning in figures.warnings(results))
    folder = escape(results.record["photos"]["folder"])
    protocol = escape(results.record["protocol"])
    return (
        f'<header><h1>{escape(title)}</h1><p class="faint">{count:,} photos of {folder} · {protocol}</p></header>'
        f"<ul>{said}</ul>{warned}"
    )


def _headline_chart(results: Results, colors: Mapping[str, str]) -> str:
    metric = results.headline
    shown = {name: own[metric.key] for name, own in results.figures.items() if metric.key in own}
    drawn = charts.intervals(shown, colors, f"{metric.title}, lower is better; lines are 95 % intervals", metric.digits)
    return f"<figure>{drawn}</figure>" if drawn else ""


def _figure_tables(results: Results) -> str:
    parts = []
    for title, metrics in figures.tables(results).items():
        heads = "".join(
            f'<th scope="col" title="{escape(metric.meaning)}">{escape(metric.title)} {metric.arrow}</th>'
            for metric in metrics
        )
        rows = []
        for name, system in results.systems.items():
            if not any(metric.key in results.figures[name] for metric in metrics):
                continue
            cells = "".join(_cell(results, metric, name) for metric in metrics)
            kind = ' class="anchor"' if system["kind"] == "anchor" else ""
            rows.append(f'<tr{kind}><th scope="row">{escape(name)}</th>{cells}</tr>')
        parts.append(
            f"<h3>{escape(title)}</h3>"
            f'<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">system</th>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )
    parts.append(
        '<p class="faint">Small: 95 % intervals, for kernel distances the deviation over subsets. Bold: better than '
        "another system beyond doubt, and not worse than any. Gray rows are anchors: what no color, one color and "
        "the reference itself score. ↓ lower is better, ↑ higher is better.</p>"
    )
    return "".join(parts)


def _cell(results: Results, metric: Metric, system: str) -> str:
    estimate = results.figures[system].get(metric.key)
    sure = figures.interval(estimate, metric)
    best = ' class="best"' if figures.is_best(results, metric, system) else ""
    return f"<td{best}>{figures.value(estimate, metric)}{f'<small>{sure}</small>' if sure else ''}</td>"


def _hints(gained: Hinted) -> str:
    heads = "".join(f'<th scope="col">{count}</th>' for count in COUNTS)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{mean.value:.2f}<small>{mean.low:.2f} to {mean.high:.2f}</small></td>" for mean in means)
        + "</tr>"
        for name, means in gained.figures.items()
    )
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">hints</th>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody></table></div><p class="faint">{escape(figures.hints_note(gained))}</p>'
    )


def _columns(results: Results) -> list[str]:
    """The systems on a sheet, gray first and the reference last."""
    return ["gray", *results.compared, "reference"]


def _slider(results: Results, exhibits: Exhibits) -> str:
    names = _columns(results)
    left, right = 1, len(names) - 1
    options = [
        "".join(
            f'<option value="{value}"{" selected" if value == at else ""}>{escape(text)}</option>'
            for value, text in pairs
        )
        for pairs, at in (
            ([(index, exhibits.album.names[index]) for index in exhibits.chosen], exhibits.chosen[0]),
            (list(enumerate(names)), left),
            (list(enumerate(names)), right),
        )
    ]
    under, over = (exhibits.album.embedded(names[at], exhibits.chosen[0], _SHEET_SIDE) for at in (right, left))
    return (
        '<div class="compare"><div class="choices">'
        f"<label>photo<select>{options[0]}</select></label><label>left<select>{options[1]}</select></label>"
        f"<label>right<select>{options[2]}</select></label></div>"
        f'<div class="stage"><img src="{under}" alt="{escape(names[right])}">'
        f'<img class="over" src="{over}" alt="{escape(names[left])}"></div>'
        '<input type="range" min="0" max="100" value="50" aria-label="how much of the left picture is seen"></div>'
    )


def _sheet(results: Results, exhibits: Exhibits) -> str:
    names = _columns(results)
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = []
    for index in exhibits.chosen:
        photo = exhibits.album.names[index]
        cells = "".join(
            f'<td><img loading="lazy" data-photo="{index}" data-system="{column}" '
            f'src="{exhibits.album.embedded(name, index, _SHEET_SIDE)}" '
            f'alt="{escape(f"{photo}, {name}")}"></td>'
            for column, name in enumerate(names)
        )
        rows.append(f'<tr>{cells}<td class="name">{escape(photo)}</td></tr>')
    return (
        f'<p class="faint">{len(exhibits.chosen)} photos spread evenly over the names, not chosen by hand.</p>'
        f'<div class="scroll" tabindex="0"><table class="pictures"><thead><tr>{heads}<th></th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _extremes(results: Results, exhibits: Exhibits) -> list[str]:
    metrics = [metric for metric in results.metrics if metric.key in _EXTREME_METRICS]
    parts = []
    for position, name in enumerate(results.compared):
        inside = []
        for metric in metrics:
            values = results.values[name][metric.key]
            order = [int(index) for index in np.argsort(values, kind="stable") if np.isfinite(values[index])]
            if metric.better == "higher":
                order.reverse()
            count = min(_EXTREMES, len(order) // 2)
            for title, indices in (("Best", order[:count]), ("Worst", order[len(order) - count :][::-1])):
                if indices:
                    shown = "".join(_extreme(exhibits, name, metric, index, values[index]) for index in indices)
                    inside.append(f'<h3>{title} by {escape(metric.title)}</h3><div class="extremes">{shown}</div>')
        if inside:
            is_open = " open" if position == 0 else ""
            parts.append(f"<details{is_open}><summary>{escape(name)}</summary>{''.join(inside)}</details>")
    if parts:
        parts.insert(0, '<p class="faint">Left the picture, right the reference.</p>')
    return parts


def _extreme(exhibits: Exhibits, name: str, metric: Metric, index: int, value: float) -> str:
    images = "".join(
        f'<img loading="lazy" src="{exhibits.album.embedded(who, index, _SMALL_SIDE)}" alt="{escape(who)}">'
        for who in (name, "reference")
    )
    caption = f"{value:.{metric.digits}f} · {escape(exhibits.album.names[index])}"
    return f'<figure><div class="two">{images}</div><figcaption>{caption}</figcaption></figure>'


def _histograms(results: Results, exhibits: Exhibits) -> str:
    names = [name for name in ("reference", *results.compared, "gray") if name in exhibits.histograms]
    most = max(float(exhibits.histograms["reference"].max()), 1.0)
    shown = "".join(
        f'<figure><img src="{ab_picture(exhibits.histograms[name], most)}" '
        f'alt="histogram of a and b"><figcaption>{escape(name)}</figcaption></figure>'
        for name in names
    )
    return (
        '<p class="faint">a of CIE Lab to the right (green to red), b upwards (blue to yellow), both from -110 to 110; '
        "logarithmic, all on the scale of the reference. A system that plays safe stays near the middle.</p>"
        f'<div class="histograms">{shown}</div>'
    )


def _training(exhibits: Exhibits, colors: Mapping[str, str]) -> str:
    if not any(exhibits.curves.values()):
        return ""
    logged = {metric for curves in exhibits.curves.values() for metric in curves}
    drawn = []
    for metric in sorted(logged, key=_training_order):
        if metric.removesuffix(_OF_GRAY) not in logged or not metric.endswith(_OF_GRAY):
            lines = {name: own[metric] for name, own in exhibits.curves.items() if metric in own}
            floors = {
                name: own[metric + _OF_GRAY][0][1] for name, own in exhibits.curves.items() if metric + _OF_GRAY in own
            }
            drawn.append(charts.curves(lines, colors, metric, floors))
    trained = [name for name, own in exhibits.curves.items() if own]
    legend = "".join(f'<li style="--color:{colors[name]}">{escape(name)}</li>' for name in trained)
    return (
        f'<ul class="legend">{legend}<li style="--color:transparent">dashed: the gray photos</li></ul>'
        f'<div class="charts">{"".join(f"<figure>{chart}</figure>" for chart in drawn if chart)}</div>'
    )


def _training_order(metric: str) -> tuple[bool, bool, str]:
    """Validation before training, distances first."""
    return not metric.startswith("val/"), not metric.startswith(("val/fid", "val/fd_")), metric


def _record(results: Results) -> str:
    meanings = "".join(
        f"<tr><th scope='row'>{escape(metric.title)} {metric.arrow}</th><td>{escape(metric.meaning)}</td>"
        f"<td><code>{escape(metric.key)}</code></td></tr>"
        for metric in results.metrics
    )
    systems = _rows(results.systems)
    return f"{_table(_rows(results.record))}<h3>Systems</h3>{_table(systems)}<h3>Metrics</h3>{_table(meanings)}"


def _table(rows: str) -> str:
    return f'<div class="scroll" tabindex="0"><table class="words"><tbody>{rows}</tbody></table></div>'


def _rows(values: Mapping[str, Any]) -> str:
    return "".join(
        f"<tr><th scope='row'>{escape(str(name).replace('_', ' '))}</th><td>{_words(value)}</td></tr>"
        for name, value in values.items()
        if value not in (None, [], {})
    )


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(
            f'<span class="faint">{escape(str(name).replace("_", " "))}:</span> {_words(item)}'
            for name, item in value.items()
            if item is not None
        )
    if isinstance(value, list):
        return "<br>".join(_words(item) for item in value)
    text = escape(str(value))
    return f"<code>{text}</code>" if len(text) == 64 and " " not in text else text
