"""A grid of training runs: groups of configurations, each trained with several seeds."""

import fnmatch
import hashlib
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from colorgan.errors import ColorganError, did_you_mean
from colorgan.metrics.metric import Metric


@dataclass(frozen=True)
class Overlay:
    """One layer of a run's configuration.

    Attributes:
        name: stem of the file, or key of an inline overlay; the copy in the run's folder is named after it.
        text: the YAML, comments included.
        content: the same as plain data.
    """

    name: str
    text: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Published:
    """The source of published results, which are not directly comparable with our own.

    Attributes:
        metric: name of the published metric, which is better in the same direction as the first metric of the grid.
        protocol: how it was measured; shown wherever a published result appears.
        source: the publication.
    """

    metric: str = ""
    protocol: str = "another protocol"
    source: str = ""


@dataclass(frozen=True)
class Variant:
    """One configuration of the grid, with one run per seed.

    Attributes:
        name: unique in the grid, and usable as a file name.
        group: name of its group.
        parts: value of each axis, or the name of the run in a group without axes.
        overlays: layers of the configuration; later ones override earlier ones.
        seeds: the seeds, one run each.
        published: the published result, if there is one.
        command: the command whose ``fit`` trains it, such as ``chroma``; empty for colorizers.
        baseline: name of the configuration that it is compared with; empty if there is none.
    """

    name: str
    group: str
    parts: Mapping[str, str]
    overlays: tuple[Overlay, ...]
    seeds: tuple[int, ...]
    published: float | None = None
    command: str = ""
    baseline: str = ""


@dataclass(frozen=True)
class PhotoSheet:
    """The same validation photos, colorized by several configurations.

    Attributes:
        photos: number of photos.
        cells: title of the column of each configuration, by its name.
    """

    photos: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Group:
    """Variants that are shown together and ranked against each other.

    Attributes:
        name: key in the YAML.
        title: heading.
        description: paragraph below the heading.
        variants: its variants.
    """

    name: str
    title: str
    description: str
    variants: tuple[Variant, ...]


_RUNS, _SEED = "${runs}", "${seed}"
"""What an overlay may contain: the folder of all runs of the grid, and the seed of its own run."""
_OTHER_RUN = re.compile(re.escape(_RUNS) + r"/([^/\s\"']+)/")


@dataclass(frozen=True)
class Run:
    """One ``fit`` of a grid.

    An overlay may use files of another run, as ``${runs}/regressor-seed${seed}/checkpoints/best.ckpt``. That run is
    trained first.

    Attributes:
        variant: the configuration.
        seed: the random seed.
        seed_arguments: arguments that receive the seed in addition to ``seed_everything``, such as ``data.seed``.
        options: further arguments, the same for all runs.
    """

    variant: Variant
    seed: int
    seed_arguments: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Unique in the grid; the run's folder has this name."""
        return f"{self.variant.name}-seed{self.seed}"

    @property
    def digest(self) -> str:
        """Hash of everything that affects the outcome; comments and the order of keys do not."""
        content = [[overlay.content for overlay in self.variant.overlays], self.seed, self.seed_arguments, self.options]
        content += [self.variant.command] if self.variant.command else []
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def needs(self) -> list[str]:
        """Names of the other runs whose files its overlays use; they may be shell patterns."""
        texts = [overlay.text.replace(_SEED, str(self.seed)) for overlay in self.variant.overlays]
        return [name for text in texts for name in _OTHER_RUN.findall(text)]

    def text_of(self, overlay: Overlay, runs: str) -> str:
        """The text of an overlay for this run.

        Args:
            overlay: one of its overlays.
            runs: the folder of all runs.
        """
        return overlay.text.replace(_RUNS, runs).replace(_SEED, str(self.seed))

    @property
    def arguments(self) -> list[str]:
        """Arguments of ``fit`` after the overlays."""
        seeds = [f"--{argument}={self.seed}" for argument in ("seed_everything", *self.seed_arguments)]
        return [*seeds, "--trainer.enable_progress_bar=false", *self.options]


@dataclass(frozen=True)
class Grid:
    """A grid of runs, as :func:`~colorgan.evaluation.benchmark.grid_file.read_grid` reads it.

    Attributes:
        name: stem of the file.
        title: heading of the report.
        description: paragraph below the heading.
        metrics: metrics of the report. The first one that the runs have logged is the headline metric.
        published: the source of published results.
        seed_arguments: arguments that receive the seed in addition to ``seed_everything``.
        groups: the groups of configurations.
        sheet: photos to show side by side; ``None`` for none.
        charts: further charts of each group, by title: metrics of training and validation. The last one is drawn
            strong, such as a moving average, the others pale, such as the values it averages.
    """

    name: str
    title: str
    description: str
    metrics: tuple[Metric, ...]
    published: Published
    seed_arguments: tuple[str, ...]
    groups: tuple[Group, ...] = field(repr=False)
    sheet: PhotoSheet | None = None
    charts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def variants(self) -> list[Variant]:
        """All configurations, in the order of the file."""
        return [variant for group in self.groups for variant in group.variants]

    def runs(self, options: Sequence[str] = ()) -> list[Run]:
        """All runs. The first seeds of all variants come before the second ones, so that an interrupted grid is usable.

        A run whose files others use comes before them.

        Args:
            options: arguments at the end of every command line, such as ``--data.root=photos``.

        Raises:
            ColorganError: if a run uses files of one that is not in the grid, or of one that uses its own.
        """
        rounds = itertools.zip_longest(
            *(
                [Run(variant, seed, self.seed_arguments, tuple(options)) for seed in variant.seeds]
                for variant in self.variants
            )
        )
        return _needed_first([run for runs in rounds for run in runs if run is not None])


def needed_runs(run: Run, runs: Sequence[Run]) -> list[Run]:
    """Those of some runs whose files a run uses."""
    return [other for other in runs if any(fnmatch.fnmatchcase(other.name, name) for name in run.needs)]


def _needed_first(runs: Sequence[Run]) -> list[Run]:
    """The runs in their order, but each after those that it needs."""
    ordered: dict[str, Run] = {}

    def add(run: Run, waiting: tuple[str, ...] = ()) -> None:
        if run.name in waiting:
            raise ColorganError(f"{' needs '.join((*waiting, run.name))}, and none of them can be trained first")
        for name in run.needs:
            if not any(fnmatch.fnmatchcase(other.name, name) for other in runs):
                near = did_you_mean(name, [other.name for other in runs if other is not run])
                raise ColorganError(f"{run.name} uses files of {name}, which is not a run of the grid{near}")
        for other in needed_runs(run, runs):
            if other.name not in ordered:
                add(other, (*waiting, run.name))
        ordered.setdefault(run.name, run)

    for run in runs:
        add(run)
    return list(ordered.values())


def select_runs(runs: Sequence[Run], patterns: Sequence[str]) -> list[Run]:
    """Selects the runs that match any of the patterns, and those that they need.

    Args:
        runs: all runs of a grid.
        patterns: names or shell patterns of variants (``bce-*``) or runs (``*-seed1``); all runs without a pattern.

    Raises:
        ColorganError: if a pattern matches no run.
    """
    for pattern in patterns:
        if not any(_matches(run, pattern) for run in runs):
            names = list(dict.fromkeys(run.variant.name for run in runs))
            suggestion = did_you_mean(pattern, names, list_all=True)
            raise ColorganError(f"--only {pattern!r} matches no run of the grid{suggestion}")
    selected = {run.name for run in runs if not patterns or any(_matches(run, pattern) for pattern in patterns)}
    for run in reversed(runs):  # a run comes after those that it needs
        if run.name in selected:
            selected.update(other.name for other in needed_runs(run, runs))
    return [run for run in runs if run.name in selected]


def _matches(run: Run, pattern: str) -> bool:
    return fnmatch.fnmatchcase(run.name, pattern) or fnmatch.fnmatchcase(run.variant.name, pattern)
