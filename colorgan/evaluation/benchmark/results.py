"""What the runs of a grid have measured, read from their folders and compared."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colorgan.evaluation.benchmark.intervals import CONFIDENCE, Interval, Spread, rank_correlation, ranks
from colorgan.evaluation.benchmark.plan import Grid, Group, Metric, Run, Variant
from colorgan.evaluation.benchmark.records import Record, RunFolder, Status
from colorgan.evaluation.report.runs import Curve, read_curves


@dataclass(frozen=True)
class RunResult:
    """What one run has left.

    Attributes:
        run: the run.
        status: where it stands.
        record: how it ended, if it has.
        curves: of every ``val/`` metric that it has logged.
        sheet: its newest sheet of sample pictures.
    """

    run: Run
    status: Status
    record: Record | None
    curves: Mapping[str, Curve]
    sheet: Path | None

    @property
    def epochs(self) -> int:
        """How many epochs it was validated after."""
        return max((len(curve) for curve in self.curves.values()), default=0)

    def last(self, metric: Metric) -> float | None:
        """The figure after the last epoch of a finished run; ``None`` if it was none, or not finite."""
        curve = self._finished_curve(metric)
        last_epoch = max((points[-1][0] for points in self.curves.values()), default=0)
        return curve[-1][1] if curve and curve[-1][0] == last_epoch else None

    def best(self, metric: Metric) -> float | None:
        """The figure of the best epoch of a finished run: optimistic, because it was chosen by that figure."""
        values = [value for _, value in self._finished_curve(metric)]
        return (max if metric.higher_is_better else min)(values, default=None)

    def _finished_curve(self, metric: Metric) -> Curve:
        curve = self.curves.get(metric.key, [])
        return [point for point in curve if math.isfinite(point[1])] if self.status == "finished" else []


@dataclass(frozen=True)
class Summary:
    """One metric of one configuration, over its seeds.

    Attributes:
        values: after the last epoch, by seed.
        mean: of the values; ``None`` if there are none.
        interval: of the mean; ``None`` if the grid says nothing about the spread between seeds.
        best: mean of the best epochs' figures.
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
        summaries: by the key of the metric.
        place: first and last place in its group that the intervals allow; ``None`` if they decide nothing.
    """

    variant: Variant
    runs: Sequence[RunResult]
    summaries: Mapping[str, Summary]
    place: tuple[int, int] | None

    @property
    def seconds(self) -> float | None:
        """Mean time of its finished runs."""
        times = [run.record.seconds for run in self.runs if run.record and run.record.status == "finished"]
        return math.fsum(times) / len(times) if times else None

    @property
    def failures(self) -> dict[int, str]:
        """Why runs failed, by seed."""
        return {r.run.seed: r.record.sentence for r in self.runs if r.record and r.record.status == "failed"}


@dataclass(frozen=True)
class Results:
    """A whole grid, as far as it has been run.

    Attributes:
        grid: the grid.
        headline: the metric that is compared: the first of the grid's that any run has logged.
        metrics: those that any run has logged, the headline first.
        spread: between seeds, of the headline.
        groups: the configurations of each group.
        floors: the figure of the gray photos, by metric.
        agreement: rank correlation of our headline with the published figures, and of how many configurations.
    """

    grid: Grid
    headline: Metric
    metrics: Sequence[Metric]
    spread: Spread
    groups: Sequence[tuple[Group, Sequence[VariantResult]]]
    floors: Mapping[str, float]
    agreement: tuple[float | None, int]

    @property
    def variants(self) -> list[VariantResult]:
        """All configurations, in the order of the grid."""
        return [result for _, results in self.groups for result in results]

    def count(self, status: Status) -> int:
        """How many runs stand so."""
        return sum(run.status == status for result in self.variants for run in result.runs)

    def as_json(self) -> dict[str, Any]:
        """Everything as plain data; NaN and infinities are left out."""
        return {
            "title": self.grid.title,
            "headline": self.headline.key,
            "confidence": CONFIDENCE,
            "spread_between_seeds": {"relative": self.spread.relative, "degrees_of_freedom": self.spread.freedom},
            "gray_photos": dict(self.floors),
            "published": {
                "metric": self.grid.published.metric,
                "protocol": self.grid.published.protocol,
                "source": self.grid.published.source,
                "rank_correlation": self.agreement[0],
                "configurations": self.agreement[1],
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
            "place": list(result.place) if result.place else None,
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
                    "sentence": run.record.sentence if run.record else "",
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


def collect(grid: Grid, runs: Sequence[Run], folder: Path) -> Results:
    """Reads what the runs have left so far.

    Args:
        grid: the grid.
        runs: those to report; all of the grid, or those that were selected.
        folder: of the grid.

    Raises:
        ColorganError: if a record is damaged.
    """
    read = {run.name: _read_run(run, folder) for run in runs}
    by_variant: dict[str, list[RunResult]] = {}
    for run in runs:
        by_variant.setdefault(run.variant.name, []).append(read[run.name])
    logged = {key for result in read.values() for key in result.curves}
    metrics = [metric for metric in grid.metrics if metric.key in logged] or [grid.metrics[0]]
    spreads = {
        metric.key: Spread.pooled([list(_values(results, metric).values()) for results in by_variant.values()])
        for metric in metrics
    }
    summaries = {
        name: {metric.key: _summary(results, metric, spreads[metric.key]) for metric in metrics}
        for name, results in by_variant.items()
    }
    headline = metrics[0]
    groups = []
    for group in grid.groups:
        names = [variant.name for variant in group.variants if variant.name in by_variant]
        intervals = {name: summaries[name][headline.key].interval for name in names}
        places = ranks(intervals, headline.higher_is_better)
        results = [
            VariantResult(variant, by_variant[variant.name], summaries[variant.name], places.get(variant.name))
            for variant in group.variants
            if variant.name in by_variant
        ]
        if results:
            groups.append((group, results))
    pairs = [
        (variant.published, mean)
        for variant in grid.variants
        if variant.published is not None
        and variant.name in summaries
        and (mean := summaries[variant.name][headline.key].mean) is not None
    ]
    return Results(
        grid=grid,
        headline=headline,
        metrics=metrics,
        spread=spreads[headline.key],
        groups=groups,
        floors=_floors(list(read.values()), metrics),
        agreement=(rank_correlation(pairs), len(pairs)),
    )


def _read_run(run: Run, grid: Path) -> RunResult:
    folder = RunFolder(grid, run.name)
    sheets = [file for file in folder.path.glob("samples/epoch_*.png") if re.fullmatch(r"epoch_\d+", file.stem)]
    return RunResult(
        run=run,
        status=folder.status(),
        record=folder.record(),
        curves={name: curve for name, curve in read_curves(folder.path).items() if name.startswith("val/")},
        sheet=max(sheets, key=lambda file: int(file.stem[6:]), default=None),
    )


def epochs_needed(results: Sequence[VariantResult], metric: Metric) -> tuple[float, dict[str, int]] | None:
    """How many epochs each configuration took to a level that all of them reach.

    Args:
        results: configurations of one group.
        metric: what is looked at, in the mean of a configuration's seeds.

    Returns:
        The level, which is the best figure of the configuration whose best is worst, and by the name of the
        configuration the number of epochs, counted from 1; nothing if fewer than two have curves.
    """
    curves = {r.variant.name: curve for r in results if (curve := mean_curve([*_curves_of(r, metric)]))}
    if len(curves) < 2:
        return None
    sign = -1.0 if metric.higher_is_better else 1.0
    level = max(min(sign * value for _, value in curve) for curve in curves.values())
    needed = {
        name: next(int(epoch) + 1 for epoch, value in curve if sign * value <= level) for name, curve in curves.items()
    }
    return sign * level, needed


def _curves_of(result: VariantResult, metric: Metric) -> Iterator[Curve]:
    for run in result.runs:
        finite = [point for point in run.curves.get(metric.key, ()) if math.isfinite(point[1])]
        if finite:
            yield finite


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean of several seeds, over the epochs that all of them have.

    >>> mean_curve([[(0, 4.0), (1, 2.0)], [(0, 6.0)]])
    [(0, 5.0)]
    """
    by_epoch = [dict(curve) for curve in curves]
    shared = sorted(set.intersection(*(set(epochs) for epochs in by_epoch))) if by_epoch else []
    return [(epoch, math.fsum(values[epoch] for values in by_epoch) / len(by_epoch)) for epoch in shared]


def _values(results: Sequence[RunResult], metric: Metric) -> dict[int, float]:
    return {result.run.seed: value for result in results if (value := result.last(metric)) is not None}


def _summary(results: Sequence[RunResult], metric: Metric, spread: Spread) -> Summary:
    values = _values(results, metric)
    best = [value for result in results if (value := result.best(metric)) is not None]
    return Summary(
        values=values,
        mean=math.fsum(values.values()) / len(values) if values else None,
        interval=spread.interval(list(values.values())),
        best=math.fsum(best) / len(best) if best else None,
    )


def _floors(results: Sequence[RunResult], metrics: Sequence[Metric]) -> dict[str, float]:
    """The figures of the gray photos, which every run logs once.

    Color spaces differ a little in what they call gray, so the middle one of all runs is taken.
    """
    floors = {}
    for metric in metrics:
        logged = sorted(curve[-1][1] for r in results if (curve := r.curves.get(f"{metric.key}_gray")))
        if logged:
            floors[metric.key] = logged[len(logged) // 2]
    return floors
