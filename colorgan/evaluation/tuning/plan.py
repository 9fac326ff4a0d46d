"""What a search trains: the layers of its configuration, its space, and the metric that is compared."""

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import Overlay, Run, Variant
from colorgan.evaluation.benchmark.grid_file import JUDGE_METRIC, JUDGE_OVERLAY, read_overlay, read_overlays
from colorgan.evaluation.tuning.space import Space, Value
from colorgan.metrics.metric import Metric
from colorgan.metrics.registry import JUDGE, find_metric

PrunerName = Literal["median", "halving", "hyperband", "none"]
SamplerName = Literal["tpe", "random"]


@dataclass(frozen=True)
class SearchPlan:
    """What is searched, and how.

    Attributes:
        files: the files of the configuration, as they were given.
        base: layers of the configuration below the values of a trial.
        options: further arguments of ``fit``.
        space: what varies.
        metric: the metric of validation that is compared, after the last epoch.
        seed: seed of every training and of the search.
        own_values: the values that the configuration itself has, as far as they are in the space.
        outside: the parameters whose own values are not in the space.
        epochs: number of epochs of the configuration; 0 if it is not known.
        pruner: what ends trials early.
        sampler: what chooses values.
    """

    files: tuple[str, ...]
    base: tuple[Overlay, ...]
    options: tuple[str, ...]
    space: Space
    metric: Metric
    seed: int
    own_values: Mapping[str, Value]
    outside: tuple[str, ...] = ()
    epochs: int = 0
    pruner: PrunerName = "median"
    sampler: SamplerName = "tpe"

    @property
    def digest(self) -> str:
        """Hash of everything that results of different trials must have in common."""
        content = [
            [overlay.content for overlay in self.base],
            self.options,
            self.space.content,
            self.metric.key,
            self.seed,
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    def fit_command(self, overlay: Path) -> str:
        """The command that trains with the values of an overlay."""
        configs = [argument for file in (*self.files, str(overlay)) for argument in ("-c", file)]
        return shlex.join(["python", "train.py", "fit", *configs, *self.options])

    def confirm_command(self, grid: Path, folder: Path) -> str:
        """The command that trains the grid of the best values and the own ones."""
        return shlex.join(["colorgan", "benchmark", str(grid), "--out", str(folder), *self.options])

    def run(self, number: int, values: Mapping[str, Value]) -> Run:
        """The training of a trial.

        Args:
            number: number of the trial.
            values: its values.
        """
        content = self.space.overlay(values)
        overlay = Overlay("trial", overlay_text(content), content)
        variant = Variant(f"trial-{number:04}", "trials", {}, (*self.base, overlay), (self.seed,))
        return Run(variant, self.seed, (), self.options)


def overlay_text(content: Mapping[str, Any]) -> str:
    """An overlay as YAML."""
    return yaml.safe_dump(dict(content), sort_keys=False) if content else "{}\n"


def read_layers(config: str, overlays: Sequence[str]) -> tuple[Overlay, ...]:
    """Reads a configuration and the overlays above it.

    Raises:
        ColorganError: if a file cannot be read.
    """
    return (read_overlay(Path(config), "CONFIG"), *(read_overlay(Path(file), "--config") for file in overlays))


def judge_overlay(config: Mapping[str, Any]) -> tuple[Overlay, ...]:
    """The overlay that makes a configuration log the default metric; empty if it logs it already."""
    callbacks = config["trainer"].get("callbacks") or []
    for callback in callbacks if isinstance(callbacks, list) else [callbacks]:
        is_distance = callback["class_path"].rpartition(".")[2] == "FrechetDistance"
        if is_distance and callback.get("init_args", {}).get("features") == JUDGE:
            return ()
    return read_overlays(JUDGE_OVERLAY, Path(), "judge")


def metric_of(name: str | None) -> Metric:
    """The metric of a name, whose direction has to be known.

    Args:
        name: with ``val/``; ``None`` for that by which benchmarks compare.

    Raises:
        ColorganError: if it is not a metric of validation that has a direction.
    """
    key = name or JUDGE_METRIC
    if not key.startswith("val/"):
        raise ColorganError(f"--metric must be a metric of validation such as val/psnr; received {key!r}")
    metric = find_metric(key.removeprefix("val/"))
    if metric is None or metric.better is None:
        raise ColorganError(
            f"--metric {key!r} has no known direction; give one for which lower or higher values are better, "
            "such as val/psnr or val/fd_efficientnet_lite2"
        )
    return replace(metric, key=key)


def check_metrics_file(config: Mapping[str, Any]) -> None:
    """Checks that trainings write the file from which their metrics are read.

    Raises:
        ColorganError: if not.
    """
    loggers = config["trainer"].get("logger") or []
    listed = loggers if isinstance(loggers, list) else [loggers]
    if not any(isinstance(one, Mapping) and str(one["class_path"]).endswith(".MetricsFile") for one in listed):
        raise ColorganError(
            "trainer.logger has no colorgan.training.MetricsFile, which a search reads; add it to the configuration, "
            "or give -c configs/logger/local.yaml"
        )
