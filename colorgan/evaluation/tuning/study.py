"""The trials of a search, which Optuna chooses and keeps in an SQLite file.

Several processes work on one study. A trial that no process trains, because its own was stopped or killed, is still
``RUNNING`` in the file, but its locks are free: the next process takes it up again.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from colorgan.errors import ColorganError, describe
from colorgan.evaluation.benchmark.grid import Run
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.tuning.plan import SearchPlan

FILE_NAME = "study.db"
_STUDY = "colorgan"
_SQLITE = b"SQLite format 3\0"
_BUSY_SECONDS = 120
"""How long a process waits for another one that writes to the file."""
_STARTUP_TRIALS = 5
"""Trials that are never pruned, because there is too little to compare them with."""
_DIGEST, _BASELINE, _SHOULD_END, _ERROR = "search", "baseline", "should_end", "error"
"""Attributes of the study, and of its trials."""


class Study:
    """The trials of a search in a folder, which may be shared by several processes.

    Args:
        plan: the search.
        folder: its folder.

    Raises:
        ColorganError: if the folder has another search, or its file cannot be read.
    """

    def __init__(self, plan: SearchPlan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self._file = folder / FILE_NAME
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / "locks" / "study.lock", timeout=_BUSY_SECONDS)
        (folder / "locks").mkdir(exist_ok=True)
        with self._lock:
            self._study = self._open()
            self._check_digest()

    def _open(self) -> optuna.Study:
        if self._file.is_file() and self._file.stat().st_size:
            with self._file.open("rb") as stream:
                if stream.read(len(_SQLITE)) != _SQLITE:
                    raise ColorganError(f"{self._file} is not a study of Optuna; choose another --out, or delete it")
        try:
            self._storage = optuna.storages.RDBStorage(
                f"sqlite:///{self._file.absolute()}", engine_kwargs={"connect_args": {"timeout": _BUSY_SECONDS}}
            )
            return optuna.create_study(
                storage=self._storage,
                study_name=_STUDY,
                direction="maximize" if self.plan.metric.higher_is_better else "minimize",
                pruner=_pruner(self.plan),
                load_if_exists=True,
            )
        except (RuntimeError, optuna.exceptions.OptunaError) as error:
            raise ColorganError(
                f"{self._file} cannot be opened ({describe(error)}); choose another --out, or delete it"
            ) from error

    def _check_digest(self) -> None:
        known = self._study.user_attrs.get(_DIGEST)
        if known is None:
            self._study.set_user_attr(_DIGEST, self.plan.digest)
            # Optuna has no place for values that are not in the space
            own = {} if self.plan.outside else dict(self.plan.own_values)
            self._study.enqueue_trial(own, user_attrs={_BASELINE: True})
        elif known != self.plan.digest:
            raise ColorganError(
                f"{self.folder} has a search with another configuration, space, metric or seed; choose another --out, "
                "or use the same as before"
            )

    def trials(self) -> list[FrozenTrial]:
        """All trials that have begun."""
        return [trial for trial in self._study.get_trials(deepcopy=False) if trial.state != TrialState.WAITING]

    def run(self, trial: FrozenTrial) -> Run:
        """The training of a trial."""
        return self.plan.run(trial.number, trial.params)

    def run_folder(self, trial: FrozenTrial) -> GridRunFolder:
        """The folder of its training."""
        return GridRunFolder(self.folder, self.run(trial).name)

    @contextlib.contextmanager
    def claim(self, count: int) -> Iterator[FrozenTrial | None]:
        """Takes a trial: one that was begun and that no process trains, or a new one.

        It belongs to this process until the context ends, or the process dies.

        Args:
            count: number of trials of the whole search.

        Yields:
            ``None`` if all have begun, and those that have not ended belong to other processes.
        """
        with contextlib.ExitStack() as held:
            with self._lock:
                trial = self._abandoned(held) or self._new(count, held)
            yield trial

    def _abandoned(self, held: contextlib.ExitStack) -> FrozenTrial | None:
        for trial in self.open_trials():
            with contextlib.ExitStack() as own:
                if own.enter_context(self._claim_of(trial).lock()) is None or self.run_folder(trial).is_locked():
                    continue
                if self._is_complete(trial):
                    held.enter_context(own.pop_all())
                    return trial
            self.fail(trial, "its process was killed while it chose the values")
        return None

    def _new(self, count: int, held: contextlib.ExitStack) -> FrozenTrial | None:
        begun = len(self.trials())
        if begun >= count:
            return None
        # a seed per trial: the same values whether or not the search was interrupted, and others in each process
        self._study.sampler = _sampler(self.plan, self.plan.seed + begun)
        new = self._study.ask()
        if not (new.user_attrs.get(_BASELINE) and self.plan.outside):
            for parameter in self.plan.space.parameters:
                parameter.suggest(new)
        trial = self._storage.get_trial(self._id(new))
        held.enter_context(self._claim_of(trial).lock())
        return trial

    def _claim_of(self, trial: FrozenTrial) -> GridRunFolder:
        """What a process locks from its claim to the end of the trial, longer than the training itself is locked."""
        return GridRunFolder(self.folder, f"trial-{trial.number:04}-claim")

    def is_taken(self, trial: FrozenTrial) -> bool:
        """Whether a process trains a trial."""
        return self._claim_of(trial).is_locked() or self.run_folder(trial).is_locked()

    def _is_complete(self, trial: FrozenTrial) -> bool:
        return (is_baseline(trial) and bool(self.plan.outside)) or len(trial.params) == len(self.plan.space.parameters)

    def refreshed(self, trial: FrozenTrial) -> FrozenTrial:
        """A trial as it is now."""
        return self._storage.get_trial(self._id(trial))

    def open_trials(self) -> list[FrozenTrial]:
        """The trials that have begun and not ended."""
        return self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def report(self, trial: FrozenTrial, values: Sequence[tuple[int, float]]) -> bool:
        """Adds values of validation.

        Args:
            trial: the trial.
            values: (epoch, value) pairs, of which known ones are left out.

        Returns:
            Whether the trial is to be ended, because it does worse than the others.
        """
        known = self.refreshed(trial).intermediate_values
        new = [(epoch, value) for epoch, value in values if epoch not in known]
        if not new:
            return False
        reported = optuna.Trial(self._study, self._id(trial))
        for epoch, value in new:
            reported.report(value, epoch)
        should_end = reported.should_prune()
        if should_end:
            reported.set_user_attr(_SHOULD_END, True)
        return should_end

    def complete(self, trial: FrozenTrial, value: float) -> None:
        """Records the value of a trial that has been trained."""
        self._study.tell(trial.number, value, skip_if_finished=True)

    def prune(self, trial: FrozenTrial) -> None:
        """Records that a trial was ended early."""
        self._study.tell(trial.number, state=TrialState.PRUNED, skip_if_finished=True)

    def fail(self, trial: FrozenTrial, error: str) -> None:
        """Records why a trial has no value."""
        if trial.state == TrialState.RUNNING:
            self._storage.set_trial_user_attr(self._id(trial), _ERROR, error)
        self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    def _id(self, trial: FrozenTrial | optuna.Trial) -> int:
        study = self._storage.get_study_id_from_name(_STUDY)
        return self._storage.get_trial_id_from_study_id_trial_number(study, trial.number)


def should_end(trial: FrozenTrial) -> bool:
    """Whether a trial was found to do worse than the others."""
    return bool(trial.user_attrs.get(_SHOULD_END))


def is_baseline(trial: FrozenTrial) -> bool:
    """Whether a trial has the values of the configuration itself."""
    return bool(trial.user_attrs.get(_BASELINE))


def error_of(trial: FrozenTrial) -> str:
    """Why a trial has failed; empty for others."""
    return str(trial.user_attrs.get(_ERROR, ""))


def _pruner(plan: SearchPlan) -> BasePruner:
    if plan.pruner == "median":
        return MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=max(0, plan.epochs) // 4)
    if plan.pruner == "halving":
        return SuccessiveHalvingPruner()
    return (
        HyperbandPruner(max_resource=plan.epochs if plan.epochs > 0 else "auto")
        if plan.pruner == "hyperband"
        else NopPruner()
    )


def _sampler(plan: SearchPlan, seed: int) -> BaseSampler:
    return TPESampler(seed=seed) if plan.sampler == "tpe" else RandomSampler(seed=seed)
