"""The report of a grid: ``report.html`` (one file), ``report.md`` with its pictures, and ``results.json``."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from colorgan.evaluation.benchmark.charts import Dots, Line, dot_chart, line_chart
from colorgan.evaluation.benchmark.intervals import CONFIDENCE
from colorgan.evaluation.benchmark.plan import Group, Metric
from colorgan.evaluation.benchmark.records import Status
from colorgan.evaluation.benchmark.results import Results, Summary, VariantResult, epochs_needed, mean_curve
from colorgan.evaluation.report.html import document
from colorgan.files import atomic_write

_SHEET_WIDTH = 960
"""Pixels; sheets are made smaller for the report, and lie in their full size in the folders of the runs."""
_NONE = "-"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: its figure.
        note: smaller, under it.
    """

    text: str
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """Sample pictures of a configuration, small enough for the report.

    Attributes:
        name: of the run.
        file: its name in ``pictures/``.
        width: in pixels.
        height: in pixels.
        data: the picture as an address.
    """

    name: str
    file: str
    width: int
    height: int
    data: str


@dataclass(frozen=True)
class Section:
    """A group as it is shown.

    Attributes:
        group: the group.
        head: the table's head.
        rows: the table's rows.
        failures: runs that failed, and why.
        charts: curves of the headline and of other metrics that are to be drawn: file name, label and SVG.
        sheets: of its configurations.
    """

    group: Group
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    failures: Sequence[tuple[str, str]]
    charts: Sequence[tuple[str, str, str]]
    sheets: Sequence[Sheet]


def write_report(results: Results, folder: Path) -> Path:
    """Writes the report.

    Args:
        results: what the grid has measured so far.
        folder: where ``report.html``, ``report.md``, ``results.json`` and ``pictures/`` go; each file is replaced in
            one piece, so that several processes of one grid may write it and a reader never sees half of it.

    Returns:
        The path of ``report.html``.
    """
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    sections = [_section(results, group, variants, pictures) for group, variants in results.groups]
    charts = [(name, chart) for part in sections for name, _, chart in part.charts]
    content = {
        "results": results,
        "counts": [(status, results.count(status)) for status in get_args(Status) if results.count(status)],
        "notes": _notes(results),
        "overview": _overview(results),
        "sections": sections,
        "made_with": _made_with(results),
        "paragraphs": lambda text: [part for part in text.split("\n\n") if part.strip()],
    }
    for name, chart in [("overview", content["overview"]), *charts]:
        if chart:
            _write(pictures / f"{name}.svg", str(chart))
    loader = PackageLoader("colorgan.evaluation.benchmark", "")
    for name, escaped in (("report.html", True), ("report.md", False)):
        environment = Environment(loader=loader, autoescape=escaped, undefined=StrictUndefined)  # noqa: S701 (Markdown)
        text = environment.get_template(f"{name}.jinja").render(content)
        _write(folder / name, document(results.grid.title, text) if escaped else text)
    _write(folder / "results.json", json.dumps(results.as_json(), indent=2, allow_nan=False) + "\n")
    return folder / "report.html"


def _section(results: Results, group: Group, variants: Sequence[VariantResult], pictures: Path) -> Section:
    published = results.grid.published
    has_published = any(result.variant.published is not None for result in variants)
    needed = epochs_needed(variants, results.headline)
    head = [Cell("Configuration")]
    if has_published:
        head.append(Cell(f"Published {published.metric}".strip(), published.protocol))
    head += [
        Cell(f"Ours: {results.headline.label}", _direction(results.headline)),
        Cell("By seed"),
        Cell("Place", "in this group"),
        Cell("Best epoch", "chosen by the same figure"),
        *([Cell("Epochs needed", f"to {_figure(needed[0])}")] if needed else []),
        *(Cell(metric.label, _direction(metric)) for metric in results.metrics[1:]),
        Cell("Time", "per run"),
    ]
    rows = []
    for result in variants:
        summary = result.summaries[results.headline.key]
        row = [Cell(result.variant.name, _status_note(result))]
        if has_published:
            figure = result.variant.published
            row.append(Cell(_NONE if figure is None else f"{figure:g}"))
        row += [
            _mean_cell(summary),
            Cell(", ".join(_figure(value) for value in summary.values.values()) or _NONE),
            Cell(_place(result.place)),
            Cell(_NONE if summary.best is None else _figure(summary.best)),
            *([Cell(f"{needed[1].get(result.variant.name, _NONE)}")] if needed else []),
            *(_mean_cell(result.summaries[metric.key]) for metric in results.metrics[1:]),
            Cell(_duration(result.seconds)),
        ]
        rows.append(row)
    failures = [
        (run.run.name, run.record.sentence)
        for result in variants
        for run in result.runs
        if run.record and run.record.status == "failed"
    ]
    sheets = [sheet for result in variants if (sheet := _sheet(result, pictures))]
    drawn = [metric for metric in results.metrics if metric.chart or metric is results.headline]
    charts = [
        (f"{group.name}{'' if metric is results.headline else '_' + metric.key.replace('/', '_')}", metric.label, chart)
        for metric in drawn
        if (chart := _curves(results, variants, metric))
    ]
    return Section(group, head, rows, failures, charts, sheets)


def _notes(results: Results) -> list[str]:
    headline, spread, published = results.headline, results.spread, results.grid.published
    notes = [
        f"Our figure is {headline.label} ({headline.key}) on the validation photos after the last epoch, "
        f"{'higher' if headline.higher_is_better else 'lower'} is better; the mean over the seeds of a configuration. "
        "The best epoch's figure stands beside it for information: being chosen by itself, it flatters. Epochs needed "
        "are those until a level is reached that every configuration of the group reaches."
    ]
    if headline.key in results.floors:
        notes.append(f"The gray photos themselves, as they went in, stand at {_figure(results.floors[headline.key])}.")
    if spread.freedom:
        notes.append(
            f"Runs that differ in nothing but the seed differ by {100 * spread.relative:.1f} % (standard deviation in "
            f"per cent of the mean, pooled over all configurations, {spread.freedom} degrees of freedom). The "
            f"intervals are {CONFIDENCE:.0%} intervals of the mean by Student's t with this spread; they know nothing "
            "of other photos. Configurations whose intervals overlap are not ranked as different: a place such as "
            "1 to 3 means that these runs cannot tell which of the three it is."
        )
    else:
        notes.append(
            "No configuration has two finished seeds, so nothing is known about the spread between runs: there are no "
            "intervals and no places, and small differences mean nothing."
        )
    if any(result.variant.published is not None for result in results.variants):
        correlation, count = results.agreement
        compared = (
            ""
            if correlation is None
            else f" Over the {count} configurations that have both, the rank correlation (Spearman) of the published "
            f"figures with ours is {correlation:.2f}."
        )
        notes.append(
            f"Published figures ({published.source or 'source not given'}) were measured by {published.protocol}: "
            f"their values cannot be compared with ours, only their order can.{compared}"
        )
    return notes


def _overview(results: Results) -> str:
    """All configurations in the order of their means."""
    rows = [
        Dots(result.variant.name, list(summary.values.values()), summary.mean, summary.interval)
        for result in results.variants
        if (summary := result.summaries[results.headline.key]).mean is not None
    ]
    rows.sort(key=lambda row: row.mean, reverse=results.headline.higher_is_better)
    return dot_chart(rows, results.headline.label, results.floors.get(results.headline.key)) if len(rows) > 1 else ""


def _curves(results: Results, variants: Sequence[VariantResult], metric: Metric) -> str:
    lines = []
    for result in variants:
        curves = [curve for run in result.runs if (curve := run.curves.get(metric.key))]
        lines += [Line(result.variant.name, curve, faint=len(curves) > 1) for curve in curves]
        if len(curves) > 1:
            lines.append(Line(result.variant.name, mean_curve(curves)))
    return line_chart(lines, "epoch", metric.label, results.floors.get(metric.key)) if lines else ""


def _sheet(result: VariantResult, pictures: Path) -> Sheet | None:
    """The sheet of the first seed that has one; it is made small anew only when it has changed."""
    run = next((run for run in result.runs if run.sheet), None)
    if run is None or run.sheet is None:
        return None
    small = pictures / f"{run.run.name}.webp"
    if not small.is_file() or small.stat().st_mtime < run.sheet.stat().st_mtime:
        with Image.open(run.sheet) as picture:
            picture.thumbnail((_SHEET_WIDTH, 10 * _SHEET_WIDTH), Image.Resampling.LANCZOS)
            with atomic_write(small) as temporary:
                picture.convert("RGB").save(temporary, format="WEBP", quality=82)
    with Image.open(small) as picture:
        width, height = picture.size
    data = f"data:image/webp;base64,{base64.b64encode(small.read_bytes()).decode('ascii')}"
    return Sheet(run.run.name, small.name, width, height, data)


def _made_with(results: Results) -> str:
    records = [run.record for result in results.variants for run in result.runs if run.record]
    versions = sorted({record.version for record in records if record.version})
    devices = sorted({record.device for record in records if record.device})
    seconds = sum(record.seconds for record in records)
    return (
        f"colorgan {', '.join(versions) or '(no run has ended)'} on {', '.join(devices) or 'no device yet'}; "
        f"{_duration(seconds)} of training in all."
    )


def _status_note(result: VariantResult) -> str:
    """What is not finished, in a few words."""
    open_runs = [run.status for run in result.runs if run.status != "finished"]
    return ", ".join(f"{open_runs.count(status)} {status}" for status in dict.fromkeys(open_runs))


def _mean_cell(summary: Summary) -> Cell:
    if summary.mean is None:
        return Cell(_NONE)
    note = f"{_figure(summary.interval.low)} to {_figure(summary.interval.high)}" if summary.interval else ""
    return Cell(_figure(summary.mean), note)


def _direction(metric: Metric) -> str:
    if metric.informs_only:
        return ""
    return "higher is better" if metric.higher_is_better else "lower is better"


def _figure(value: float) -> str:
    """Four significant digits at most, as many as such figures deserve.

    >>> _figure(54.73481), _figure(0.12345), _figure(1234.5)
    ('54.73', '0.1235', '1234')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _place(place: tuple[int, int] | None) -> str:
    if place is None:
        return _NONE
    first, last = place
    return str(first) if first == last else f"{first} to {last}"


def _duration(seconds: float | None) -> str:
    """Hours and minutes, or minutes and seconds.

    >>> _duration(75.2), _duration(7260), _duration(9)
    ('1 min 15 s', '2 h 1 min', '9 s')
    """
    if seconds is None:
        return _NONE
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _write(file: Path, text: str) -> None:
    with atomic_write(file) as temporary:
        temporary.write_text(text, encoding="utf-8")
