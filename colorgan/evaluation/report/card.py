"""The metrics of a model card, taken from an evaluation report."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError, first_sentence
from colorgan.evaluation.report.systems import GRAY, MEAN_COLOR
from colorgan.metrics.registry import find_metric

THIS_MODEL = "this model"
FORMER_MODEL = "former model"
"""Name in a report of the model that this one replaces; it gets a column of the card."""

_OTHERS = (FORMER_MODEL, GRAY, MEAN_COLOR)


def card_metrics(report: Path, weights: Collection[str]) -> dict[str, dict[str, float]]:
    """Reads the metrics of a model card from an evaluation report.

    Args:
        report: the folder of the report, or its ``metrics.json``.
        weights: SHA-256 of the files that may have been measured as the model.

    Returns:
        By metric, with its unit and its direction, the values of the model, of the former
        model if there is one, and of the baselines, rounded to the digits
        that the metric is shown with. Values that are missing or infinite are left out.

    Raises:
        ColorganError: if the report cannot be read, or has measured another model.
    """
    file = report / "metrics.json" if report.is_dir() else report
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        systems: dict[str, Any] = {name: dict(system["results"]) for name, system in document["systems"].items()}
        measured = {name: str(system.get("sha256")) for name, system in document["systems"].items()}
    except (OSError, ValueError) as error:
        raise ColorganError(f"cannot read {file}, a report of `colorgan evaluate`: {first_sentence(error)}") from error
    except (AttributeError, KeyError, TypeError) as error:
        raise ColorganError(f"{file} is not the metrics.json of a report of `colorgan evaluate`") from error
    model = next((name for name, sha256 in measured.items() if sha256 in weights), None)
    if model is None:
        raise ColorganError(
            f"{file} has not measured this model (it has measured {', '.join(systems)}); "
            "run `colorgan evaluate` with the same checkpoint"
        )
    columns = {THIS_MODEL: systems[model], **{name: systems[name] for name in _OTHERS if name in systems}}
    shown = [metric for key in document.get("metrics", {}) if (metric := find_metric(key)) and metric.card]
    table: dict[str, dict[str, float]] = {}
    for metric in shown:
        row = {
            name: round(value, metric.digits)
            for name, results in columns.items()
            if (value := _number(results.get(metric.key))) is not None
        }
        if row:
            table[f"{metric.label} {metric.arrow}".strip()] = row
    return table


def _number(estimate: Any) -> float | None:
    """The value of an estimate; infinity and NaN are not written as numbers."""
    value = estimate.get("value") if isinstance(estimate, Mapping) else None
    return float(value) if isinstance(value, int | float) else None
