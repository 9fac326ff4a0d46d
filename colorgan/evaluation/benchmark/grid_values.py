"""The values of a grid file, checked: names, seeds, metrics and the sheet of photos."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from colorgan.errors import ColorganError, did_you_mean
from colorgan.evaluation.benchmark.grid import PhotoSheet
from colorgan.metrics.metric import Metric
from colorgan.metrics.registry import find_metric

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_METRIC_KEYS = {"label", "better", "chart"}
_SHEET_KEYS = {"photos", "cells"}
MAX_PHOTOS = 100
"""On a sheet."""

_BETTER: dict[str, Literal["lower", "higher"] | None] = {"lower": "lower", "higher": "higher", "neither": None}


def mapping(value: Any, where: str) -> dict[str, Any]:
    """A mapping as a dictionary; an empty one for null."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ColorganError(f"{where} must be a mapping (key: value); received {value!r:.80}")
    return dict(value)


def reject_unknown_keys(content: Mapping[str, Any], known: set[str], where: str) -> None:
    """Refuses keys that a section does not have."""
    for key in content:
        if key not in known:
            suggestion = did_you_mean(str(key), sorted(known), list_all=True)
            raise ColorganError(f"{where}{' ' if where.endswith(':') else ''}{key} is not a known key{suggestion}")


def check_runs(names: Iterable[object], runs: list[str], where: str) -> None:
    """Refuses names that no run of a group has."""
    for name in names:
        if name not in runs:
            raise ColorganError(
                f"{where} names {name!r}, which is not a run of the group; the runs are {', '.join(runs)}"
            )


def check_name(name: str, where: str) -> None:
    """Refuses what cannot be the name of a folder."""
    if not _NAME.fullmatch(name):
        raise ColorganError(
            f"{where}: {name!r} cannot be the name of a folder; "
            "use letters, digits, dots, hyphens, plus signs and underscores"
        )


def read_seeds(value: Any, where: str) -> tuple[int, ...]:
    """One seed, or a list of different ones."""
    listed = value if isinstance(value, list) else [value]
    valid = all(isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**32 for seed in listed)
    if not listed or not valid or len(set(listed)) < len(listed):
        raise ColorganError(f"{where} must be different integers from 0 to 4294967295; received {value!r}")
    return tuple(listed)


def read_seed_arguments(value: Any, where: str) -> tuple[str, ...]:
    """Arguments of ``fit`` that receive the seed."""
    arguments = [] if value is None else value
    if not isinstance(arguments, list) or not all(isinstance(name, str) and "." in name for name in arguments):
        raise ColorganError(f"{where} must be a list of arguments such as data.seed; received {value!r}")
    return tuple(arguments)


def read_charts(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    """The metrics of each chart, by its title."""
    charts: dict[str, tuple[str, ...]] = {}
    for title, listed in mapping(value, where).items():
        names = listed if isinstance(listed, list) else [listed]
        if not names or not all(isinstance(name, str) and name.startswith(("train/", "val/")) for name in names):
            raise ColorganError(
                f"{where}.{title} must be a list of metrics such as train/l1 or val/l1; received {listed!r}"
            )
        charts[str(title)] = tuple(names)
    return charts


def read_metrics(value: Any, file: Path) -> tuple[Metric, ...]:
    """The metrics, listed by name or as a mapping; what the grid does not say comes from the registry."""
    if isinstance(value, list) and all(isinstance(key, str) for key in value):
        value = dict.fromkeys(value)
    listed = mapping(value, f"{file}: metrics")
    if not listed:
        raise ColorganError(f"{file}: metrics is empty; add a metric such as val/psnr, or leave metrics out")
    found: list[Metric] = []
    for key, content in listed.items():
        options = mapping(content, f"{file}: metrics.{key}")
        reject_unknown_keys(options, _METRIC_KEYS, f"{file}: metrics.{key}.")
        known = find_metric(str(key).removeprefix("val/").removeprefix("train/")) or Metric(str(key), str(key))
        better = known.better
        if "better" in options:
            if not isinstance(options["better"], str) or options["better"] not in _BETTER:
                raise ColorganError(
                    f"{file}: metrics.{key}.better must be lower, higher or neither; received {options['better']!r}"
                )
            better = _BETTER[options["better"]]
        if better is None and not found:
            raise ColorganError(
                f"{file}: metrics.{key} is the first metric, by which runs are compared; better must be lower or higher"
            )
        title, chart = str(options.get("label", known.label)), bool(options.get("chart", known.chart))
        found.append(replace(known, key=str(key), title=title, better=better, chart=chart))
    return tuple(found)


def read_sheet(value: Any, variants: list[str], where: str) -> PhotoSheet | None:
    """The sheet of photos: how many, and the configurations that they are shown of."""
    if value is None:
        return None
    content = mapping(value, where)
    reject_unknown_keys(content, _SHEET_KEYS, f"{where}.")
    photos, cells = content.get("photos", 20), content.get("cells")
    if type(photos) is not int or not 1 <= photos <= MAX_PHOTOS:
        raise ColorganError(f"{where}.photos must be an integer from 1 to {MAX_PHOTOS}; received {photos!r}")
    if isinstance(cells, list):
        cells = {name: name for name in map(str, cells)}
    titles = {str(name): str(title) for name, title in mapping(cells, f"{where}.cells").items()}
    if not titles:
        raise ColorganError(f"{where}.cells is empty; list the configurations whose photos are to be shown")
    for name in titles:
        check_variant(name, variants, f"{where}.cells")
    if len({*titles.values(), "gray", "reference"}) < len(titles) + 2:
        raise ColorganError(f"{where}.cells must have different titles, none of them gray or reference")
    return PhotoSheet(photos, titles)


def check_variant(name: str, variants: list[str], where: str) -> None:
    """Refuses a name that no configuration of the grid has."""
    if name not in variants:
        near = did_you_mean(name, variants, list_all=True)
        raise ColorganError(f"{where} names {name!r}, which is not a configuration of the grid{near}")
