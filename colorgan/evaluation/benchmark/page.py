"""The report of a grid: ``report.html`` (one file), ``report.md`` with its images, and ``results.json``."""

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from colorgan.errors import plural
from colorgan.evaluation.benchmark.document import as_json
from colorgan.evaluation.benchmark.grid import Group
from colorgan.evaluation.benchmark.records import Record, Status
from colorgan.evaluation.benchmark.results import BenchmarkResults, VariantResult
from colorgan.evaluation.benchmark.sheets import Sheet, photo_sheet, run_sheet
from colorgan.evaluation.benchmark.tables import (
    Cell,
    comparison_table,
    format_duration,
    format_number,
    group_table,
    order_table,
)
from colorgan.evaluation.charts import Dots, Line, ResponsiveChart, dot_chart, line_chart
from colorgan.evaluation.curves import Curve, mean_curve
from colorgan.evaluation.latex import LatexCell, LatexTable, label, render_tables
from colorgan.evaluation.rendering import render
from colorgan.evaluation.statistics import CONFIDENCE
from colorgan.files import write_text
from colorgan.metrics.metric import Metric
from colorgan.metrics.teachers import is_same_network, judge_of


@dataclass(frozen=True)
class Chart:
    """A chart of the report.

    Attributes:
        name: stem of its file.
        title: what it shows.
        svg: the chart; the wide layout is written to the file.
    """

    name: str
    title: str
    svg: ResponsiveChart


@dataclass(frozen=True)
class Section:
    """The section of a group.

    Attributes:
        group: the group.
        header: header of the table.
        rows: rows of the table.
        failures: names of failed runs with their error messages.
        charts: curves of the headline metric, of other metrics with ``chart: true``, and the charts of the grid.
        sheets: sample photos of the configurations.
    """

    group: Group
    header: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    failures: Sequence[tuple[str, str]]
    charts: Sequence[Chart]
    sheets: Sequence[Sheet]


def write_report(results: BenchmarkResults, folder: Path) -> Path:
    """Writes the report.

    Args:
        results: the results so far.
        folder: folder of ``report.html``, ``report.md``, ``results.json`` and ``images/``. Files are replaced
            atomically, so that several processes may write the report of the same grid.

    Returns:
        The path of ``report.html``.
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    sections = [_section(results, group, variants, images) for group, variants in results.groups]
    overview = _overview_chart(results)
    photos, problems = photo_sheet(results, folder, images)
    for chart in [*([overview] if overview else []), *(chart for part in sections for chart in part.charts)]:
        write_text(images / f"{chart.name}.svg", chart.svg.wide)
    for file in ("report.html", "report.md"):
        text = render(
            file.replace("report", "benchmark") + ".jinja",
            title=results.grid.title,
            description=results.grid.description,
            num_variants=len(results.variants),
            counts=[(status, results.count(status)) for status in get_args(Status) if results.count(status)],
            notes=[*_notes(results), *problems],
            overview=overview,
            comparison=comparison_table(results),
            photos=photos,
            order=order_table(results),
            sections=sections,
            made_with=_made_with(results),
        )
        write_text(folder / file, text)
    write_text(folder / "results.json", json.dumps(as_json(results), indent=2, allow_nan=False) + "\n")
    return folder / "report.html"


def write_latex(results: BenchmarkResults, file: Path) -> None:
    """Writes the tables of all groups for papers.

    Args:
        results: the results so far.
        file: the ``.tex`` file.
    """
    note = f"{results.headline.title} and other metrics of the validation photos after the last epoch."
    if results.spread.degrees_of_freedom:
        note += (
            f" Small print: {CONFIDENCE:.0%} intervals of means over seeds. Bold: better than a configuration whose "
            "interval does not overlap, and not worse than any."
        )
    tables = [
        _latex_table(results, group.title, group_table(results, variants), note, _first(variants))
        for group, variants in results.groups
    ]
    if comparison := comparison_table(results):
        tables.append(_latex_table(results, "Compared with the baselines", comparison, note))
    write_text(file, render_tables(tables, f"{results.grid.title}. {_made_with(results)}"))


def _first(variants: Sequence[VariantResult]) -> set[str]:
    """The names of configurations that no other one is better than, if they are better than one."""
    ranks = {result.variant.name: result.rank_range[0] for result in variants if result.rank_range}
    return {name for name, rank in ranks.items() if rank == 1 < max(ranks.values())}


def _latex_table(
    results: BenchmarkResults,
    title: str,
    table: tuple[list[Cell], list[list[Cell]]],
    note: str,
    first: Collection[str] = (),
) -> LatexTable:
    header, rows = table
    arrows = {"lower is better": "↓", "higher is better": "↑"}
    headline = f"Ours: {results.headline.title}"
    return LatexTable(
        caption=f"{results.grid.title}: {title}. {note}",
        label=label(results.grid.name, title),
        header=[
            f"{cell.text} {arrows.get(cell.note, f'({cell.note})')}" if cell.note else cell.text for cell in header
        ],
        blocks=[
            [
                [
                    LatexCell(
                        cell.text,
                        [cell.note] if cell.note else [],
                        bold=column.text == headline and row[0].text in first,
                    )
                    for column, cell in zip(header, row, strict=True)
                ]
                for row in rows
            ]
        ],
    )


def _section(results: BenchmarkResults, group: Group, variants: Sequence[VariantResult], images: Path) -> Section:
    header, rows = group_table(results, variants)
    failures = [
        (run.run.name, run.record.error)
        for result in variants
        for run in result.runs
        if run.record and run.record.status == "failed"
    ]
    charts = []
    for metric in results.metrics:
        is_headline = metric is results.headline
        if (is_headline or metric.chart) and (lines := _curves(variants, metric)):
            name = group.name if is_headline else f"{group.name}_{metric.key.replace('/', '_')}"
            charts.append(_curve_chart(name, metric, lines, results.baselines.get(metric.key)))
    for number, (title, names) in enumerate(results.grid.charts.items(), start=1):
        if lines := _paired_curves(variants, names):
            charts.append(Chart(f"{group.name}_chart_{number}", title, _lines_by_epoch(lines, title)))
    sheets = [sheet for result in variants if (sheet := run_sheet(result, images))]
    return Section(group, header, rows, failures, charts, sheets)


def _notes(results: BenchmarkResults) -> list[str]:
    headline, spread, published = results.headline, results.spread, results.grid.published
    notes = [
        f"Configurations are compared by {headline.title} ({headline.key}) on the validation photos after the last "
        f"epoch; {headline.direction}. Values are means over seeds. The best epoch is for information only: it was "
        "selected by the value that it reports, so it is optimistically biased. “Epochs needed” counts the epochs to "
        "reach a level that every configuration of the group reaches."
    ]
    notes += _teaching_notes(results)
    if headline.key in results.baselines:
        notes.append(f"The gray photos, without any color, score {format_number(results.baselines[headline.key])}.")
    if spread.degrees_of_freedom:
        notes.append(
            f"Runs that differ only in their seed have a standard deviation of {spread.relative_std:.1%} of their mean "
            f"(pooled over all configurations, {plural(spread.degrees_of_freedom, 'degree')} of freedom). From it, "
            f"Student's t gives the {CONFIDENCE:.0%} intervals of the means. They describe the variation between "
            "seeds, not between photos. Configurations with overlapping intervals are not ranked against each other: "
            "a rank of 1 to 3 means that these runs cannot tell which of the three it is."
        )
    else:
        notes.append(
            "No configuration has two finished seeds, so the spread between seeds is unknown: there are no intervals "
            "and no ranks, and small differences are not meaningful."
        )
    if any(result.changes for result in results.variants):
        notes.append(
            "Changes against a baseline are relative, except for those in dB, which are differences. Their intervals "
            "follow from the same spread, of both means. Where one contains 0, these runs show no difference."
        )
    if any(result.variant.published is not None for result in results.variants):
        notes.append(
            f"Published results ({published.source or 'source not given'}) were measured differently "
            f"({published.protocol}), so only their order can be compared with ours, not their values."
            f"{_agreement(results)}"
        )
    return notes


def _agreement(results: BenchmarkResults) -> str:
    """What the rank correlation with the published results says, and what it does not."""
    agreement = results.published_agreement
    if agreement.correlation is None or agreement.chance is None:
        return ""
    verdict = (
        "so the published order is found again"
        if agreement.correlation > 0 and agreement.chance < 1 - CONFIDENCE
        else "so these runs neither confirm the published order nor refute it"
    )
    return (
        f" Over the {agreement.count} configurations that have both, Spearman's rank correlation between the published "
        f"results and ours is {agreement.correlation:.2f}. An order drawn by chance agrees at least as well in "
        f"{agreement.chance:.1%} of cases, {verdict}."
    )


def _teaching_notes(results: BenchmarkResults) -> list[str]:
    """Which pretrained networks taught, which judged, and a warning where one did both."""
    judges = {metric.key: judge for metric in results.metrics if (judge := judge_of(metric.key.removeprefix("val/")))}
    if not judges:
        return []
    taught = "; ".join(f"{name}: {', '.join(variants)}" for name, variants in results.teachers.items())
    judging = ", ".join(dict.fromkeys(judges.values()))
    notes = [f"Networks that judged: {judging}. Pretrained networks that taught: {taught or 'none'}."]
    for metric in results.metrics:
        judge = judges.get(metric.key)
        both = [name for name in results.teachers if judge and is_same_network(name, judge)]
        if both:
            notes.append(
                f"Warning: {judge} judges in {metric.title} and taught {', '.join(results.teachers[both[0]])}, whose "
                "distances are therefore too low: compare by other metrics, such as val/fd_efficientnet_lite2."
            )
    return notes


def _overview_chart(results: BenchmarkResults) -> Chart | None:
    """All configurations, sorted by their means; ``None`` for fewer than two."""
    headline = results.headline
    rows = [
        Dots(result.variant.name, list(summary.values.values()), summary.mean, summary.interval)
        for result in results.variants
        if (summary := result.summaries[headline.key]).mean is not None
    ]
    if len(rows) < 2:
        return None
    rows.sort(key=lambda row: row.mean, reverse=headline.higher_is_better)
    baseline = results.baselines.get(headline.key)
    svg = ResponsiveChart.draw(lambda size: dot_chart(rows, headline.title, baseline, size=size))
    return Chart("overview", f"{headline.title} of all configurations", svg)


def _curves(variants: Sequence[VariantResult], metric: Metric) -> list[Line]:
    """The curves of all seeds of a group, with the mean of each configuration."""
    lines = []
    for result in variants:
        curves = [curve for run in result.runs if (curve := _finite(run.curves.get(metric.key, [])))]
        lines += [Line(result.variant.name, curve, faint=len(curves) > 1) for curve in curves]
        if len(curves) > 1:
            lines.append(Line(result.variant.name, mean_curve(curves)))
    return lines


def _paired_curves(variants: Sequence[VariantResult], names: Sequence[str]) -> list[Line]:
    """The mean curve over the seeds of each configuration for each metric; all but the last metric are faint."""
    lines = []
    for result in variants:
        for name in names:
            curves = [curve for run in result.runs if (curve := _finite(run.curves.get(name, [])))]
            if curves:
                lines.append(Line(result.variant.name, mean_curve(curves), faint=name != names[-1]))
    return lines


def _finite(curve: Curve) -> Curve:
    """What can be drawn of a curve; a chart of curves that have nothing is left out."""
    return [(epoch, value) for epoch, value in curve if math.isfinite(value)]


def _curve_chart(name: str, metric: Metric, lines: Sequence[Line], baseline: float | None) -> Chart:
    return Chart(name, f"{metric.title} by epoch", _lines_by_epoch(lines, metric.title, baseline))


def _lines_by_epoch(lines: Sequence[Line], title: str, baseline: float | None = None) -> ResponsiveChart:
    return ResponsiveChart.draw(lambda size: line_chart(lines, "epoch", title, baseline, size=size))


def _made_with(results: BenchmarkResults) -> str:
    records = [run.record for result in results.variants for run in result.runs if run.record]
    return made_with(records, "no run has ended", "total training time")


def made_with(records: Sequence[Record], none: str, time: str) -> str:
    """The versions, the devices and the time of trainings, in a sentence.

    Args:
        records: of the trainings that have ended.
        none: what to say if there is none.
        time: what their seconds are in all.
    """
    versions = sorted({record.version for record in records if record.version})
    devices = sorted({record.device for record in records if record.device})
    seconds = sum(record.seconds for record in records)
    return (
        f"colorgan {', '.join(versions) or f'({none})'} on {', '.join(devices) or 'no device yet'}; "
        f"{time} {format_duration(seconds)}."
    )
