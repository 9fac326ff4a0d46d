"""The charts of a search report."""

from collections.abc import Sequence
from dataclasses import dataclass

from colorgan.errors import plural
from colorgan.evaluation.benchmark.page import Chart
from colorgan.evaluation.benchmark.tables import format_number
from colorgan.evaluation.charts import Dots, Line, Points, ResponsiveChart, dot_chart, line_chart, scatter_chart
from colorgan.evaluation.charts.figure import COLORS
from colorgan.evaluation.tuning.results import MIN_TRIALS, SearchResults, TrialResult
from colorgan.evaluation.tuning.space import Parameter

_BEST, _BASELINE, _OTHER = COLORS[2], COLORS[1], COLORS[0]
_GRAY = COLORS[8]


@dataclass(frozen=True)
class Section:
    """Charts with a heading.

    Attributes:
        name: identifies the section.
        title: heading.
        notes: what to know about the charts.
        charts: the charts.
        small: whether the charts stand side by side.
    """

    name: str
    title: str
    notes: Sequence[str]
    charts: Sequence[Chart]
    small: bool = False


def history(results: SearchResults) -> Section | None:
    """The values of the trials in their order."""
    groups = _groups(results, None)
    if not groups:
        return None
    steps = results.best_so_far()
    last = max(trial.number for trial in results.trials)
    steps = [*steps, (float(last), steps[-1][1])] if steps else []
    title = results.plan.metric.label
    svg = ResponsiveChart.draw(lambda size: scatter_chart(groups, "trial", title, steps, size=size))
    note = "The line is the best value so far. A ring is a trial that ended early, with its last value."
    return Section("history", "The trials in their order", [note], [Chart("history", f"{title} by trial", svg)])


def importances(results: SearchResults) -> Section | None:
    """How much each parameter matters."""
    if not any(trial.state == "finished" for trial in results.trials):
        return None
    count = sum(trial.state == "finished" and bool(trial.values) for trial in results.trials)
    if not results.importances:
        note = f"Importances need at least {MIN_TRIALS} finished trials with values of the space; there are {count}."
        return Section("importances", "What matters", [note], [])
    notes = [
        "How much a parameter decides whether a trial is among the best quarter (Optuna's PED-ANOVA, "
        "arXiv 2304.10255); the shares add up to 1. The bars are 95% intervals from random halves of the trials.",
        f"They rest on {plural(count, 'finished trial')}, one seed each, in the ranges of this space, and on no trial "
        "that ended early. Bars that overlap leave the order open, and with few trials most of them do.",
    ]
    rows = [
        Dots(one.parameter.title, [one.share], one.share, one.interval, note=f"{one.share:.2f}")
        for one in results.importances
    ]
    svg = ResponsiveChart.draw(lambda size: dot_chart(rows, "share of importance", from_zero=True, size=size))
    return Section("importances", "What matters", notes, [Chart("importances", "Importances of the parameters", svg)])


def slices(results: SearchResults) -> Section | None:
    """The trials by each of their values."""
    charts = []
    for number, parameter in enumerate(results.plan.space.parameters, start=1):
        if groups := _groups(results, parameter):
            svg = _slice(results, parameter, groups)
            charts.append(Chart(f"slice_{number}", f"{results.plan.metric.title} by {parameter.title}", svg))
    if not charts:
        return None
    note = (
        "The same trials by each of their values. The other values differ from point to point, so a chart shows a "
        "tendency at best."
    )
    return Section("values", "The trials by their values", [note], charts, small=True)


def _slice(results: SearchResults, parameter: Parameter, groups: Sequence[Points]) -> ResponsiveChart:
    names = () if parameter.is_numeric else tuple(str(value) for value in parameter.examples())
    title = results.plan.metric.title
    wide, small = (
        scatter_chart(groups, parameter.title, title, log=parameter.is_log, categories=names, size=size)
        for size in ("wide", "small")
    )
    return ResponsiveChart(wide, small)


def _groups(results: SearchResults, parameter: Parameter | None) -> list[Points]:
    """The trials that have a value, by kind: over their numbers, or over the values of a parameter."""
    kinds: dict[tuple[str, str, bool], list[TrialResult]] = {
        ("ended early", _GRAY, True): [trial for trial in results.trials if trial.state == "ended early"],
        ("finished", _OTHER, False): [t for t in results.finished if t is not results.best and not t.is_baseline],
        ("the configuration itself", _BASELINE, False): [t for t in results.finished if t.is_baseline],
        ("best", _BEST, False): [t for t in results.finished if t is results.best and not t.is_baseline],
    }
    groups = []
    for (label, color, hollow), trials in kinds.items():
        points: list[tuple[float | str, float]] = []
        texts: list[str] = []
        for trial in trials:
            x = trial.number if parameter is None else trial.values.get(parameter.name)
            if trial.value is not None and x is not None:
                points.append((x, trial.value))
                texts.append(f"trial {trial.number}: {format_number(trial.value)}")
        if points:
            groups.append(Points(label, points, color, hollow, texts))
    return groups


def curves(results: SearchResults) -> Section | None:
    """The metric by epoch."""
    key, title = results.plan.metric.key, results.plan.metric.label
    strong = {trial.number for trial in (results.best, results.baseline) if trial is not None}
    lines = [
        Line("other trials", curve, faint=True, color=_GRAY)
        for trial in results.trials
        if trial.number not in strong and (curve := trial.run.curves.get(key))
    ]
    for label, trial, color in (
        ("the configuration itself", results.baseline, _BASELINE),
        ("best", results.best, _BEST),
    ):
        if trial is not None and (curve := trial.run.curves.get(key)) and (label != "best" or not trial.is_baseline):
            lines.append(Line(label, curve, color=color))
    if not lines:
        return None
    svg = ResponsiveChart.draw(lambda size: line_chart(lines, "epoch", title, size=size))
    return Section("curves", "The trials by epoch", [], [Chart("curves", f"{title} by epoch", svg)])
