"""From what was measured to the figures of a report: plain data, the same for the same input."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from colorgan.evaluation.report import metrics
from colorgan.evaluation.report.hinted import Hinted
from colorgan.evaluation.report.measure import Measured
from colorgan.evaluation.report.metrics import Metric
from colorgan.evaluation.report.statistics import (
    Estimate,
    Reference,
    disjoint_distance,
    distance_estimate,
    halves,
    mean_estimate,
    ranks,
)
from colorgan.evaluation.report.systems import System
from colorgan.files import atomic_write
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import kernel_distance

FLOOR = "floor"
ENOUGH_PHOTOS = 2048
_DIGITS = 7


@dataclass(frozen=True)
class Results:
    """Everything a report says.

    Args:
        record: how it was measured: photos, protocol, features, versions.
        metrics: the figures that were measured, in the order in which they are shown.
        systems: name to kind and detail, in the order in which they are shown; the floor is the last.
        figures: name of a system to key of a metric to its figure; a figure that a system has not is not there.
        places: key of a metric to name of a system to its place among the systems that are no anchors.
        photos: names of the photos.
        values: name of a system to key of a metric to one figure a photo.
        hinted: what hints gain, by each protocol in which that was measured.
    """

    record: dict[str, Any]
    metrics: list[Metric]
    systems: dict[str, dict[str, Any]]
    figures: dict[str, dict[str, Estimate]]
    places: dict[str, dict[str, int]]
    photos: list[str]
    values: dict[str, dict[str, "np.ndarray[Any, np.dtype[np.float64]]"]]
    hinted: Sequence[Hinted] = ()

    @property
    def headline(self) -> Metric:
        """The figure that a report opens with: FID where its weights are there, else the distance on other features."""
        distances = [metric for metric in self.metrics if metric.key.startswith(("fid", "fd_"))]
        return next((metric for metric in distances if metric.key == "fid"), distances[0])

    @property
    def compared(self) -> list[str]:
        """The systems that are no anchors."""
        return [name for name, system in self.systems.items() if system["kind"] != "anchor"]


def results_of(
    measured: Mapping[str, Measured],
    systems: Sequence[System],
    extractors: Sequence[FeatureExtractor],
    photos: Sequence[str],
    record: dict[str, Any],
    subset_size: int | None = None,
) -> Results:
    """Computes the figures of all systems, their intervals and places.

    Args:
        measured: what a pass over the photos left; the reference is among the systems.
        systems: in the order in which they are shown.
        extractors: those that were used, the most telling first.
        photos: names of the photos.
        record: how it was measured.
        subset_size: photos in a subset of the kernel distance.
    """
    paired = [metrics.distance(extractor.metric, extractor.name) for extractor in extractors]
    shown = [metric for each in paired for metric in (each, metrics.disjoint(each), metrics.kernel(each))]
    shown += [metrics.DELTA_CF, metrics.DELTA_CF_PAIRED, metrics.DELTA_CF_SIGNED]
    shown += [metric for metric in metrics.PER_PHOTO if metric.key in measured["reference"].values]
    reference = measured["reference"]
    references = {metric.key: Reference(torch.from_numpy(reference.features[metric.key])) for metric in paired}
    figures: dict[str, dict[str, Estimate]] = {}
    for system in systems:
        own = measured[system.name]
        found = {metric.key: mean_estimate(own.values[metric.key]) for metric in shown if metric.key in own.values}
        found |= _colorfulness_differences(own, reference)
        for metric in paired:
            rows = torch.from_numpy(own.features[metric.key])
            found |= _distances(metric, rows, references[metric.key], subset_size)
        figures[system.name] = found
    figures[FLOOR] = {}
    for metric in paired:
        rows = references[metric.key].features
        figures[FLOOR][metrics.disjoint(metric).key] = figures["reference"][metrics.disjoint(metric).key]
        if len(rows) >= 8:
            first, second = halves(len(rows))
            figures[FLOOR][metrics.kernel(metric).key] = _kernel(rows[first], rows[second], None)

    described = {system.name: {"kind": system.kind, **system.detail} for system in systems}
    described[FLOOR] = {"kind": "anchor", "is": "half of the reference against the other half"}
    contenders = [system.name for system in systems if system.kind != "anchor"]
    places = {
        metric.key: ranks({name: figures[name][metric.key] for name in contenders}, metric.better)
        for metric in shown
        if metric.better is not None and metric.ranked
    }
    values = {name: own.values for name, own in measured.items()}
    return Results(record, shown, described, figures, places, list(photos), values)


def _colorfulness_differences(own: Measured, reference: Measured) -> dict[str, Estimate]:
    def apart(one: Any, other: Any) -> Any:
        return np.abs(one - other)

    cf, true_cf = own.values["cf"], reference.values["cf"]
    return {
        "delta_cf": mean_estimate(cf, true_cf, figure=apart),
        "delta_cf_paired": mean_estimate(np.abs(cf - true_cf)),
        "delta_cf_signed": mean_estimate(own.values["cf_signed"], reference.values["cf_signed"], figure=apart),
    }


def _distances(
    paired: Metric, pictures: torch.Tensor, reference: Reference, subset_size: int | None
) -> dict[str, Estimate]:
    found = {
        paired.key: distance_estimate(pictures, reference),
        metrics.disjoint(paired).key: Estimate(disjoint_distance(pictures, reference)),
    }
    if len(pictures) >= 4:
        found[metrics.kernel(paired).key] = _kernel(pictures, reference.features, subset_size)
    return found


def _kernel(one: torch.Tensor, two: torch.Tensor, subset_size: int | None) -> Estimate:
    """Times 1,000, as it is usually shown; its ends are a standard deviation over subsets away."""
    distance = kernel_distance(one, two, subset_size=subset_size)
    mean, deviation = 1000 * distance.mean, 1000 * distance.deviation
    return Estimate(mean, mean - deviation, mean + deviation)


def write_json(results: Results, file: Path) -> None:
    """Writes ``metrics.json``: the same bytes for the same figures, on any system. What is infinite is ``"inf"``."""
    document = {
        "record": results.record,
        "metrics": {
            metric.key: {"title": metric.title, "meaning": metric.meaning, "better": metric.better}
            for metric in results.metrics
        },
        "systems": {
            name: {
                **described,
                "figures": {
                    key: {
                        "value": _plain(estimate.value),
                        **(
                            {"low": _plain(estimate.low), "high": _plain(estimate.high)}
                            if estimate.has_interval
                            else {}
                        ),
                        **({"place": places[name]} if name in (places := results.places.get(key, {})) else {}),
                    }
                    for key, estimate in results.figures[name].items()
                },
            }
            for name, described in results.systems.items()
        },
        **({"hints": [gained.plain() for gained in results.hinted]} if results.hinted else {}),
    }
    with atomic_write(file) as unfinished:
        unfinished.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def write_table(results: Results, file: Path) -> None:
    """Writes ``per_photo.csv``: a line per system and photo, a column per metric."""
    keys = [metric.key for metric in results.metrics if metric.key in results.values["reference"]]
    lines = [",".join(["system", "photo", *keys])]
    for name, values in results.values.items():
        for index, photo in enumerate(results.photos):
            figures = [str(_plain(float(values[key][index]))) for key in keys]
            lines.append(",".join([_quoted(name), _quoted(photo), *figures]))
    with atomic_write(file) as unfinished:
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _plain(number: float) -> float | str | None:
    """Seven digits, beyond which sums in another order differ; JSON knows neither infinity nor NaN."""
    if math.isnan(number):
        return None
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return float(f"{number:.{_DIGITS}g}")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n') else text
