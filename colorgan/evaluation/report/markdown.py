"""``report.md``: the figures and how they were measured, for where there is no browser."""

from collections.abc import Mapping
from typing import Any

from colorgan.evaluation.report import figures
from colorgan.evaluation.report.hinted import COUNTS
from colorgan.evaluation.report.results import Results


def markdown(results: Results, title: str, sheet: str | None = None) -> str:
    """The report as Markdown.

    Args:
        results: the figures.
        title: its heading.
        sheet: file name of the contact sheet beside it.
    """
    record = results.record
    lines = [
        f"# {title}",
        "",
        f"{len(results.photos):,} photos of {record['photos']['folder']} · {record['protocol']}",
        "",
    ]
    lines += [f"- {sentence}" for sentence in figures.summary(results)]
    lines += [""]
    lines += [f"> **Note.** {warning}\n" for warning in figures.warnings(results)]
    for heading, metrics in figures.tables(results).items():
        lines += [f"## {heading}", ""]
        lines += [_row(["system", *(f"{metric.title} {metric.arrow}".strip() for metric in metrics)])]
        lines += [_row(["---", *("---:" for _ in metrics)])]
        for name in results.systems:
            own = results.figures[name]
            if any(metric.key in own for metric in metrics):
                lines += [_row([_cell(name), *(_figure(results, name, metric) for metric in metrics)])]
        lines += [""]
    lines += ["In brackets: 95 % intervals, for kernel distances the deviation over subsets.", ""]
    for gained in results.hinted:
        lines += [f"## PSNR against the number of hints: {gained.protocol}", ""]
        lines += [_row(["system", *map(str, COUNTS)]), _row(["---", *("---:" for _ in COUNTS)])]
        for name, means in gained.figures.items():
            lines += [_row([_cell(name), *(f"{mean.value:.2f} ({mean.low:.2f} to {mean.high:.2f})" for mean in means)])]
        lines += ["", f"{figures.hints_note(gained)}", ""]
    if sheet is not None:
        lines += ["## The same photos by every system", "", f"![contact sheet]({sheet})", ""]
    lines += ["## What exactly was measured", ""]
    lines += _listed(record, 0)
    lines += ["", "### Systems", ""]
    lines += _listed(results.systems, 0)
    lines += ["", "### Metrics", ""]
    lines += [f"- **{metric.title}** (`{metric.key}`): {metric.meaning}" for metric in results.metrics]
    return "\n".join(lines) + "\n"


def _figure(results: Results, name: str, metric: Any) -> str:
    estimate = results.figures[name].get(metric.key)
    text = figures.value(estimate, metric)
    if figures.is_best(results, metric, name):
        text = f"**{text}**"
    sure = figures.interval(estimate, metric)
    return f"{text} ({sure})" if sure else text


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _listed(values: Mapping[str, Any], depth: int) -> list[str]:
    lines = []
    for name, value in values.items():
        if value in (None, [], {}):
            continue
        label = f"{'  ' * depth}- **{str(name).replace('_', ' ')}**"
        if isinstance(value, Mapping):
            lines += [f"{label}:", *_listed(value, depth + 1)]
        elif isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
            for item in value:
                lines += [f"{label}:", *_listed(item, depth + 1)]
        elif isinstance(value, list):
            lines.append(f"{label}: {'; '.join(map(str, value))}")
        else:
            lines.append(f"{label}: {value}")
    return lines
