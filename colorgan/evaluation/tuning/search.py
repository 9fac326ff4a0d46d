"""Trains the trials of a search, one after the other, and ends those early that do worse than the others."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from optuna.trial import FrozenTrial, TrialState

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.benchmark.run_results import read_run
from colorgan.evaluation.benchmark.worker import KILLED, Job, supervise
from colorgan.evaluation.curves import read_curves
from colorgan.evaluation.tuning.space import described
from colorgan.evaluation.tuning.study import Study, is_baseline, should_end

_POLL_INTERVAL = 2.0
"""Seconds between checks of the trials that other processes train."""
_MAX_FAILURES = 3
"""Trials in a row that may fail before any of them has ended well."""
_MAX_STOPS = 3
"""Times that somebody else may stop the training of a trial."""


def search(
    study: Study,
    count: int,
    fit: Sequence[str],
    deadline: float,
    notify: Callable[[str], None],
    update: Callable[[], None],
) -> None:
    """Trains until the search has a number of trials.

    A trial whose process was killed is trained again from its last checkpoint. One whose training was killed, such as
    for want of memory, is trained once more, and has then failed.

    Args:
        study: the trials.
        count: number of trials of the whole search, those of other processes and of earlier calls included.
        fit: the command that trains.
        deadline: time in seconds since 1970 after which no trial is begun.
        notify: receives a line when a trial begins or ends.
        update: called when a trial has ended, to update the report.

    Raises:
        ColorganError: if the first trials fail, and none has ended well.
    """
    failures, stops = 0, Counter[int]()
    awaited: set[int] = set()
    while time.time() < deadline:
        with study.claim(count) as trial:
            text = None if trial is None else _train(study, trial, fit, stops, notify)
        if trial is None:
            others = {other.number for other in study.open_trials()}
            if not others:
                return
            if others - awaited:
                notify(f"waiting for {_listed(others)}, which other processes are training")
                awaited |= others
            time.sleep(_POLL_INTERVAL)
        elif text is not None:
            ended = [other for other in study.trials() if other.state.is_finished()]
            notify(f"[{len(ended)}/{count}] trial {trial.number}: {text}")
            update()
            failures = failures + 1 if study.refreshed(trial).state == TrialState.FAIL else 0
            if failures >= _MAX_FAILURES and all(other.state == TrialState.FAIL for other in ended):
                raise ColorganError(
                    f"{failures} trials have failed, and none has ended well, so the search stops; the last one {text}"
                )


def _train(
    study: Study, trial: FrozenTrial, fit: Sequence[str], stops: Counter[int], notify: Callable[[str], None]
) -> str | None:
    """Trains a trial and records its outcome.

    Returns:
        The outcome in words; ``None`` if it has not ended.
    """
    run, folder, metric = study.run(trial), study.run_folder(trial), study.plan.metric
    record = folder.record()
    if record is None:
        if should_end(trial):
            return _end_early(study, trial)
        if folder.digest() not in (None, run.digest):
            raise ColorganError(
                f"{folder.path} is a run of another search than {study.folder}; choose another --out, or delete it"
            )
        kind = "the configuration itself" if is_baseline(trial) else described(trial.params)
        notify(f"trial {trial.number}: {kind}")

        def should_stop() -> bool:
            curve = read_curves(folder.metrics).get(metric.key, [])
            return study.report(trial, [(int(epoch), value) for epoch, value in curve])

        outcome = supervise(Job.of(run, study.folder, fit), should_stop)
        if outcome == "busy":
            return None
        record = folder.record()
        if record is None:
            if should_end(study.refreshed(trial)):
                return _end_early(study, trial)
            stops[trial.number] += 1
            if stops[trial.number] < _MAX_STOPS:
                return None
            return _fail(study, trial, folder, f"its training was stopped {_MAX_STOPS} times by something else")
    if record.status == "failed":
        if record.error.startswith(KILLED) and record.attempts == 1:
            notify(f"trial {trial.number}: {record.error}; it is trained once more")
            folder.remove_record()
            return None
        return _fail(study, trial, folder, record.error)
    result = read_run(run, study.folder, ())
    curve = result.curves.get(metric.key, [])
    study.report(trial, [(int(epoch), value) for epoch, value in curve])
    value = result.last(metric)
    if value is None:
        logged = ", ".join(sorted(result.curves)) or "nothing"
        return _fail(study, trial, folder, f"it has no {metric.key} of its last epoch; it has logged {logged}")
    study.complete(trial, value)
    return f"{metric.key} {value:.5g} after {record.seconds:.0f} s"


def _end_early(study: Study, trial: FrozenTrial) -> str:
    """Records a trial that does worse than others, and removes its checkpoints, which nobody resumes."""
    study.prune(trial)
    for checkpoint in (study.run_folder(trial).path / "checkpoints").glob("*.ckpt*"):
        checkpoint.unlink(missing_ok=True)
    values = study.refreshed(trial).intermediate_values
    epoch = max(values, default=0)
    return f"ended after epoch {epoch + 1}, because it does worse than the others ({values.get(epoch, 0.0):.5g})"


def _fail(study: Study, trial: FrozenTrial, folder: GridRunFolder, error: str) -> str:
    study.fail(trial, error)
    return f"failed: {error} (log: {folder.log})"


def _listed(numbers: set[int]) -> str:
    return f"trial{'' if len(numbers) == 1 else 's'} {', '.join(map(str, sorted(numbers)))}"
