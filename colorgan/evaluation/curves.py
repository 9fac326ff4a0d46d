"""Training curves, read from the ``metrics.csv`` of a run."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

Curve = list[tuple[float, float]]
"""(epoch, value) pairs in the order of epochs."""


def read_curves(file: Path) -> dict[str, Curve]:
    """Reads the training and validation metrics that a run logged.

    Args:
        file: the ``metrics.csv`` of a run.

    Returns:
        The curve of each metric, with the last value logged in each epoch. Empty if the file is missing or unreadable.
    """
    values: dict[str, dict[float, float]] = {}
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                epoch = _to_float(row.get("epoch"))
                for name, value in _logged_values(row):
                    if not math.isnan(epoch):
                        values.setdefault(name, {})[epoch] = value
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {name: sorted(by_epoch.items()) for name, by_epoch in sorted(values.items())}


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """Averages the curves of several seeds over the epochs that all of them reached.

    Example:
        >>> mean_curve([[(0, 4.0), (1, 2.0)], [(0, 6.0)]])
        [(0, 5.0)]
    """
    by_epoch = [dict(curve) for curve in curves]
    shared = sorted(set.intersection(*(set(epochs) for epochs in by_epoch))) if by_epoch else []
    return [(epoch, math.fsum(values[epoch] for values in by_epoch) / len(by_epoch)) for epoch in shared]


def _logged_values(row: dict[str, str]) -> Iterator[tuple[str, float]]:
    for name, text in row.items():
        if name and name.startswith(("train/", "val/")) and not math.isnan(value := _to_float(text)):
            yield name, value


def _to_float(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
