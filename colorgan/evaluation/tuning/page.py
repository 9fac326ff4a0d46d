"""The report of a search: ``report.html`` (one file), ``report.md`` with its images, and ``results.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from colorgan.errors import plural
from colorgan.evaluation.benchmark.page import made_with
from colorgan.evaluation.benchmark.tables import Cell, format_duration, format_number
from colorgan.evaluation.rendering import render
from colorgan.evaluation.tuning.best import CONFIRM_FILE, write_best
from colorgan.evaluation.tuning.document import as_json
from colorgan.evaluation.tuning.plan import SearchPlan
from colorgan.evaluation.tuning.results import SearchResults, TrialResult
from colorgan.evaluation.tuning.sections import curves, history, importances, slices
from colorgan.evaluation.tuning.space import Value, shown
from colorgan.files import write_text


@dataclass(frozen=True)
class Advice:
    """What to do with the results: a sentence and a command."""

    words: str
    command: str = ""


def write_report(results: SearchResults, folder: Path) -> Path:
    """Writes the report, and the files of the best trial.

    Args:
        results: the results so far.
        folder: folder of ``report.html``, ``report.md``, ``results.json``, ``images/``, ``best.yaml`` and
            ``confirm.yaml``. Files are replaced atomically.

    Returns:
        The path of ``report.html``.
    """
    plan = results.plan
    best_file = write_best(results, folder)
    sections = [
        section for section in (history(results), importances(results), slices(results), curves(results)) if section
    ]
    for chart in (chart for section in sections for chart in section.charts):
        write_text(folder / "images" / f"{chart.name}.svg", chart.svg.wide)
    advice = []
    if best_file is not None:
        advice = [
            Advice("Train with the best values:", plan.fit_command(best_file)),
            Advice(
                "Find out whether they are better than the configuration's own, with three seeds each:",
                plan.confirm_command(folder / CONFIRM_FILE, folder / "confirm"),
            ),
        ]
    for file in ("report.html", "report.md"):
        text = render(
            file.replace("report", "tuning") + ".jinja",
            title=f"Search for hyperparameters: {', '.join(Path(file).stem for file in plan.files)}",
            description=f"Varied: {', '.join(one.title for one in plan.space.parameters)} ({plan.space.source}).",
            num_trials=plural(len(results.trials), "trial"),
            counts=list(results.counts.items()),
            verdict=_verdict(results),
            best=_best_table(results),
            advice=advice,
            notes=_notes(results),
            sections=sections,
            trials=_trial_table(results),
            failures=[(f"Trial {trial.number}", trial.error) for trial in results.trials if trial.error],
            made_with=_made_with(results),
        )
        write_text(folder / file, text)
    write_text(folder / "results.json", json.dumps(as_json(results), indent=2, allow_nan=False) + "\n")
    return folder / "report.html"


def _verdict(results: SearchResults) -> str:
    """The best value beside that of the configuration itself."""
    best, baseline, metric = results.best, results.baseline, results.plan.metric
    if best is None or best.value is None:
        return ""
    found = f"{metric.label} {format_number(best.value)} in trial {best.number}"
    trials = plural(len(results.finished), "finished trial")
    if baseline is None or baseline.value is None or baseline.state != "finished":
        return f"Best of {trials}: {found}."
    if best is baseline:
        return f"None of {trials} is better than the configuration itself: {found}."
    return (
        f"Best of {trials}: {found}, against {format_number(baseline.value)} "
        f"of the configuration itself; {metric.direction}."
    )


def _notes(results: SearchResults) -> list[str]:
    plan = results.plan
    pruners = {
        "median": "by the median rule: its best value so far is worse than the median of the finished trials",
        "halving": "by successive halving",
        "hyperband": "by Hyperband",
        "none": "",
    }
    notes = [
        f"Trials are compared by {plan.metric.title} ({plan.metric.key}) on the validation photos after the last "
        f"epoch; {plan.metric.direction}. Each was trained once, with the seed {plan.seed}.",
        "The best of many trials is optimistically biased: it was selected by the value that it reports, and part of "
        "its lead is the luck of one seed. The more trials, the larger that part.",
        "Values were drawn at random."
        if plan.sampler == "random"
        else "The first trials were drawn at random, the later ones where earlier trials were good (Optuna's TPE).",
    ]
    if pruners[plan.pruner]:
        notes.append(
            f"A trial ends early {pruners[plan.pruner]}. Its value is that of the last epoch that it trained, and it "
            "cannot be the best."
        )
    if plan.outside:
        titles = {parameter.name: parameter.title for parameter in plan.space.parameters}
        notes.append(
            "Trial 0 is the configuration itself. Its own values of "
            f"{', '.join(titles[name] for name in plan.outside)} are not in the space, so neither the choice of values "
            "nor the importances take it into account."
        )
    else:
        notes.append("Trial 0 is the configuration itself.")
    return notes


def _best_table(results: SearchResults) -> tuple[list[Cell], list[list[Cell]]] | None:
    best = results.best
    if best is None or best.is_baseline:
        return None
    own = results.plan.own_values
    rows = [
        [
            Cell(parameter.title),
            Cell("not in the space" if parameter.name in results.plan.outside else shown(own.get(parameter.name))),
            Cell(shown(best.values.get(parameter.name))),
        ]
        for parameter in results.plan.space.parameters
    ]
    return [Cell("Parameter"), Cell("Configuration"), Cell("Best", f"trial {best.number}")], rows


def _trial_table(results: SearchResults) -> tuple[list[Cell], list[list[Cell]]]:
    plan = results.plan
    header = [
        Cell("Trial"),
        Cell("Status"),
        Cell(plan.metric.title, plan.metric.direction),
        Cell("Epochs"),
        Cell("Time"),
        *(Cell(parameter.title) for parameter in plan.space.parameters),
    ]
    order = [*results.finished, *(trial for trial in results.trials if trial not in results.finished)]
    rows = [
        [
            Cell(str(trial.number), "the configuration itself" if trial.is_baseline else ""),
            Cell(trial.state),
            Cell("-" if trial.value is None else format_number(trial.value)),
            Cell(str(trial.epochs)),
            Cell(format_duration(trial.seconds)),
            *(Cell(shown(_values(plan, trial).get(parameter.name))) for parameter in plan.space.parameters),
        ]
        for trial in order
    ]
    return header, rows


def _values(plan: SearchPlan, trial: TrialResult) -> Mapping[str, Value]:
    """The values of a trial; those of the configuration itself as far as they are in the space."""
    return trial.values or (plan.own_values if trial.is_baseline else {})


def _made_with(results: SearchResults) -> str:
    records = [trial.run.record for trial in results.trials if trial.run.record]
    return made_with(records, "no trial has ended", "training time of the trials that did not end early:")
