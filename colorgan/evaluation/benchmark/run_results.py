"""The results of one run, read from its folder."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from colorgan.evaluation.benchmark.grid import Run
from colorgan.evaluation.benchmark.records import GridRunFolder, Record, Status
from colorgan.evaluation.curves import Curve, read_curves
from colorgan.files.yaml import YAMLError, read_yaml
from colorgan.metrics.metric import Metric
from colorgan.metrics.teachers import teachers


@dataclass(frozen=True)
class RunResult:
    """The results of one run.

    Attributes:
        run: the run.
        status: its status.
        record: its outcome, if it has ended.
        curves: the curve of every ``val/`` metric that it logged, and of what the grid's charts and metrics show.
        sheet: its latest sheet of sample photos.
        teachers: the pretrained networks that it learns from.
    """

    run: Run
    status: Status
    record: Record | None
    curves: Mapping[str, Curve]
    sheet: Path | None
    teachers: Sequence[str] = ()

    @property
    def epochs(self) -> int:
        """Number of epochs with validation."""
        return max((len(curve) for curve in self._validation.values()), default=0)

    @property
    def last_epoch(self) -> int:
        """Number of epochs that were trained, up to the last validation."""
        return max((int(curve[-1][0]) + 1 for curve in self._validation.values()), default=0)

    @property
    def _validation(self) -> Mapping[str, Curve]:
        return {name: curve for name, curve in self.curves.items() if curve and name.startswith("val/")}

    def last(self, metric: Metric) -> float | None:
        """The value after the last epoch of a finished run; ``None`` if it was not logged or is not finite."""
        curve = self._finished_curve(metric)
        last_epoch = max((points[-1][0] for points in self._validation.values()), default=0)
        return curve[-1][1] if curve and curve[-1][0] == last_epoch else None

    def best(self, metric: Metric) -> float | None:
        """The value of the best epoch of a finished run, which is optimistically biased."""
        values = [value for _, value in self._finished_curve(metric)]
        return (max if metric.higher_is_better else min)(values, default=None)

    def _finished_curve(self, metric: Metric) -> Curve:
        curve = self.curves.get(metric.key, [])
        return [point for point in curve if math.isfinite(point[1])] if self.status == "finished" else []


def read_run(run: Run, grid: Path, drawn: Collection[str]) -> RunResult:
    """Reads the results of a run.

    Args:
        run: the run.
        grid: folder of the grid.
        drawn: names of the metrics that are wanted besides those of validation.
    """
    folder = GridRunFolder(grid, run.name)
    curves = read_curves(folder.metrics)
    sheets = [file for file in folder.path.glob("samples/epoch_*.png") if re.fullmatch(r"epoch_\d+", file.stem)]
    return RunResult(
        run=run,
        status=folder.status(),
        record=folder.record(),
        curves={name: curve for name, curve in curves.items() if name.startswith("val/") or name in drawn},
        sheet=max(sheets, key=lambda file: int(file.stem[6:]), default=None),
        teachers=_teachers(folder.path / "config.yaml"),
    )


def _teachers(config: Path) -> list[str]:
    """The pretrained networks that a run learns from; none before it has written its configuration."""
    try:
        return teachers(read_yaml(config).get("model"))
    except (OSError, YAMLError, AttributeError):
        return []
