"""Tables of an evaluation report, as plain text that HTML and Markdown share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from colorgan.evaluation.latex import LatexCell, LatexTable, label
from colorgan.evaluation.report import formatting, verdicts
from colorgan.evaluation.report.comparisons import Comparison
from colorgan.evaluation.report.hints import COUNTS
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.metrics.metric import Metric


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its header.
        description: a sentence on what it contains.
    """

    title: str
    description: str = ""


@dataclass(frozen=True)
class Cell:
    """A result.

    Attributes:
        value: the result.
        interval: its interval; empty if there is none.
        is_best: whether no other system is significantly better, and one is significantly worse.
    """

    value: str
    interval: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Row:
    """The results of a system.

    Attributes:
        system: its name.
        is_baseline: whether it is a baseline.
        cells: one for each column after the first.
    """

    system: str
    is_baseline: bool
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: its heading.
        columns: the columns; the first one contains the names of the systems.
        rows: one per system.
        note: an explanation below the table.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""


def result_tables(results: EvaluationResults) -> list[Table]:
    """One table for each group of metrics, with the systems that have any of them."""
    tables = []
    for title, metrics in formatting.metric_groups(results).items():
        columns = [_column(metric) for metric in metrics]
        rows = []
        for name, system in results.systems.items():
            estimates = [results.estimates[name].get(metric.key) for metric in metrics]
            cells = [
                Cell(
                    formatting.format_value(estimate, metric),
                    formatting.format_interval(estimate, metric),
                    formatting.is_best(results, metric, name),
                )
                for metric, estimate in zip(metrics, estimates, strict=True)
            ]
            if any(estimate is not None for estimate in estimates):
                rows.append(Row(name, system["kind"] == "baseline", cells))
        tables.append(Table(title, [Column("system"), *columns], rows))
    return tables


def comparison_table(results: EvaluationResults) -> Table | None:
    """Differences between systems, one row per pair; ``None`` if there is nothing to compare."""
    if not results.comparisons:
        return None
    metrics = [metric for metric in results.metrics if any(entry.metric == metric for entry in results.comparisons)]
    by_pair = {(entry.metric.key, entry.first, entry.second): entry for entry in results.comparisons}
    rows = []
    for first, second in verdicts.compared_pairs(results):
        cells = [difference_cell(by_pair[metric.key, first, second]) for metric in metrics]
        rows.append(Row(f"{first} − {second}", False, cells))  # noqa: RUF001 (a minus sign)
    hidden = " Only pairs with the best system by the first metric; metrics.json has all."
    methods = "; ".join(dict.fromkeys(entry.method for entry in results.comparisons))
    return Table(
        title="Differences between systems",
        columns=[Column("first − second"), *(_column(metric) for metric in metrics)],  # noqa: RUF001
        rows=rows,
        note=f"95% intervals and two-sided p-values ({methods}), corrected for the number of pairs by each metric "
        f"(Holm). Bold: p < 0.05.{hidden if verdicts.has_hidden_pairs(results) else ''}",
    )


def difference_cell(comparison: Comparison) -> Cell:
    """A difference with its interval and p-value, in bold if it is significant."""
    estimate, digits = comparison.difference.estimate, comparison.metric.digits
    if math.isnan(estimate.value):
        return Cell(formatting.NO_VALUE)
    interval = (
        f"{estimate.interval.low:+.{digits}f} to {estimate.interval.high:+.{digits}f}" if estimate.interval else ""
    )
    p_value = verdicts.format_p(comparison).partition(",")[0]
    small_print = "; ".join(filter(None, (interval, p_value)))
    return Cell(f"{estimate.value:+.{digits}f}", small_print, verdicts.is_significant(comparison))


def _column(metric: Metric) -> Column:
    return Column(f"{metric.title} {metric.arrow}".strip(), metric.description)


def hint_tables(results: EvaluationResults) -> list[Table]:
    """One table of PSNR against the number of hints for each protocol."""
    return [
        Table(
            title=f"PSNR against the number of hints: {hints.protocol}",
            columns=[Column("hints"), *(Column(str(count)) for count in COUNTS)],
            rows=[
                Row(name, False, [Cell(f"{mean.value:.2f}", formatting.format_hint_interval(mean)) for mean in means])
                for name, means in hints.psnr.items()
            ],
            note=formatting.hints_note(hints),
        )
        for hints in results.hints
    ]


def latex_table(table: Table, title: str, note: str) -> LatexTable:
    """A table for LaTeX, with the baselines in a block of their own.

    Args:
        table: the table.
        title: heading of the report, for the label.
        note: sentences of the caption after the heading of the table.
    """
    blocks = [
        [[LatexCell(row.system), *map(_latex_cell, row.cells)] for row in table.rows if row.is_baseline == is_baseline]
        for is_baseline in (False, True)
    ]
    return LatexTable(
        caption=f"{table.title}. {note}",
        label=label(title, table.title),
        header=[column.title for column in table.columns],
        blocks=[block for block in blocks if block],
    )


def _latex_cell(cell: Cell) -> LatexCell:
    return LatexCell(cell.value, cell.interval.split("; ") if cell.interval else (), cell.is_best)
