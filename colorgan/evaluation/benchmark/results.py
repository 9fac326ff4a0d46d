"""The results of a grid, read from the folders of its runs."""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colorgan.evaluation.benchmark.grid import Grid, Group, Run, Variant
from colorgan.evaluation.benchmark.records import GridRunFolder, Record, Status
from colorgan.evaluation.curves import Curve, mean_curve, read_curves
from colorgan.evaluation.statistics import (
    CONFIDENCE,
    Agreement,
    Interval,
    SeedSpread,
    rank_agreement,
    rank_ranges,
)
from colorgan.files.yaml import YAMLError, read_yaml
from colorgan.metrics.metric import Metric
from colorgan.metrics.teachers import teachers


@dataclass(frozen=True)
class RunResult:
    """The results of one run.

    Attributes:
        run: the run.
        status: its status.
        record: its outcome, if it has ended.
        curves: the curve of every ``val/`` metric that it logged, and of what the grid's charts and metrics show.
        sheet: its latest sheet of sample photos.
        teachers: the pretrained networks that it learns from.
    """

    run: Run
    status: Status
    record: Record | None
    curves: Mapping[str, Curve]
    sheet: Path | None
    teachers: Sequence[str] = ()

    @property
    def epochs(self) -> int:
        """Number of epochs with validation."""
        return max((len(curve) for curve in self._validation.values()), default=0)

    @property
    def last_epoch(self) -> int:
        """Number of epochs that were trained, up to the last validation."""
        return max((int(curve[-1][0]) + 1 for curve in self._validation.values()), default=0)

    @property
    def _validation(self) -> Mapping[str, Curve]:
        return {name: curve for name, curve in self.curves.items() if curve and name.startswith("val/")}

    def last(self, metric: Metric) -> float | None:
        """The value after the last epoch of a finished run; ``None`` if it was not logged or is not finite."""
        curve = self._finished_curve(metric)
        last_epoch = max((points[-1][0] for points in self._validation.values()), default=0)
        return curve[-1][1] if curve and curve[-1][0] == last_epoch else None

    def best(self, metric: Metric) -> float | None:
        """The value of the best epoch of a finished run, which is optimistically biased."""
        values = [value for _, value in self._finished_curve(metric)]
        return (max if metric.higher_is_better else min)(values, default=None)

    def _finished_curve(self, metric: Metric) -> Curve:
        curve = self.curves.get(metric.key, [])
        return [point for point in curve if math.isfinite(point[1])] if self.status == "finished" else []


@dataclass(frozen=True)
class Summary:
    """One metric of one configuration, over its seeds.

    Attributes:
        values: value after the last epoch, by seed.
        mean: mean of the values; ``None`` if there are none.
        interval: interval of the mean; ``None`` if the spread between seeds is unknown.
        best: mean over the best epochs of the seeds.
    """

    values: Mapping[int, float]
    mean: float | None
    interval: Interval | None
    best: float | None


@dataclass(frozen=True)
class VariantResult:
    """One configuration with its runs.

    Attributes:
        variant: the configuration.
        runs: one per seed.
        summaries: by key of the metric.
        rank_range: first and last rank in its group that the intervals allow; ``None`` if it cannot be ranked.
    """

    variant: Variant
    runs: Sequence[RunResult]
    summaries: Mapping[str, Summary]
    rank_range: tuple[int, int] | None

    @property
    def seconds(self) -> float | None:
        """Mean duration of its finished runs."""
        times = [run.record.seconds for run in self.runs if run.record and run.record.status == "finished"]
        return math.fsum(times) / len(times) if times else None

    @property
    def epochs(self) -> list[int]:
        """The different numbers of epochs that its finished runs trained, in order; early stopping may end some."""
        return sorted({run.last_epoch for run in self.runs if run.status == "finished"})


@dataclass(frozen=True)
class BenchmarkResults:
    """The results of a grid, which may be incomplete.

    Attributes:
        grid: the grid.
        headline: the metric that is compared, which is the first one of the grid that any run logged.
        metrics: the metrics that any run logged, the headline metric first.
        spread: spread of the headline metric between seeds.
        groups: the groups with their configurations.
        baselines: value of the gray photos, by metric.
        published_agreement: how well the order of the headline metric agrees with the published one.
    """

    grid: Grid
    headline: Metric
    metrics: Sequence[Metric]
    spread: SeedSpread
    groups: Sequence[tuple[Group, Sequence[VariantResult]]]
    baselines: Mapping[str, float]
    published_agreement: Agreement

    @property
    def variants(self) -> list[VariantResult]:
        """All configurations, in the order of the grid."""
        return [result for _, results in self.groups for result in results]

    @property
    def teachers(self) -> dict[str, list[str]]:
        """The configurations that learn from each pretrained network, by its name."""
        taught: dict[str, list[str]] = {}
        for result in self.variants:
            for teacher in sorted({name for run in result.runs for name in run.teachers}):
                taught.setdefault(teacher, []).append(result.variant.name)
        return taught

    def count(self, status: Status) -> int:
        """Number of runs with this status."""
        return sum(run.status == status for result in self.variants for run in result.runs)

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``results.json``, without NaN and infinity."""
        return {
            "title": self.grid.title,
            "headline": self.headline.key,
            "confidence": CONFIDENCE,
            "spread_between_seeds": {
                "relative_std": self.spread.relative_std,
                "degrees_of_freedom": self.spread.degrees_of_freedom,
            },
            "gray_photos": dict(self.baselines),
            "taught_by": self.teachers,
            "published": {
                "metric": self.grid.published.metric,
                "protocol": self.grid.published.protocol,
                "source": self.grid.published.source,
                "rank_correlation": self.published_agreement.correlation,
                "chance": self.published_agreement.chance,
                "configurations": self.published_agreement.count,
            },
            "groups": [
                {
                    "name": group.name,
                    "title": group.title,
                    "configurations": [self._variant_as_json(result) for result in results],
                }
                for group, results in self.groups
            ],
        }

    def _variant_as_json(self, result: VariantResult) -> dict[str, Any]:
        return {
            "name": result.variant.name,
            "parts": dict(result.variant.parts),
            "published": result.variant.published,
            "rank": list(result.rank_range) if result.rank_range else None,
            "metrics": {
                key: {
                    "mean": summary.mean,
                    "interval": [summary.interval.low, summary.interval.high] if summary.interval else None,
                    "best_epoch_mean": summary.best,
                    "by_seed": {str(seed): value for seed, value in summary.values.items()},
                }
                for key, summary in result.summaries.items()
            },
            "runs": [
                {
                    "name": run.run.name,
                    "seed": run.run.seed,
                    "status": run.status,
                    "error": run.record.error if run.record else "",
                    "seconds": run.record.seconds if run.record else None,
                    "attempts": run.record.attempts if run.record else None,
                    "device": run.record.device if run.record else None,
                    "version": run.record.version if run.record else None,
                    "digest": run.record.digest if run.record else None,
                    "epochs": run.epochs,
                    "curves": {
                        key: [[epoch, value] for epoch, value in curve if math.isfinite(value)]
                        for key, curve in run.curves.items()
                    },
                }
                for run in result.runs
            ],
        }


def collect_results(grid: Grid, runs: Sequence[Run], folder: Path) -> BenchmarkResults:
    """Reads the results of all runs that have been started.

    Args:
        grid: the grid.
        runs: the runs to report.
        folder: folder of the grid.

    Raises:
        ColorganError: if a record is damaged.
    """
    drawn = {name for names in grid.charts.values() for name in names}
    drawn |= {metric.key for metric in grid.metrics if metric.key.startswith("train/")}
    read = {run.name: _read_run(run, folder, drawn) for run in runs}
    by_variant: dict[str, list[RunResult]] = {}
    for run in runs:
        by_variant.setdefault(run.variant.name, []).append(read[run.name])
    logged = {key for result in read.values() for key in result.curves}
    metrics = [metric for metric in grid.metrics if metric.key in logged] or [grid.metrics[0]]
    spreads = {
        metric.key: SeedSpread.pooled([list(_values(results, metric).values()) for results in by_variant.values()])
        for metric in metrics
    }
    summaries = {
        name: {metric.key: _summary(results, metric, spreads[metric.key]) for metric in metrics}
        for name, results in by_variant.items()
    }
    headline = metrics[0]
    groups = []
    for group in grid.groups:
        variants = [variant for variant in group.variants if variant.name in by_variant]
        ranks = _rank_ranges({variant.name: summaries[variant.name][headline.key] for variant in variants}, headline)
        if variants:
            results = [
                VariantResult(variant, by_variant[variant.name], summaries[variant.name], ranks.get(variant.name))
                for variant in variants
            ]
            groups.append((group, results))
    pairs = [
        (variant.published, mean)
        for variant in grid.variants
        if variant.published is not None
        and variant.name in summaries
        and (mean := summaries[variant.name][headline.key].mean) is not None
    ]
    return BenchmarkResults(
        grid=grid,
        headline=headline,
        metrics=metrics,
        spread=spreads[headline.key],
        groups=groups,
        baselines=_baselines(list(read.values()), metrics),
        published_agreement=rank_agreement(pairs),
    )


def _read_run(run: Run, grid: Path, drawn: Collection[str]) -> RunResult:
    folder = GridRunFolder(grid, run.name)
    curves = read_curves(folder.metrics)
    sheets = [file for file in folder.path.glob("samples/epoch_*.png") if re.fullmatch(r"epoch_\d+", file.stem)]
    return RunResult(
        run=run,
        status=folder.status(),
        record=folder.record(),
        curves={name: curve for name, curve in curves.items() if name.startswith("val/") or name in drawn},
        sheet=max(sheets, key=lambda file: int(file.stem[6:]), default=None),
        teachers=_teachers(folder.path / "config.yaml"),
    )


def _teachers(config: Path) -> list[str]:
    """The pretrained networks that a run learns from; none before it has written its configuration."""
    try:
        return teachers(read_yaml(config).get("model"))
    except (OSError, YAMLError, AttributeError):
        return []


def _rank_ranges(summaries: Mapping[str, Summary], metric: Metric) -> dict[str, tuple[int, int]]:
    """The ranks of the configurations of a group; empty if fewer than two have an interval."""
    intervals = {name: summary.interval for name, summary in summaries.items() if summary.interval is not None}
    return rank_ranges(intervals, metric.higher_is_better) if len(intervals) > 1 else {}


def epochs_needed(results: Sequence[VariantResult], metric: Metric) -> tuple[float, dict[str, int]] | None:
    """The epochs that each configuration needed to reach a level that all of them reach.

    Args:
        results: configurations of one group.
        metric: a metric, which is averaged over the seeds of each configuration.

    Returns:
        The level, which is the worst of the best values of all configurations, and the number of epochs by name of the
        configuration; ``None`` if fewer than two configurations have curves.
    """
    curves = {r.variant.name: curve for r in results if (curve := mean_curve([*_finite_curves(r, metric)]))}
    if len(curves) < 2:
        return None
    sign = -1.0 if metric.higher_is_better else 1.0
    level = max(min(sign * value for _, value in curve) for curve in curves.values())
    needed = {
        name: next(int(epoch) + 1 for epoch, value in curve if sign * value <= level) for name, curve in curves.items()
    }
    return sign * level, needed


def _finite_curves(result: VariantResult, metric: Metric) -> Iterator[Curve]:
    for run in result.runs:
        finite = [point for point in run.curves.get(metric.key, ()) if math.isfinite(point[1])]
        if finite:
            yield finite


def _values(results: Sequence[RunResult], metric: Metric) -> dict[int, float]:
    return {result.run.seed: value for result in results if (value := result.last(metric)) is not None}


def _summary(results: Sequence[RunResult], metric: Metric, spread: SeedSpread) -> Summary:
    values = _values(results, metric)
    best = [value for result in results if (value := result.best(metric)) is not None]
    return Summary(
        values=values,
        mean=math.fsum(values.values()) / len(values) if values else None,
        interval=spread.interval(list(values.values())),
        best=math.fsum(best) / len(best) if best else None,
    )


def _baselines(results: Sequence[RunResult], metrics: Sequence[Metric]) -> dict[str, float]:
    """The values of the gray photos, which every run logs once.

    Gray photos differ slightly between color spaces, so the median over all runs is used.
    """
    baselines = {}
    for metric in metrics:
        logged = sorted(curve[-1][1] for r in results if (curve := r.curves.get(f"{metric.key}_gray")))
        if logged:
            baselines[metric.key] = logged[len(logged) // 2]
    return baselines
