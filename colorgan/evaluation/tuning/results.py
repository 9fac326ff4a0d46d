"""The results of a search, read from its trials and from the folders of their runs."""

import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import optuna
import scipy.stats
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from colorgan.evaluation.benchmark.run_results import RunResult, read_run
from colorgan.evaluation.statistics import QUANTILES, Interval
from colorgan.evaluation.tuning.plan import SearchPlan
from colorgan.evaluation.tuning.space import Parameter, Value
from colorgan.evaluation.tuning.study import Study, error_of, is_baseline

State = Literal["finished", "ended early", "failed", "running", "interrupted"]

MIN_TRIALS = 10
"""Finished trials without which importances say nothing."""
_TOP = 0.25
"""The share of the best trials that importances are about; Optuna's 0.1 would be a single one of ten."""
_HALVES = 40


@dataclass(frozen=True)
class TrialResult:
    """One trial.

    Attributes:
        number: its number.
        state: how it ended.
        is_baseline: whether it is the configuration itself.
        values: its values by parameter; empty for a baseline whose values are not in the space.
        value: the metric after its last epoch; for one that ended early, after the last epoch that it trained.
        error: why it failed.
        run: its training.
    """

    number: int
    state: State
    is_baseline: bool
    values: Mapping[str, Value]
    value: float | None
    error: str
    run: RunResult

    @property
    def epochs(self) -> int:
        """Number of epochs that it trained, up to the last validation."""
        return self.run.last_epoch

    @property
    def seconds(self) -> float | None:
        """Duration of its training; ``None`` if it did not end by itself."""
        return self.run.record.seconds if self.run.record else None


@dataclass(frozen=True)
class Importance:
    """How much a parameter matters for being among the best trials.

    Attributes:
        parameter: the parameter.
        share: all shares add up to 1.
        interval: of the share, from its spread between halves of the trials.
    """

    parameter: Parameter
    share: float
    interval: Interval


@dataclass(frozen=True)
class SearchResults:
    """The results of a search, which may be unfinished.

    Attributes:
        plan: what is searched.
        trials: all that have begun.
        importances: by falling share; empty if too few trials have finished.
    """

    plan: SearchPlan
    trials: Sequence[TrialResult]
    importances: Sequence[Importance]

    @property
    def finished(self) -> list[TrialResult]:
        """The trials that trained to their end, from the best to the worst."""
        sign = -1.0 if self.plan.metric.higher_is_better else 1.0
        finished = [trial for trial in self.trials if trial.state == "finished" and trial.value is not None]
        return sorted(finished, key=lambda trial: sign * (trial.value or 0.0))

    @property
    def best(self) -> TrialResult | None:
        """The best finished trial."""
        return next(iter(self.finished), None)

    @property
    def baseline(self) -> TrialResult | None:
        """The configuration itself."""
        return next((trial for trial in self.trials if trial.is_baseline), None)

    @property
    def counts(self) -> dict[State, int]:
        """Number of trials of each state that occurs."""
        return dict(Counter(trial.state for trial in self.trials))

    @property
    def summary(self) -> str:
        """The counts in words, such as ``5 finished, 3 ended early``."""
        return ", ".join(f"{count} {state}" for state, count in self.counts.items()) or "no trial has begun"

    def best_so_far(self) -> list[tuple[float, float]]:
        """(number of the trial, best value up to it) for each finished trial."""
        best = max if self.plan.metric.higher_is_better else min
        points: list[tuple[float, float]] = []
        for trial in sorted(self.finished, key=lambda trial: trial.number):
            if trial.value is not None:
                value = best(points[-1][1], trial.value) if points else trial.value
                points.append((float(trial.number), value))
        return points


def collect_results(study: Study) -> SearchResults:
    """Reads the results of all trials that have begun."""
    trials = study.trials()
    return SearchResults(study.plan, [_result(study, trial) for trial in trials], _importances(study.plan, trials))


def _result(study: Study, trial: FrozenTrial) -> TrialResult:
    states: Mapping[TrialState, State] = {
        TrialState.COMPLETE: "finished",
        TrialState.PRUNED: "ended early",
        TrialState.FAIL: "failed",
    }
    state = states.get(trial.state) or ("running" if study.is_taken(trial) else "interrupted")
    return TrialResult(
        number=trial.number,
        state=state,
        is_baseline=is_baseline(trial),
        values={p.name: trial.params[p.name] for p in study.plan.space.parameters if p.name in trial.params},
        value=trial.value if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
        error=error_of(trial),
        run=read_run(study.run(trial), study.folder, ()),
    )


def _importances(plan: SearchPlan, trials: Sequence[FrozenTrial]) -> list[Importance]:
    """The shares of the parameters by PED-ANOVA, which needs no trials but the finished ones.

    Their intervals come from the delete-half jackknife (Shao and Wu, 1989): the spread of the shares between random
    halves of the trials is that between searches.
    """
    finished = [trial for trial in trials if trial.state == TrialState.COMPLETE and trial.params]
    if len(finished) < MIN_TRIALS:
        return []
    names = [parameter.name for parameter in plan.space.parameters]
    shares = _shares(plan, finished, names)
    rng, half = np.random.default_rng(0), len(finished) // 2
    halves = [
        _shares(plan, [finished[i] for i in rng.permutation(len(finished))[:half]], names) for _ in range(_HALVES)
    ]
    reach = scipy.stats.norm.ppf(QUANTILES[1]) * math.sqrt(half / (len(finished) - half))
    importances = []
    for parameter in plan.space.parameters:
        share = shares[parameter.name]
        spread = reach * float(np.std([own[parameter.name] for own in halves]))
        importances.append(Importance(parameter, share, Interval(max(0.0, share - spread), min(1.0, share + spread))))
    return sorted(importances, key=lambda importance: -importance.share)


def _shares(plan: SearchPlan, trials: Sequence[FrozenTrial], names: list[str]) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(direction="maximize" if plan.metric.higher_is_better else "minimize")
        study.add_trials(trials)
        return get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=_TOP), params=names)
