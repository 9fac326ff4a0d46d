"""Reads grids from YAML files; ``docs/benchmark.md`` describes the format."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import Grid, Group, Overlay, Published, Variant
from colorgan.evaluation.benchmark.grid_values import (
    check_name,
    check_runs,
    check_variant,
    mapping,
    read_charts,
    read_metrics,
    read_seed_arguments,
    read_seeds,
    read_sheet,
    reject_unknown_keys,
)
from colorgan.files.yaml import YAMLError, read_yaml
from colorgan.metrics.registry import JUDGE

_GRID_KEYS = {
    "title",
    "description",
    "metrics",
    "charts",
    "seeds",
    "seed_arguments",
    "base",
    "published",
    "groups",
    "sheet",
}
_GROUP_KEYS = {"title", "description", "command", "overlays", "axes", "runs", "seeds", "published", "baseline"}
JUDGE_METRIC = f"val/fd_{JUDGE}".replace("-", "_")
"""By which configurations are compared unless a file says otherwise."""
JUDGE_OVERLAY: Mapping[str, Any] = {
    "trainer": {"callbacks+": [{"class_path": "FrechetDistance", "init_args": {"features": JUDGE}}]}
}
"""Measures it."""
_DEFAULT_METRICS = (JUDGE_METRIC, "val/psnr")
_PUBLISHED_KEYS = {"metric", "protocol", "source"}


def read_grid(path: str | Path, extra_overlays: Sequence[str | Path] = ()) -> Grid:
    """Reads a grid.

    Paths of overlays in the file are relative to it.

    Args:
        path: a YAML file.
        extra_overlays: YAML files that are added on top of every configuration of the grid.

    Returns:
        The grid, with all overlays read.

    Raises:
        ColorganError: if anything is missing or invalid; the message names the file and the key.
    """
    file = Path(path)
    content = read_mapping(file, "a grid of runs")
    reject_unknown_keys(content, _GRID_KEYS, f"{file}:")
    published = mapping(content.get("published"), f"{file}: published")
    reject_unknown_keys(published, _PUBLISHED_KEYS, f"{file}: published.")
    extra = tuple(read_overlay(Path(overlay), "--config") for overlay in extra_overlays)
    reader = _GroupReader(file, read_seeds(content.get("seeds", [42]), f"{file}: seeds"), extra)
    base = reader.overlays(content.get("base"), "base")
    if content.get("metrics") is None:
        base += reader.overlays(JUDGE_OVERLAY, "base.judge")
    groups = mapping(content.get("groups"), f"{file}: groups")
    if not groups:
        raise ColorganError(f"{file}: groups is empty; add at least one group of runs")
    grid = Grid(
        name=file.stem,
        title=str(content.get("title", file.stem)),
        description=str(content.get("description", "")).strip(),
        metrics=read_metrics(list(_DEFAULT_METRICS) if content.get("metrics") is None else content["metrics"], file),
        published=Published(**{key: str(value) for key, value in published.items()}),
        seed_arguments=read_seed_arguments(content.get("seed_arguments"), f"{file}: seed_arguments"),
        groups=tuple(
            reader.group(str(name), mapping(group, f"{file}: groups.{name}"), base) for name, group in groups.items()
        ),
        charts=read_charts(content.get("charts"), f"{file}: charts"),
    )
    names = [variant.name for variant in grid.variants]
    for name in names:
        if names.count(name) > 1:
            raise ColorganError(f"{file}: two runs have the name {name!r}; rename a group, an axis value or a run")
    for variant in grid.variants:
        if variant.baseline:
            check_variant(variant.baseline, names, f"{file}: groups.{variant.group}.baseline")
    return replace(grid, sheet=read_sheet(content.get("sheet"), names, f"{file}: sheet"))


class _GroupReader:
    """Expands groups into variants.

    Args:
        file: the grid, to which paths are relative.
        seeds: seeds of groups without their own.
        extra_overlays: added on top of every configuration.
    """

    def __init__(self, file: Path, seeds: tuple[int, ...], extra_overlays: tuple[Overlay, ...]) -> None:
        self.file, self.seeds, self.extra_overlays = file, seeds, extra_overlays

    def group(self, name: str, content: Mapping[str, Any], base: tuple[Overlay, ...]) -> Group:
        key = f"groups.{name}"
        check_name(name, f"{self.file}: {key}")
        reject_unknown_keys(content, _GROUP_KEYS, f"{self.file}: {key}.")
        if content.get("axes") and content.get("runs"):
            raise ColorganError(f"{self.file}: {key} has both axes and runs; split it into two groups")
        command = content.get("command", "")
        if command not in ("", "chroma"):
            raise ColorganError(f"{self.file}: {key}.command must be chroma or be left out; received {command!r}")
        below = (() if command else base) + self.overlays(content.get("overlays"), f"{key}.overlays")
        expanded = {
            suffix: (parts, below + own + self.extra_overlays)
            for suffix, parts, own in (
                self._combinations(content["axes"], f"{key}.axes")
                if content.get("axes")
                else self._named_runs(content, key)
            )
        }
        published = self._published(content.get("published"), list(expanded), key)
        seeds = self._seeds(content.get("seeds"), list(expanded), key)
        baselines = self._baselines(content.get("baseline"), list(expanded), key)
        variants = tuple(
            Variant(
                name="-".join(filter(None, (name, suffix))),
                group=name,
                parts=parts,
                overlays=overlays,
                seeds=seeds[suffix],
                published=published.get(suffix),
                command=command,
                baseline=baselines.get(suffix, ""),
            )
            for suffix, (parts, overlays) in expanded.items()
        )
        return Group(name, str(content.get("title", name)), str(content.get("description", "")).strip(), variants)

    def _combinations(self, axes: Any, key: str) -> Iterator[tuple[str, dict[str, str], tuple[Overlay, ...]]]:
        """All combinations of one value per axis; the last axis varies fastest."""
        values = {
            str(axis): {
                str(value): self.overlays(overlays, f"{key}.{axis}.{value}")
                for value, overlays in mapping(listed, f"{self.file}: {key}.{axis}").items()
            }
            for axis, listed in mapping(axes, f"{self.file}: {key}").items()
        }
        for combination in itertools.product(*(listed.items() for listed in values.values())):
            parts = dict(zip(values, (value for value, _ in combination), strict=True))
            for value in parts.values():
                check_name(value, f"{self.file}: {key}")
            yield "-".join(parts.values()), parts, tuple(overlay for _, own in combination for overlay in own)

    def _named_runs(
        self, content: Mapping[str, Any], key: str
    ) -> Iterator[tuple[str, dict[str, str], tuple[Overlay, ...]]]:
        """Runs by name; a group without axes and runs is itself a single run."""
        if not content.get("runs"):
            yield "", {}, ()
            return
        for name, overlays in mapping(content["runs"], f"{self.file}: {key}.runs").items():
            check_name(str(name), f"{self.file}: {key}.runs")
            yield str(name), {"run": str(name)}, self.overlays(overlays, f"{key}.runs.{name}")

    def overlays(self, value: Any, key: str) -> tuple[Overlay, ...]:
        """One overlay or a list of them, given as paths of files or as inline mappings."""
        return read_overlays(value, self.file, key)

    def _seeds(self, value: Any, suffixes: list[str], key: str) -> dict[str, tuple[int, ...]]:
        """Seeds by name of the run: those of the group, or of the runs that it names."""
        where = f"{self.file}: {key}.seeds"
        if value is not None and not isinstance(value, Mapping):
            return dict.fromkeys(suffixes, read_seeds(value, where))
        named = mapping(value, where)
        check_runs(named, suffixes, where)
        own = {str(name): read_seeds(seeds, f"{where}.{name}") for name, seeds in named.items()}
        return {name: own.get(name, self.seeds) for name in suffixes}

    def _baselines(self, value: Any, suffixes: list[str], key: str) -> dict[str, str]:
        """What each run is compared with: the same for the whole group, or for the runs that it names."""
        where = f"{self.file}: {key}.baseline"
        named = mapping(value, where) if isinstance(value, Mapping) else dict.fromkeys(suffixes, value)
        check_runs(named, suffixes, where)
        for baseline in named.values():
            if baseline is not None and not isinstance(baseline, str):
                raise ColorganError(f"{where} must be the name of a configuration; received {baseline!r}")
        return {str(name): baseline for name, baseline in named.items() if baseline}

    def _published(self, value: Any, suffixes: list[str], key: str) -> dict[str, float]:
        """Published results by name of the run; a single number belongs to a group that is a single run."""
        where = f"{self.file}: {key}.published"
        results = {"": value} if value is not None and not isinstance(value, Mapping) else mapping(value, where)
        check_runs(results, suffixes, where)
        for name, result in results.items():
            if isinstance(result, bool) or not isinstance(result, int | float):
                raise ColorganError(f"{where}: {name or 'the result'} must be a number; received {result!r}")
        return {str(name): float(result) for name, result in results.items()}


def read_overlays(value: Any, file: Path, key: str) -> tuple[Overlay, ...]:
    """Reads one overlay or a list of them.

    Args:
        value: the path of a YAML file, a mapping, a list of them, or ``None`` for no overlay.
        file: the file that names them, to which paths are relative.
        key: where in the file.

    Raises:
        ColorganError: naming the file and the key.
    """
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(overlay for item in value for overlay in read_overlays(item, file, key))
    if isinstance(value, Mapping):
        return (Overlay(key.rpartition(".")[2], yaml.safe_dump(dict(value), sort_keys=False), value),)
    if not isinstance(value, str):
        raise ColorganError(
            f"{file}: {key} is {value!r}; an overlay is the path of a YAML file, a mapping or a list of them"
        )
    return (read_overlay(file.parent / value, f"{file}: {key}"),)


def read_overlay(file: Path, where: str) -> Overlay:
    """Reads an overlay; ``where`` is what names it, for error messages."""
    content = read_mapping(file, where)
    return Overlay(file.stem, file.read_text(encoding="utf-8"), content)


def read_mapping(file: Path, where: str) -> dict[str, Any]:
    """Reads a YAML file that is a mapping; ``where`` is what names it, for error messages."""
    try:
        content = read_yaml(file)
    except YAMLError as error:
        raise ColorganError(f"{where}: {error}") from error
    except OSError as error:
        raise ColorganError(
            f"{where}: {file} cannot be read ({error.strerror or error}); give the path of a YAML file"
        ) from error
    return mapping(content, str(file))
