"""Differences between the systems of a report on the same photos, and whether they are more than chance."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from colorgan.errors import ColorganError, did_you_mean
from colorgan.evaluation.differences import ALPHA, Difference, holm, paired_bootstrap, wild_cluster_bootstrap
from colorgan.evaluation.report.distances import SubsampledDistance, mean_distance
from colorgan.evaluation.statistics import Values
from colorgan.metrics.metric import Metric

Contenders = Mapping[str, Sequence[str]]
"""What is compared: systems by name, and groups of systems such as runs that differ in their seed."""


@dataclass(frozen=True)
class Comparison:
    """Two contenders by one metric.

    Attributes:
        metric: the metric.
        first: name of the first.
        second: name of the second.
        difference: the value of the first minus that of the second.
        corrected: p-value after Holm's correction for all pairs by this metric; ``None`` without a p-value.
        pairs: number of these pairs.
        method: how interval and p-value were computed, in words.
    """

    metric: Metric
    first: str
    second: str
    difference: Difference
    corrected: float | None = None
    pairs: int = 1
    method: str = ""

    @property
    def better(self) -> str | None:
        """The one that is significantly better, if there is one."""
        if self.corrected is None or self.corrected >= ALPHA:
            return None
        return self.first if (self.difference.estimate.value > 0) == self.metric.higher_is_better else self.second

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``metrics.json``."""
        estimate = self.difference.estimate
        return {
            "metric": self.metric.key,
            "first": self.first,
            "second": self.second,
            "difference": estimate.value,
            "low": estimate.interval.low if estimate.interval else None,
            "high": estimate.interval.high if estimate.interval else None,
            "p": self.difference.p_value,
            "p_corrected": self.corrected,
            "better": self.better,
            "method": self.method,
        }


def contenders_of(systems: Sequence[str], groups: Sequence[str]) -> dict[str, list[str]]:
    """What is compared with each other.

    Args:
        systems: names of the systems that are no baselines.
        groups: as on the command line, ``NAME=SYSTEM,SYSTEM``.

    Returns:
        The members of each group; every system that is in none is on its own.

    Raises:
        ColorganError: if a group has another form, names an unknown system or one of another group.
    """
    found: dict[str, list[str]] = {}
    for text in groups:
        name, _, listed = text.partition("=")
        members = [member.strip() for member in listed.split(",") if member.strip()]
        if not name or len(members) < 2 or len(set(members)) < len(members):
            raise ColorganError(
                f"--group takes NAME=SYSTEM,SYSTEM with two or more names of systems; received {text!r}"
            )
        for member in members:
            if member not in systems:
                near = did_you_mean(member, list(systems), list_all=True)
                raise ColorganError(f"--group {name}: no system has the name {member!r}{near}")
            if any(member in others for others in found.values()):
                raise ColorganError(f"--group {name}: {member!r} is in another group already; remove it from one")
        if name in found or (name in systems and name not in members):
            raise ColorganError(f"--group {name}: another group or system has this name; choose another one")
        found[name] = members
    grouped = {member for members in found.values() for member in members}
    return found | {name: [name] for name in systems if name not in grouped}


def compare_means(
    contenders: Contenders, metrics: Sequence[Metric], values: Mapping[str, Mapping[str, Values]]
) -> list[Comparison]:
    """Compares all pairs by the means of values per photo.

    Systems that stand for themselves are compared by :func:`~colorgan.evaluation.differences.paired_bootstrap`; with
    groups, whose systems give several results for each photo, by
    :func:`~colorgan.evaluation.differences.wild_cluster_bootstrap`.

    Args:
        contenders: what is compared.
        metrics: metrics with a direction.
        values: by system and key of the metric, one value per photo.
    """
    pairs = list(itertools.combinations(contenders, 2))
    single = [pair for pair in pairs if all(len(contenders[name]) == 1 for name in pair)]
    found: list[Comparison] = []
    columns = [(metric, pair) for metric in metrics for pair in single]
    if columns:
        table = np.stack([_differences(contenders, values, metric, *pair)[:, 0] for metric, pair in columns], axis=1)
        found += [
            Comparison(metric, *pair, difference, method="paired bootstrap by photo")
            for (metric, pair), difference in zip(columns, paired_bootstrap(table), strict=True)
        ]
    found += [
        Comparison(
            metric,
            *pair,
            wild_cluster_bootstrap(_differences(contenders, values, metric, *pair)),
            method="wild cluster bootstrap by photo",
        )
        for metric in metrics
        for pair in pairs
        if pair not in single
    ]
    return corrected(found)


def compare_distances(
    contenders: Contenders, metric: Metric, distances: Mapping[str, SubsampledDistance]
) -> list[Comparison]:
    """Compares all pairs by a distance.

    Args:
        contenders: what is compared.
        metric: the distance.
        distances: by system.
    """
    means = {name: mean_distance([distances[system] for system in systems]) for name, systems in contenders.items()}
    return corrected(
        [
            Comparison(
                metric,
                first,
                second,
                means[first].minus(means[second]),
                method="distances on the same subsets of photos",
            )
            for first, second in itertools.combinations(contenders, 2)
        ]
    )


def ranks_of(systems: Sequence[str], comparisons: Sequence[Comparison]) -> dict[str, int] | None:
    """One more than the number of systems that are significantly better.

    Args:
        systems: their names.
        comparisons: of all their pairs by one metric.

    Returns:
        The rank of each system; ``None`` if a pair has no p-value.
    """
    if any(comparison.corrected is None for comparison in comparisons):
        return None
    worse = [
        comparison.second if comparison.better == comparison.first else comparison.first
        for comparison in comparisons
        if comparison.better is not None
    ]
    return {name: 1 + worse.count(name) for name in systems}


def corrected(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same with p-values corrected for the number of pairs that are compared by the same metric."""
    by_metric: dict[str, list[int]] = {}
    for index, comparison in enumerate(comparisons):
        if comparison.difference.p_value is not None:
            by_metric.setdefault(comparison.metric.key, []).append(index)
    found = list(comparisons)
    for indices in by_metric.values():
        p_values = [comparisons[index].difference.p_value or 0.0 for index in indices]
        for index, p_value in zip(indices, holm(p_values), strict=True):
            found[index] = replace(found[index], corrected=p_value, pairs=len(indices))
    return found


def _differences(
    contenders: Contenders, values: Mapping[str, Mapping[str, Values]], metric: Metric, first: str, second: str
) -> Values:
    """All differences between results of the first and of the second, a row per photo."""
    own, other = (
        np.stack([values[system][metric.key] for system in contenders[name]], axis=1) for name in (first, second)
    )
    left, right = own[:, :, None], other[:, None, :]
    with np.errstate(invalid="ignore"):
        differences: Values = np.where(left == right, 0.0, left - right)  # also of two infinite values
    return differences.reshape(len(own), -1)
