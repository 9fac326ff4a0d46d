"""What training left beside a checkpoint: the curves of its run."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

Curve = list[tuple[float, float]]


def read_curves(run: Path) -> dict[str, Curve]:
    """The metrics that a run logged.

    Args:
        run: its folder, with ``metrics.csv``.

    Returns:
        Name of a metric to (epoch, value), a point an epoch (the last one logged in it); empty without the file.
    """
    found: dict[str, dict[float, float]] = {}
    try:
        with (run / "metrics.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                epoch = _number(row.get("epoch"))
                for name, number in _numbers(row):
                    if not math.isnan(epoch):
                        found.setdefault(name, {})[epoch] = number
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {name: sorted(points.items()) for name, points in sorted(found.items())}


def _numbers(row: dict[str, str]) -> Iterator[tuple[str, float]]:
    for name, text in row.items():
        if name and name.startswith(("train/", "val/")) and not math.isnan(number := _number(text)):
            yield name, number


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
