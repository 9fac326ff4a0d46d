"""``report.md``: the report without a browser."""

from collections.abc import Mapping
from typing import Any

from colorgan.evaluation.report import formatting
from colorgan.evaluation.report.hints import COUNTS
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.metrics.metric import Metric


def render_markdown(results: EvaluationResults, title: str, sheet: str | None = None) -> str:
    """The report as Markdown.

    Args:
        results: the results.
        title: heading of the report.
        sheet: file name of the contact sheet in the same folder.
    """
    record = results.record
    lines = [
        f"# {title}",
        "",
        f"{len(results.photos):,} photos of {record['photos']['folder']} · {record['protocol']}",
        "",
    ]
    lines += [f"- {sentence}" for sentence in formatting.summarize(results)]
    lines += [""]
    lines += [f"> **Note.** {warning}\n" for warning in formatting.warnings(results)]
    for heading, metrics in formatting.metric_groups(results).items():
        lines += [f"## {heading}", ""]
        lines += [_row(["system", *(f"{metric.title} {metric.arrow}".strip() for metric in metrics)])]
        lines += [_row(["---", *("---:" for _ in metrics)])]
        for name in results.systems:
            if any(metric.key in results.estimates[name] for metric in metrics):
                lines += [_row([_escape(name), *(_cell(results, name, metric) for metric in metrics)])]
        lines += [""]
    lines += ["In parentheses: 95 % intervals; for kernel distances, the standard deviation over subsets.", ""]
    for hints in results.hints:
        lines += [f"## PSNR against the number of hints: {hints.protocol}", ""]
        lines += [_row(["system", *map(str, COUNTS)]), _row(["---", *("---:" for _ in COUNTS)])]
        for name, means in hints.psnr.items():
            cells = [f"{mean.value:.2f} ({formatting.format_hint_interval(mean)})" for mean in means]
            lines += [_row([_escape(name), *cells])]
        lines += ["", formatting.hints_note(hints), ""]
    if sheet is not None:
        lines += ["## The same photos from every system", "", f"![contact sheet]({sheet})", ""]
    lines += ["## How it was measured", ""]
    lines += _list_items(record)
    lines += ["", "### Systems", ""]
    lines += _list_items(results.systems)
    lines += ["", "### Metrics", ""]
    lines += [f"- **{metric.title}** (`{metric.key}`): {metric.description}" for metric in results.metrics]
    return "\n".join(lines) + "\n"


def _cell(results: EvaluationResults, system: str, metric: Metric) -> str:
    estimate = results.estimates[system].get(metric.key)
    value = formatting.format_value(estimate, metric)
    if formatting.is_best(results, metric, system):
        value = f"**{value}**"
    interval = formatting.format_interval(estimate, metric)
    return f"{value} ({interval})" if interval else value


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def _list_items(values: Mapping[str, Any], depth: int = 0) -> list[str]:
    lines = []
    for name, value in values.items():
        if value in (None, [], {}):
            continue
        label = f"{'  ' * depth}- **{str(name).replace('_', ' ')}**"
        if isinstance(value, Mapping):
            lines += [f"{label}:", *_list_items(value, depth + 1)]
        elif isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
            for item in value:
                lines += [f"{label}:", *_list_items(item, depth + 1)]
        elif isinstance(value, list):
            lines.append(f"{label}: {'; '.join(map(str, value))}")
        else:
            lines.append(f"{label}: {value}")
    return lines
