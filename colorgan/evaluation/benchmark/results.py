"""The results of a grid, read from the folders of its runs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from colorgan.evaluation.benchmark.grid import Grid, Group, Run, Variant
from colorgan.evaluation.benchmark.records import Status
from colorgan.evaluation.benchmark.run_results import RunResult, read_run
from colorgan.evaluation.curves import Curve, mean_curve
from colorgan.evaluation.statistics import (
    Agreement,
    Estimate,
    Interval,
    SeedSpread,
    rank_agreement,
    rank_ranges,
)
from colorgan.metrics.metric import Metric


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
class Change:
    """One metric of a configuration against that of its baseline.

    Attributes:
        kind: ``relative``, as a fraction of the baseline, or the ``difference`` for metrics in decibels, whose
            differences stand for ratios.
        estimate: the change, with its interval if the spread between seeds is known.
    """

    kind: Literal["relative", "difference"]
    estimate: Estimate


@dataclass(frozen=True)
class VariantResult:
    """One configuration with its runs.

    Attributes:
        variant: the configuration.
        runs: one per seed.
        summaries: by key of the metric.
        rank_range: first and last rank in its group that the intervals allow; ``None`` if it cannot be ranked.
        changes: against its baseline, by key of the metric; empty without one.
    """

    variant: Variant
    runs: Sequence[RunResult]
    summaries: Mapping[str, Summary]
    rank_range: tuple[int, int] | None
    changes: Mapping[str, Change]

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
    read = {run.name: read_run(run, folder, drawn) for run in runs}
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
                VariantResult(
                    variant,
                    by_variant[variant.name],
                    summaries[variant.name],
                    ranks.get(variant.name),
                    _changes(summaries[variant.name], summaries.get(variant.baseline, {}), metrics, spreads),
                )
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


def _changes(
    own: Mapping[str, Summary],
    baseline: Mapping[str, Summary],
    metrics: Sequence[Metric],
    spreads: Mapping[str, SeedSpread],
) -> dict[str, Change]:
    """The changes that can be computed: both have values, and a relative change has something to refer to."""
    changes = {}
    for metric in metrics if baseline and baseline is not own else ():
        values, others = ([*summary[metric.key].values.values()] for summary in (own, baseline))
        if not values or not others:
            continue
        spread = spreads[metric.key]
        if metric.unit == "dB":
            changes[metric.key] = Change("difference", spread.difference(values, others))
        elif min(*values, *others) > 0:
            changes[metric.key] = Change("relative", spread.relative_change(values, others))
    return changes


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
