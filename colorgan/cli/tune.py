"""``colorgan tune CONFIG --space SPACE.yaml --out FOLDER``: searches for hyperparameters and reports the search."""

import importlib.util
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from colorgan.cli.parsing.options import Option, PassThrough, Range
from colorgan.errors import ColorganError

if TYPE_CHECKING:
    from colorgan.evaluation.tuning.plan import PrunerName, SamplerName, SearchPlan

FIT = (sys.executable, "-m", "colorgan", "fit")
"""The command that trains a trial."""


def tune(
    configuration: Annotated[str, Option(metavar="CONFIG")],
    *fit_options: Annotated[str, PassThrough(r"--(data|model|trainer)\b", "--data.root=FOLDER")],
    space: Annotated[str, Option(metavar="FILE")],
    out: Annotated[str, Option(metavar="FOLDER")],
    trials: Annotated[int, Range(1, 100_000), Option(metavar="N")] = 30,
    timeout: Annotated[float | None, Range(0), Option(metavar="MINUTES")] = None,
    metric: Annotated[str | None, Option(metavar="NAME")] = None,
    config: Annotated[Sequence[str], Option(("-c", "--config"), "FILE")] = (),
    pruner: Literal["median", "halving", "hyperband", "none"] = "median",
    sampler: Literal["tpe", "random"] = "tpe",
    seed: Annotated[int | None, Range(0, 2**32 - 1), Option(metavar="N")] = None,
    report: bool = False,
) -> int:
    """Search for the hyperparameters of a configuration.

    The first trial is the configuration itself. The same command resumes an interrupted search, and adds trials if
    --trials is larger. Several processes that run the same command share the work. Options of `fit` in the form
    --data.root=FOLDER are passed to every trial. Needs the extra `tune`: pip install -e '.[tune]' in the clone.

    Args:
        configuration: complete configuration, such as configs/small.yaml.
        fit_options: options of ``fit``.
        space: YAML file of what varies, such as configs/spaces/gan.yaml.
        out: folder of the trials, the report and best.yaml, an overlay with the best values.
        trials: number of trials in all.
        timeout: begin no trial after this time.
        metric: validation metric that is compared, after the last epoch (default: val/fd_efficientnet_lite2).
        config: overlay for every trial, such as configs/hardware/cpu.yaml; repeatable.
        pruner: how trials that do worse than the others are ended early.
        sampler: how values are chosen: tpe learns from earlier trials.
        seed: seed of every training and of the search (default: that of the configuration).
        report: update the report, without training.

    Returns:
        The exit code: 0 if there is a best trial, 1 if not.

    Raises:
        ColorganError: for errors that are found before the first trial.

    Examples:
        colorgan tune configs/base.yaml --space configs/spaces/gan.yaml --out gan
            searches with 30 trials, and writes a report and gan/best.yaml
        colorgan tune my.yaml --space my_space.yaml --out mine --metric val/psnr
            compares by PSNR
    """
    if importlib.util.find_spec("optuna") is None:
        raise ColorganError("`colorgan tune` needs Optuna, which is not installed; run: pip install optuna")
    from colorgan.evaluation.tuning.best import BEST_FILE
    from colorgan.evaluation.tuning.page import write_report
    from colorgan.evaluation.tuning.results import collect_results
    from colorgan.evaluation.tuning.search import search
    from colorgan.evaluation.tuning.study import Study

    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise ColorganError(f"--out must be a folder, but {folder} is a file")
    plan = _plan(configuration, config, fit_options, space, metric, pruner, sampler, seed)
    study = Study(plan, folder)

    def update() -> None:
        write_report(collect_results(study), folder)

    if not report:
        deadline = math.inf if timeout is None else time.time() + 60 * timeout
        try:
            search(study, trials, FIT, deadline, _print, update)
        except KeyboardInterrupt as interruption:
            update()
            interruption.add_note("run the same command to resume")
            raise
    results = collect_results(study)
    page = write_report(results, folder)
    _print(f"{results.summary}; report: {page}")
    if results.best is None:
        return 1
    _print(f"best values: {folder / BEST_FILE}")
    _print(f"train with them: {plan.fit_command(folder / BEST_FILE)}")
    return 0


def _plan(
    configuration: str,
    overlays: Sequence[str],
    options: Sequence[str],
    space_file: str,
    metric_name: str | None,
    pruner: "PrunerName",
    sampler: "SamplerName",
    seed: int | None,
) -> "SearchPlan":
    """Reads and checks everything before the first trial."""
    from colorgan.cli.trainer.search_check import check_metric, check_space, complete_configuration
    from colorgan.evaluation.tuning.plan import SearchPlan, check_metrics_file, judge_overlay, metric_of, read_layers
    from colorgan.evaluation.tuning.space_file import read_space

    space, layers = read_space(space_file), read_layers(configuration, overlays)
    complete = complete_configuration(layers, options)
    metric = metric_of(metric_name)
    check_metrics_file(complete)
    base = layers if metric_name else (*layers, *judge_overlay(complete))
    own_values, outside = check_space(base, options, space, complete_configuration(base, options))
    check_metric(base, options, metric.key)
    own_seed = complete.get("seed_everything")
    return SearchPlan(
        files=(configuration, *overlays),
        base=base,
        options=tuple(options),
        space=space,
        metric=metric,
        seed=seed if seed is not None else own_seed if type(own_seed) is int else 42,
        own_values=own_values,
        outside=outside,
        epochs=max(0, complete["trainer"].get("max_epochs") or 0),
        pruner=pruner,
        sampler=sampler,
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
