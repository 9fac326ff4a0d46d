"""What a grid of runs is: a YAML file that lists overlays to combine, and the ``fit`` commands that follow from it."""

import difflib
import fnmatch
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from colorgan.errors import ColorganError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_GRID_KEYS = {"title", "about", "metrics", "seeds", "also_seeded", "base", "published", "groups"}
_GROUP_KEYS = {"title", "about", "trains", "overlays", "axes", "runs", "seeds", "published"}
_METRIC_KEYS = {"label", "better", "chart"}
_PUBLISHED_KEYS = {"metric", "protocol", "source"}


@dataclass(frozen=True)
class Overlay:
    """One layer of a run's configuration.

    Attributes:
        name: the file's stem, or what an inline overlay was called; it names the copy in the run's folder.
        text: the YAML itself, comments included.
        content: the same as plain data.
    """

    name: str
    text: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Metric:
    """A figure that runs log after each validation.

    Attributes:
        key: its column in ``metrics.csv``, such as ``val/fid``.
        label: what the report calls it.
        higher_is_better: whether larger is better.
        informs_only: neither larger nor smaller is better, as for the size of a network.
        chart: whether its curves are drawn; those of the headline always are.
    """

    key: str
    label: str
    higher_is_better: bool = False
    informs_only: bool = False
    chart: bool = False


@dataclass(frozen=True)
class Published:
    """Where published figures come from, and why they are no figures of ours.

    Attributes:
        metric: the name of the published figure.
        protocol: how it was measured; shown wherever one stands beside ours.
        source: who published it and where.
    """

    metric: str = ""
    protocol: str = "another protocol"
    source: str = ""


@dataclass(frozen=True)
class Variant:
    """One configuration of the grid; it is run once per seed.

    Attributes:
        name: unique in the grid; file names are made of it.
        group: the group that it is compared in.
        parts: what tells it from the others of its group: axis to value, or nothing.
        overlays: the layers of its configuration, the later ones over the earlier.
        seeds: one run for each.
        published: the figure that was published for it, if any.
        trains: the command whose ``fit`` trains it, such as ``chroma``; that of colorizers by default.
    """

    name: str
    group: str
    parts: Mapping[str, str]
    overlays: tuple[Overlay, ...]
    seeds: tuple[int, ...]
    published: float | None = None
    trains: str = ""


@dataclass(frozen=True)
class Group:
    """Variants that are shown and ranked together.

    Attributes:
        name: its key in the YAML.
        title: its heading.
        about: a paragraph under the heading.
        variants: what it compares.
    """

    name: str
    title: str
    about: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Run:
    """One ``fit`` of a grid.

    Attributes:
        variant: the configuration.
        seed: of everything random in it.
        also_seeded: arguments beside ``seed_everything`` that take the seed, such as ``data.seed``.
        options: words for the end of the command line, the same for all runs.
    """

    variant: Variant
    seed: int
    also_seeded: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Unique in the grid; also the name of the run's folder."""
        return f"{self.variant.name}-seed{self.seed}"

    @property
    def digest(self) -> str:
        """Changes with everything that decides the outcome, and not with comments or the order of keys."""
        decisive = [[overlay.content for overlay in self.variant.overlays], self.seed, self.also_seeded, self.options]
        decisive += [self.variant.trains] if self.variant.trains else []
        return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def arguments(self) -> list[str]:
        """What follows the overlays on the command line of ``fit``."""
        seeds = [f"--{argument}={self.seed}" for argument in ("seed_everything", *self.also_seeded)]
        return [*seeds, "--trainer.enable_progress_bar=false", *self.options]


@dataclass(frozen=True)
class Grid:
    """A grid of runs, as :func:`read_grid` finds it in a file.

    Attributes:
        name: the file's stem.
        title: the report's heading.
        about: a paragraph under it.
        metrics: what is reported; the first one that the runs have logged is the headline.
        published: the source of the published figures.
        also_seeded: arguments beside ``seed_everything`` that take the seed.
        groups: what is run.
    """

    name: str
    title: str
    about: str
    metrics: tuple[Metric, ...]
    published: Published
    also_seeded: tuple[str, ...]
    groups: tuple[Group, ...] = field(repr=False)

    @property
    def variants(self) -> list[Variant]:
        """All configurations, in the order of the file."""
        return [variant for group in self.groups for variant in group.variants]

    def runs(self, options: Sequence[str] = ()) -> list[Run]:
        """All runs, the first seed of every variant before the second of any: an interrupted grid is a small grid.

        Args:
            options: words for the end of every command line, such as ``--data.root=photos``.
        """
        rounds = itertools.zip_longest(
            *(
                [Run(variant, seed, self.also_seeded, tuple(options)) for seed in variant.seeds]
                for variant in self.variants
            )
        )
        return [run for runs in rounds for run in runs if run is not None]


def select(runs: Sequence[Run], patterns: Sequence[str]) -> list[Run]:
    """The runs that match any of the patterns.

    Args:
        runs: all runs of a grid.
        patterns: names or shell patterns of variants (``bce-*``) or runs (``*-seed1``); none selects all.

    Raises:
        ColorganError: for a pattern that matches nothing.
    """
    for pattern in patterns:
        if not any(_matches(run, pattern) for run in runs):
            names = list(dict.fromkeys(run.variant.name for run in runs))
            close = difflib.get_close_matches(pattern, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"the names are {', '.join(names)}"
            raise ColorganError(f"--only {pattern!r} matches no run of the grid; {hint}")
    return [run for run in runs if not patterns or any(_matches(run, pattern) for pattern in patterns)]


def _matches(run: Run, pattern: str) -> bool:
    return fnmatch.fnmatchcase(run.name, pattern) or fnmatch.fnmatchcase(run.variant.name, pattern)


def read_grid(path: str | Path, layers: Sequence[str | Path] = ()) -> Grid:
    """Reads a grid.

    Paths of overlays in it are relative to it. ``docs/benchmark.md`` describes the format.

    Args:
        path: a YAML file.
        layers: YAML files that are laid over every configuration of the grid.

    Returns:
        The grid, with all overlays read.

    Raises:
        ColorganError: in one sentence that names the file and the key, for anything that is missing or makes no sense.
    """
    file = Path(path)
    content = _read_mapping(file, "a grid of runs")
    _refuse_unknown(content, _GRID_KEYS, f"{file}:")
    published = _mapping(content.get("published"), f"{file}: published")
    _refuse_unknown(published, _PUBLISHED_KEYS, f"{file}: published.")
    above = tuple(_overlay_file(Path(layer), "--config") for layer in layers)
    reader = _Reader(file, _seeds(content.get("seeds", [42]), f"{file}: seeds"), above)
    base = reader.overlays(content.get("base"), "base")
    groups = _mapping(content.get("groups"), f"{file}: groups")
    if not groups:
        raise ColorganError(f"{file}: groups is empty; list at least one group of runs there")
    grid = Grid(
        name=file.stem,
        title=str(content.get("title", file.stem)),
        about=str(content.get("about", "")).strip(),
        metrics=_metrics(content.get("metrics"), file),
        published=Published(**{key: str(value) for key, value in published.items()}),
        also_seeded=_also_seeded(content.get("also_seeded"), f"{file}: also_seeded"),
        groups=tuple(
            reader.group(str(name), _mapping(group, f"{file}: groups.{name}"), base) for name, group in groups.items()
        ),
    )
    names = [variant.name for variant in grid.variants]
    for name in names:
        if names.count(name) > 1:
            raise ColorganError(f"{file}: two runs are called {name!r}; rename a group, an axis value or a run")
    return grid


class _Reader:
    """Turns groups into variants; knows where relative paths begin."""

    def __init__(self, file: Path, seeds: tuple[int, ...], above: tuple[Overlay, ...]) -> None:
        self.file, self.seeds, self.above = file, seeds, above

    def group(self, name: str, content: Mapping[str, Any], base: tuple[Overlay, ...]) -> Group:
        where = f"groups.{name}"
        _check_name(name, f"{self.file}: {where}")
        _refuse_unknown(content, _GROUP_KEYS, f"{self.file}: {where}.")
        if content.get("axes") and content.get("runs"):
            raise ColorganError(f"{self.file}: {where} has both axes and runs; make two groups of them")
        trains = content.get("trains", "")
        if trains not in ("", "chroma"):
            raise ColorganError(f"{self.file}: {where}.trains must be chroma or be left out, received {trains!r}")
        below = (() if trains else base) + self.overlays(content.get("overlays"), f"{where}.overlays")
        seeds = _seeds(content["seeds"], f"{self.file}: {where}.seeds") if "seeds" in content else self.seeds
        made = {
            suffix: (parts, below + own + self.above)
            for suffix, parts, own in (
                self._product(content["axes"], f"{where}.axes") if content.get("axes") else self._listed(content, where)
            )
        }
        published = self._published(content.get("published"), list(made), where)
        variants = tuple(
            Variant("-".join(filter(None, (name, suffix))), name, parts, overlays, seeds, published.get(suffix), trains)
            for suffix, (parts, overlays) in made.items()
        )
        return Group(name, str(content.get("title", name)), str(content.get("about", "")).strip(), variants)

    def _product(self, axes: Any, where: str) -> Iterator[tuple[str, dict[str, str], tuple[Overlay, ...]]]:
        """Every combination of one value of each axis; the last axis varies fastest."""
        values = {
            str(axis): {
                str(value): self.overlays(overlays, f"{where}.{axis}.{value}")
                for value, overlays in _mapping(listed, f"{self.file}: {where}.{axis}").items()
            }
            for axis, listed in _mapping(axes, f"{self.file}: {where}").items()
        }
        for combination in itertools.product(*(listed.items() for listed in values.values())):
            parts = dict(zip(values, (value for value, _ in combination), strict=True))
            for value in parts.values():
                _check_name(value, f"{self.file}: {where}")
            yield "-".join(parts.values()), parts, tuple(layer for _, own in combination for layer in own)

    def _listed(
        self, content: Mapping[str, Any], where: str
    ) -> Iterator[tuple[str, dict[str, str], tuple[Overlay, ...]]]:
        """Runs by name; a group with neither axes nor runs is one run itself."""
        if not content.get("runs"):
            yield "", {}, ()
            return
        for name, overlays in _mapping(content["runs"], f"{self.file}: {where}.runs").items():
            _check_name(str(name), f"{self.file}: {where}.runs")
            yield str(name), {"run": str(name)}, self.overlays(overlays, f"{where}.runs.{name}")

    def overlays(self, value: Any, where: str) -> tuple[Overlay, ...]:
        """One overlay or a list of them: paths of files, or mappings written out."""
        if value is None:
            return ()
        if isinstance(value, list):
            return tuple(overlay for item in value for overlay in self.overlays(item, where))
        if isinstance(value, Mapping):
            return (Overlay(where.rpartition(".")[2], yaml.safe_dump(dict(value), sort_keys=False), value),)
        if not isinstance(value, str):
            raise ColorganError(
                f"{self.file}: {where} is {value!r}; an overlay is the path of a YAML file, a mapping or a list of them"
            )
        return (_overlay_file(self.file.parent / value, f"{self.file}: {where}"),)

    def _published(self, value: Any, suffixes: list[str], where: str) -> dict[str, float]:
        """Published figures by the names of runs; one figure alone belongs to a group that is one run."""
        place = f"{self.file}: {where}.published"
        figures = {"": value} if value is not None and not isinstance(value, Mapping) else _mapping(value, place)
        for name, figure in figures.items():
            if name not in suffixes:
                raise ColorganError(
                    f"{place} names {name!r}, which is no run of the group; they are {', '.join(suffixes)}"
                )
            if isinstance(figure, bool) or not isinstance(figure, int | float):
                raise ColorganError(f"{place}: {name or 'the figure'} must be a number, received {figure!r}")
        return {str(name): float(figure) for name, figure in figures.items()}


def _overlay_file(file: Path, what: str) -> Overlay:
    content = _read_mapping(file, what)
    return Overlay(file.stem, file.read_text(encoding="utf-8"), content)


def _read_mapping(file: Path, what: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ColorganError(
            f"{what}: {file} cannot be read ({error.strerror or error}); give the path of a YAML file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ColorganError(f"{what}: {file} is not YAML: {' '.join(str(error).split())}") from error
    return _mapping(content, str(file))


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ColorganError(f"{where} must be a mapping (key: value), received {value!r:.80}")
    return dict(value)


def _refuse_unknown(content: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in content:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}"
            raise ColorganError(f"{where}{' ' if where.endswith(':') else ''}{key} is not expected; {hint}")


def _check_name(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise ColorganError(
            f"{where}: {name!r} is no name for a folder; use letters, digits, dots, hyphens, plus signs and underscores"
        )


def _seeds(value: Any, where: str) -> tuple[int, ...]:
    listed = value if isinstance(value, list) else [value]
    right = all(isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**32 for seed in listed)
    if not listed or not right or len(set(listed)) < len(listed):
        raise ColorganError(f"{where} must be different integers from 0 to 4294967295, received {value!r}")
    return tuple(listed)


def _also_seeded(value: Any, where: str) -> tuple[str, ...]:
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(isinstance(argument, str) and "." in argument for argument in listed):
        raise ColorganError(f"{where} must be a list of arguments such as data.seed, received {value!r}")
    return tuple(listed)


def _metrics(value: Any, file: Path) -> tuple[Metric, ...]:
    listed = _mapping(value, f"{file}: metrics")
    if not listed:
        raise ColorganError(f"{file}: metrics is empty; name what is compared, such as val/fd_efficientnet_lite0")
    metrics: list[Metric] = []
    for key, content in listed.items():
        described = _mapping(content, f"{file}: metrics.{key}")
        _refuse_unknown(described, _METRIC_KEYS, f"{file}: metrics.{key}.")
        better = described.get("better", "lower")
        if better not in ("lower", "higher", "neither"):
            raise ColorganError(f"{file}: metrics.{key}.better must be lower, higher or neither, received {better!r}")
        if better == "neither" and not metrics:
            raise ColorganError(f"{file}: metrics.{key} comes first and is compared: better must be lower or higher")
        label, chart = str(described.get("label", key)), bool(described.get("chart", False))
        metrics.append(Metric(str(key), label, better == "higher", better == "neither", chart))
    return tuple(metrics)
