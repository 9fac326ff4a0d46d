"""Tables of a benchmark report, as plain text cells that HTML and Markdown share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from colorgan.evaluation.benchmark.results import BenchmarkResults, Change, Summary, VariantResult, epochs_needed

_NO_VALUE = "-"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: its content.
        note: small print below it.
    """

    text: str
    note: str = ""


def group_table(results: BenchmarkResults, variants: Sequence[VariantResult]) -> tuple[list[Cell], list[list[Cell]]]:
    """The table of a group.

    Args:
        results: the results of the grid.
        variants: the configurations of the group.

    Returns:
        The header, and one row per configuration.
    """
    published = results.grid.published
    has_published = any(result.variant.published is not None for result in variants)
    needed = epochs_needed(variants, results.headline)
    has_epochs = len({number for result in variants for number in result.epochs}) > 1
    header = [Cell("Configuration")]
    if has_published:
        header.append(Cell(f"Published {published.metric}".strip(), published.protocol))
    header += [
        Cell(f"Ours: {results.headline.title}", results.headline.direction),
        Cell("By seed"),
        Cell("Rank", "in this group"),
        Cell("Best epoch", "optimistically biased"),
        *([Cell("Epochs needed", f"to reach {format_number(needed[0])}")] if needed else []),
        *(Cell(metric.title, metric.direction) for metric in results.metrics[1:]),
        *([Cell("Epochs", "trained")] if has_epochs else []),
        Cell("Time", "per run"),
    ]
    rows = [_row(results, result, has_published, needed[1] if needed else None, has_epochs) for result in variants]
    return header, rows


def order_table(results: BenchmarkResults) -> tuple[list[Cell], list[list[Cell]]] | None:
    """The order of the published results beside that of ours.

    Args:
        results: the results of the grid.

    Returns:
        The header, and one row for each configuration that has both, in the published order; ``None`` for fewer than
        two.
    """
    headline = results.headline
    both = [
        (result.variant.name, result.variant.published, mean)
        for result in results.variants
        if result.variant.published is not None and (mean := result.summaries[headline.key].mean) is not None
    ]
    if len(both) < 2:
        return None
    sign = -1 if headline.higher_is_better else 1
    published, ours = (sorted(sign * row[column] for row in both) for column in (1, 2))
    header = [
        Cell("Configuration"),
        Cell(f"Published {results.grid.published.metric}".strip(), results.grid.published.protocol),
        Cell("Published place"),
        Cell("Our place"),
        Cell(f"Ours: {headline.title}", headline.direction),
    ]
    rows = [
        [
            Cell(name),
            Cell(f"{value:g}"),
            Cell(str(published.index(sign * value) + 1)),
            Cell(str(ours.index(sign * mean) + 1)),
            Cell(format_number(mean)),
        ]
        for name, value, mean in sorted(both, key=lambda row: sign * row[1])
    ]
    return header, rows


def comparison_table(results: BenchmarkResults) -> tuple[list[Cell], list[list[Cell]]] | None:
    """The configurations that have a baseline, and their changes against it; ``None`` if there are none yet."""
    compared = [result for result in results.variants if result.changes]
    if not compared:
        return None
    metrics = [metric for metric in results.metrics if any(metric.key in result.changes for result in compared)]
    header = [Cell("Configuration"), Cell("Baseline"), *(Cell(metric.title, metric.direction) for metric in metrics)]
    rows = [
        [
            Cell(result.variant.name),
            Cell(result.variant.baseline),
            *(_change_cell(result.changes.get(metric.key)) for metric in metrics),
        ]
        for result in compared
    ]
    return header, rows


def _row(
    results: BenchmarkResults,
    result: VariantResult,
    has_published: bool,
    needed: Mapping[str, int] | None,
    has_epochs: bool,
) -> list[Cell]:
    name, published = result.variant.name, result.variant.published
    summary = result.summaries[results.headline.key]
    row = [Cell(name, _unfinished(result))]
    if has_published:
        row.append(Cell(_NO_VALUE if published is None else f"{published:g}"))
    row += [
        _mean_cell(summary),
        Cell(", ".join(format_number(value) for value in summary.values.values()) or _NO_VALUE),
        Cell(_format_rank(result.rank_range)),
        Cell(_NO_VALUE if summary.best is None else format_number(summary.best)),
        *([] if needed is None else [Cell(f"{needed.get(name, _NO_VALUE)}")]),
        *(_mean_cell(result.summaries[metric.key]) for metric in results.metrics[1:]),
        *([Cell(", ".join(map(str, result.epochs)) or _NO_VALUE)] if has_epochs else []),
        Cell(format_duration(result.seconds)),
    ]
    return row


def _unfinished(result: VariantResult) -> str:
    """The number of unfinished runs by status."""
    statuses = [run.status for run in result.runs if run.status != "finished"]
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))


def _mean_cell(summary: Summary) -> Cell:
    if summary.mean is None:
        return Cell(_NO_VALUE)
    interval = summary.interval
    note = f"{format_number(interval.low)} to {format_number(interval.high)}" if interval else ""
    return Cell(format_number(summary.mean), note)


def _change_cell(change: Change | None) -> Cell:
    if change is None:
        return Cell(_NO_VALUE)
    estimate = change.estimate
    interval = estimate.interval
    note = f"{_signed(interval.low, change)} to {_signed(interval.high, change)}" if interval else ""
    return Cell(_signed(estimate.value, change) + (" dB" if change.kind == "difference" else ""), note)


def _signed(value: float, change: Change) -> str:
    return f"{value:+.1%}" if change.kind == "relative" else f"{value:+.2f}"


def _format_rank(rank_range: tuple[int, int] | None) -> str:
    if rank_range is None:
        return _NO_VALUE
    first, last = rank_range
    return str(first) if first == last else f"{first} to {last}"


def format_number(value: float) -> str:
    """Formats a value with at most four significant digits.

    >>> format_number(54.73481), format_number(0.12345), format_number(1234.5)
    ('54.73', '0.1235', '1234')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def format_duration(seconds: float | None) -> str:
    """Formats a duration as hours and minutes, or minutes and seconds.

    >>> format_duration(75.2), format_duration(7260), format_duration(9)
    ('1 min 15 s', '2 h 1 min', '9 s')
    """
    if seconds is None:
        return _NO_VALUE
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
