"""The results of an evaluation, computed from the measurements. The same input gives the same bytes on any machine."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from colorgan.evaluation.report.comparisons import (
    Comparison,
    Contenders,
    compare_distances,
    compare_means,
    ranks_of,
)
from colorgan.evaluation.report.distances import (
    ReferenceFeatures,
    SubsampledDistance,
    disjoint_distance,
    split_halves,
    subsample_distance,
)
from colorgan.evaluation.report.hints import HintResults
from colorgan.evaluation.report.measure import Measurements
from colorgan.evaluation.report.systems import REFERENCE, REFERENCE_HALVES, System
from colorgan.evaluation.statistics import Estimate, Interval, Values, bootstrap_mean, rank_ranges
from colorgan.files import write_text
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import kernel_distance
from colorgan.metrics.metric import Metric
from colorgan.metrics.registry import METRICS, disjoint_metric, frechet_metric, kernel_metric

_MIN_PHOTOS_FOR_HALVES = 8
_SIGNIFICANT_DIGITS = 7
"""Beyond these, sums in another order differ."""


@dataclass(frozen=True)
class EvaluationResults:
    """The results of an evaluation.

    Attributes:
        record: how everything was measured: photos, protocol, features, versions.
        metrics: the metrics that were measured, in the order of the report.
        systems: kind and detail of each system, in the order of the report; the halves of the reference come last.
        estimates: by system and key of the metric. Metrics that a system does not have are absent.
        ranks: by key of the metric and system; baselines are not ranked.
        photos: names of the photos.
        values: by system and key of the metric, one value per photo.
        comparisons: differences between systems, or groups of systems, by each metric that is ranked.
        hints: PSNR with hints, by protocol.
    """

    record: dict[str, Any]
    metrics: list[Metric]
    systems: dict[str, dict[str, Any]]
    estimates: dict[str, dict[str, Estimate]]
    ranks: dict[str, dict[str, int]]
    photos: list[str]
    values: dict[str, dict[str, Values]]
    comparisons: Sequence[Comparison] = ()
    hints: Sequence[HintResults] = ()

    @property
    def headline(self) -> Metric:
        """The metric that a report leads with: FID, or the first other Fréchet distance if FID was not measured."""
        return next(metric for metric in self.metrics if metric.headline)

    @property
    def compared(self) -> list[str]:
        """The systems that are not baselines."""
        return [name for name, system in self.systems.items() if system["kind"] != "baseline"]


def compute_results(
    measurements: Mapping[str, Measurements],
    systems: Sequence[System],
    extractors: Sequence[FeatureExtractor],
    photos: Sequence[str],
    record: dict[str, Any],
    subset_size: int | None = None,
    contenders: Contenders | None = None,
) -> EvaluationResults:
    """Computes the estimates of all systems, with their intervals and ranks.

    Args:
        measurements: by system, including the reference.
        systems: in the order of the report.
        extractors: the extractors that were used, the most important one first.
        photos: names of the photos.
        record: how everything was measured.
        subset_size: photos in a subset of the kernel distance.
        contenders: what is compared with each other (default: every system that is no baseline).
    """
    compared = [system.name for system in systems if system.kind != "baseline"]
    alone = {name: [name] for name in compared}
    reference = measurements[REFERENCE]
    paired = [frechet_metric(extractor.metric, extractor.name) for extractor in extractors]
    shown = [metric for base in paired for metric in (base, disjoint_metric(base), kernel_metric(base))]
    reference_features = {
        metric.key: ReferenceFeatures(torch.from_numpy(reference.features[metric.key])) for metric in paired
    }
    estimates: dict[str, dict[str, Estimate]] = {}
    subsampled: dict[str, dict[str, SubsampledDistance]] = {metric.key: {} for metric in paired}
    for system in systems:
        own = measurements[system.name]
        found = {key: bootstrap_mean(values) for key, values in own.values.items()}
        found |= _colorfulness_differences(own, reference)
        for metric in paired:
            features = torch.from_numpy(own.features[metric.key])
            distance = subsample_distance(features, reference_features[metric.key])
            subsampled[metric.key][system.name] = distance
            found[metric.key] = distance.estimate
            found |= _other_distances(metric, features, reference_features[metric.key], subset_size)
        estimates[system.name] = found
    shown += [metric for key, metric in METRICS.items() if key in estimates[REFERENCE]]
    estimates[REFERENCE_HALVES] = {}
    for metric in paired:
        features = reference_features[metric.key].features
        disjoint = disjoint_metric(metric).key
        estimates[REFERENCE_HALVES][disjoint] = estimates[REFERENCE][disjoint]
        if len(features) >= _MIN_PHOTOS_FOR_HALVES:
            first, second = split_halves(len(features))
            kernel = kernel_metric(metric).key
            estimates[REFERENCE_HALVES][kernel] = _estimate_kernel_distance(features[first], features[second], None)

    described = {system.name: {"kind": system.kind, **system.detail} for system in systems}
    described[REFERENCE_HALVES] = {
        "kind": "baseline",
        "is": "half of the reference photos against the other half",
    }
    values = {name: own.values for name, own in measurements.items()}
    ranked = [metric for metric in shown if metric.better is not None and metric.ranked]
    by_photo = {name: {**own.values, **_paired_differences(own, reference)} for name, own in measurements.items()}

    def compare(chosen: Contenders) -> list[Comparison]:
        means = compare_means(chosen, [metric for metric in ranked if metric.key in by_photo[REFERENCE]], by_photo)
        return [
            entry for metric in paired for entry in compare_distances(chosen, metric, subsampled[metric.key])
        ] + means

    between_systems = compare(alone)
    comparisons = between_systems if contenders is None or contenders == alone else compare(contenders)
    ranks = {
        metric.key: _ranks({name: estimates[name][metric.key] for name in compared}, metric, between_systems)
        for metric in ranked
    }
    return EvaluationResults(record, shown, described, estimates, ranks, list(photos), values, comparisons)


def _ranks(estimates: Mapping[str, Estimate], metric: Metric, comparisons: Sequence[Comparison] = ()) -> dict[str, int]:
    """One more than the number of systems that are significantly better.

    Where differences have no p-values, a system is better than another if its entire interval is.
    """
    of_metric = [comparison for comparison in comparisons if comparison.metric.key == metric.key]
    if of_metric and (ranks := ranks_of(list(estimates), of_metric)) is not None:
        return ranks
    intervals = {
        name: estimate.interval or Interval(estimate.value, estimate.value)
        for name, estimate in estimates.items()
        if not math.isnan(estimate.value)
    }
    return {name: first for name, (first, _) in rank_ranges(intervals, metric.higher_is_better).items()}


def _colorfulness_differences(own: Measurements, reference: Measurements) -> dict[str, Estimate]:
    def difference(first: Values, second: Values) -> Values:
        return np.abs(first - second)

    own_cf, reference_cf = own.values["colorfulness"], reference.values["colorfulness"]
    own_signed, reference_signed = own.values["colorfulness_signed"], reference.values["colorfulness_signed"]
    return {
        "delta_cf": bootstrap_mean(own_cf, reference_cf, statistic=difference),
        **{key: bootstrap_mean(values) for key, values in _paired_differences(own, reference).items()},
        "delta_cf_signed": bootstrap_mean(own_signed, reference_signed, statistic=difference),
    }


def _paired_differences(own: Measurements, reference: Measurements) -> dict[str, Values]:
    return {"delta_cf_paired": np.abs(own.values["colorfulness"] - reference.values["colorfulness"])}


def _other_distances(
    paired: Metric, features: torch.Tensor, reference: ReferenceFeatures, subset_size: int | None
) -> dict[str, Estimate]:
    estimates = {disjoint_metric(paired).key: Estimate(disjoint_distance(features, reference))}
    if len(features) >= 4:
        kernel = kernel_metric(paired).key
        estimates[kernel] = _estimate_kernel_distance(features, reference.features, subset_size)
    return estimates


def _estimate_kernel_distance(first: torch.Tensor, second: torch.Tensor, subset_size: int | None) -> Estimate:
    """Times 1,000, as is customary. The interval is one standard deviation over subsets in both directions."""
    distance = kernel_distance(first, second, subset_size=subset_size)
    mean, std = 1000 * distance.mean, 1000 * distance.deviation
    return Estimate(mean, Interval(mean - std, mean + std))


def write_json(results: EvaluationResults, file: Path) -> None:
    """Writes ``metrics.json``. Infinity is written as ``"inf"`` and NaN as ``null``."""
    document = {
        "record": results.record,
        "metrics": {
            metric.key: {"title": metric.title, "description": metric.description, "better": metric.better}
            for metric in results.metrics
        },
        "systems": {
            name: {
                **described,
                "results": {
                    key: _estimate_as_json(estimate, results.ranks.get(key, {}).get(name))
                    for key, estimate in results.estimates[name].items()
                },
            }
            for name, described in results.systems.items()
        },
        **(
            {"comparisons": [_numbers(entry.as_json()) for entry in results.comparisons]} if results.comparisons else {}
        ),
        **({"hints": [hints.as_json() for hints in results.hints]} if results.hints else {}),
    }
    write_text(file, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def write_csv(results: EvaluationResults, file: Path) -> None:
    """Writes ``per_photo.csv``: a row per system and photo, a column per metric."""
    keys = [metric.key for metric in results.metrics if metric.key in results.values[REFERENCE]]
    lines = [",".join(["system", "photo", *keys])]
    for name, values in results.values.items():
        for index, photo in enumerate(results.photos):
            cells = [str(_json_number(float(values[key][index]))) for key in keys]
            lines.append(",".join([_csv_quoted(name), _csv_quoted(photo), *cells]))
    write_text(file, "\n".join(lines) + "\n")


def _estimate_as_json(estimate: Estimate, rank: int | None) -> dict[str, Any]:
    content: dict[str, Any] = {"value": _json_number(estimate.value)}
    if estimate.interval:
        content |= {"low": _json_number(estimate.interval.low), "high": _json_number(estimate.interval.high)}
    return content if rank is None else {**content, "rank": rank}


def _numbers(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _json_number(value) if isinstance(value, float) else value for key, value in entry.items()}


def _json_number(number: float) -> float | str | None:
    if math.isnan(number):
        return None
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return float(f"{number:.{_SIGNIFICANT_DIGITS}g}")


def _csv_quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(character in text for character in ',"\n') else text
