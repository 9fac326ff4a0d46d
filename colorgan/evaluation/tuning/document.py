"""The results of a search as plain data."""

import math
from typing import Any

from colorgan.evaluation.tuning.results import SearchResults, TrialResult


def as_json(results: SearchResults) -> dict[str, Any]:
    """Plain data for ``results.json``, without NaN and infinity."""
    plan = results.plan
    return {
        "configuration": list(plan.files),
        "options": list(plan.options),
        "space": plan.space.content,
        "metric": plan.metric.key,
        "better": plan.metric.better,
        "seed": plan.seed,
        "sampler": plan.sampler,
        "pruner": plan.pruner,
        "counts": results.counts,
        "own_values": dict(plan.own_values),
        "outside": list(plan.outside),
        "best": results.best.number if results.best else None,
        "importances": {
            "evaluator": "PED-ANOVA",
            "shares": [
                {"parameter": one.parameter.name, "share": one.share, "interval": [one.interval.low, one.interval.high]}
                for one in results.importances
            ],
        },
        "trials": [_trial(trial, plan.metric.key) for trial in results.trials],
    }


def _trial(trial: TrialResult, key: str) -> dict[str, Any]:
    return {
        "number": trial.number,
        "status": trial.state,
        "is_baseline": trial.is_baseline,
        "values": dict(trial.values),
        "value": trial.value if trial.value is not None and math.isfinite(trial.value) else None,
        "error": trial.error,
        "seconds": trial.seconds,
        "epochs": trial.epochs,
        "run": trial.run.run.name,
        "curve": [[epoch, value] for epoch, value in trial.run.curves.get(key, []) if math.isfinite(value)],
    }
