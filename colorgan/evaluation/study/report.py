"""The report of a study: ``report.html``, ``report.md``, ``results.json``, ``answers.csv``, and ``report.tex``."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

from colorgan import __version__
from colorgan.errors import plural
from colorgan.evaluation.charts import Dots, ResponsiveChart, dot_chart
from colorgan.evaluation.latex import render_tables
from colorgan.evaluation.rendering import render
from colorgan.evaluation.report import verdicts
from colorgan.evaluation.report.formatting import NO_VALUE
from colorgan.evaluation.report.tables import Cell, Column, Row, Table, difference_cell, latex_table
from colorgan.evaluation.statistics import Estimate
from colorgan.evaluation.study.results import FOOLING_RATE, StudyResults
from colorgan.files import write_text

_NUM_COLORS = 8


def write_report(results: StudyResults, out: Path, latex: bool = False) -> Path:
    """Writes the report of a study.

    Args:
        results: the results.
        out: folder of the report.
        latex: also writes ``report.tex``.

    Returns:
        The path of ``report.html``.
    """
    tables = [_rates_table(results), *([_comparison_table(results)] if results.comparisons else [])]
    context: dict[str, Any] = {
        "title": results.key.title,
        "subtitle": _subtitle(results),
        "summary": summarize(results),
        "warnings": warnings(results),
        "tables": tables,
        "left_out": results.left_out,
        "record": results.key.record,
    }
    write_text(out / "report.html", render("study.html.jinja", **context, chart_of_rates=_chart(results)))
    write_text(out / "report.md", render("study.md.jinja", **context))
    write_text(
        out / "results.json", json.dumps(results.as_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )
    write_text(out / "answers.csv", _answers_csv(results))
    if latex:
        write_text(out / "report.tex", _latex(results, tables))
    return out / "report.html"


def summarize(results: StudyResults) -> list[str]:
    """The main results as sentences."""
    sentences = []
    for name, result in sorted(results.systems.items(), key=lambda item: -_ordered(item[1].rate)):
        interval = f", 95% interval {_interval(result.rate)}" if result.rate.interval else ""
        sentences.append(
            f"{name} fooled participants in {_value(result.rate)} of {plural(result.answers, 'pair')}{interval}."
        )
    return sentences + [verdicts.sentence(comparison) for comparison in results.comparisons]


def warnings(results: StudyResults) -> list[str]:
    """What limits the results."""
    found = []
    if len(results.participants) < 2:
        found.append(
            "There is one participant only, so nothing is known about others: there are no intervals and no p-values."
        )
    elif len(results.participants) < 10:
        found.append(
            f"Only {len(results.participants)} participants: the intervals are wide, and rest on the assumption that "
            "the means of participants are normally distributed."
        )
    if results.excluded:
        found.append(
            "Left out for lack of attention, with the share of vigilance pairs that they answered right: "
            f"{', '.join(f'{name} ({share:.0%})' for name, share in sorted(results.excluded.items()))}."
        )
    if results.left_out:
        found.append(f"Left out: {plural(len(results.left_out), 'file')} of answers, which are listed below.")
    return found


def _subtitle(results: StudyResults) -> str:
    parts = [
        plural(len(results.participants), "participant"),
        f"{len(results.excluded)} excluded",
        f"{results.practice_answers} practice answers not counted",
        f"first photo chosen in {results.first_chosen:.0%} of the pairs",
    ]
    if not math.isnan(results.vigilance):
        parts.append(f"vigilance pairs right: {results.vigilance:.0%}")
    return "; ".join(parts)


def _rates_table(results: StudyResults) -> Table:
    rows = []
    for name, result in results.systems.items():
        own = [comparison for comparison in results.comparisons if name in (comparison.first, comparison.second)]
        is_best = any(entry.better == name for entry in own) and all(entry.better in (name, None) for entry in own)
        time = NO_VALUE if math.isnan(result.median_seconds) else f"{result.median_seconds:.1f} s"
        counts = [f"{result.fooled} of {result.answers}", str(result.photos), time]
        rows.append(Row(name, False, [Cell(_value(result.rate), _interval(result.rate), is_best), *map(Cell, counts)]))
    columns = [
        Column("system"),
        Column(f"{FOOLING_RATE.title} {FOOLING_RATE.arrow}", FOOLING_RATE.description),
        Column("fooled"),
        Column("photos"),
        Column("median time", "from the appearance of a pair to the choice"),
    ]
    note = (
        "The fooling rate is the share of pairs in which the colorized photo was taken for the real one; guessing "
        "gives 50%. 95% intervals are clustered by participant and photo. Bold: "
        "significantly better than another system, and not significantly worse than any."
    )
    return Table("Fooling rates", columns, rows, note)


def _comparison_table(results: StudyResults) -> Table:
    rows = [
        Row(f"{entry.first} − {entry.second}", False, [difference_cell(entry)])  # noqa: RUF001 (a minus sign)
        for entry in results.comparisons
    ]
    note = (
        "Differences in percentage points, with 95% intervals and two-sided p-values that are clustered by participant "
        "and photo and corrected for the number of pairs (Holm). Bold: p < 0.05."
    )
    columns = [Column("first − second"), Column(f"{FOOLING_RATE.title} {FOOLING_RATE.arrow}")]  # noqa: RUF001
    return Table("Differences between systems", columns, rows, note)


def _chart(results: StudyResults) -> ResponsiveChart:
    rows = [
        Dots(
            name,
            [result.rate.value],
            result.rate.value,
            result.rate.interval,
            f"var(--c{number % _NUM_COLORS})",
            _value(result.rate),
        )
        for number, (name, result) in enumerate(results.systems.items())
        if result.answers
    ]
    return ResponsiveChart.draw(
        lambda size: dot_chart(rows, "fooling rate in percent; bars are 95% intervals", from_zero=True, size=size)
    )


def _latex(results: StudyResults, tables: list[Table]) -> str:
    shared = f"{plural(len(results.participants), 'participant')}, {results.key.record['photos']['count']} photos."
    return render_tables(
        [latex_table(table, results.key.title, f"{shared} {table.note}") for table in tables],
        f"{results.key.title}, made with colorgan {__version__}; study {results.key.study}",
    )


def _answers_csv(results: StudyResults) -> str:
    """All answers that count, a row each, for analyses of one's own."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["participant", "kind", "photo", "system", "fooled", "first_is_real", "milliseconds"])
    for participant in results.participants:
        for answer in participant.answers:
            pair = results.key.pairs[answer.pair]
            fooled, first_is_real = answer.chosen != pair.real, answer.first == pair.real
            row = [participant.name, pair.kind, pair.photo, pair.system, int(fooled), int(first_is_real)]
            writer.writerow([*row, answer.milliseconds])
    return file.getvalue()


def _ordered(estimate: Estimate) -> float:
    return -1.0 if math.isnan(estimate.value) else estimate.value


def _value(estimate: Estimate) -> str:
    return NO_VALUE if math.isnan(estimate.value) else f"{estimate.value:.1f}%"


def _interval(estimate: Estimate) -> str:
    interval = estimate.interval
    return f"{interval.low:.1f}% to {interval.high:.1f}%" if interval else ""
