"""Writes a grid as a sweep of Weights & Biases."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from colorgan.evaluation.benchmark.grid import Grid, Run
from colorgan.files import atomic_write

_HEADER = """\
# A Weights & Biases sweep over the runs of {grid}. Create it, then start as many agents as you like:
#   wandb sweep {file}
#   wandb agent ENTITY/PROJECT/SWEEP_ID
# Each agent trains one run at a time with `colorgan benchmark ... --only=RUN`, in the same folders.
"""


def write_sweep(grid: Grid, runs: Sequence[Run], arguments: Sequence[str], file: Path, title: str) -> None:
    """Writes a grid as a sweep.

    Args:
        grid: the grid.
        runs: the runs of the sweep.
        arguments: arguments of ``colorgan benchmark`` that all runs share.
        file: the YAML file to write.
        title: path of the grid, for the comment at the top of the file.
    """
    metric = grid.metrics[0]
    content = {
        "name": grid.title,
        "method": "grid",
        "metric": {"name": metric.key, "goal": "maximize" if metric.higher_is_better else "minimize"},
        "parameters": {"only": {"values": [run.name for run in runs]}},
        "command": ["${env}", "colorgan", "benchmark", *arguments, "${args}"],
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    with atomic_write(file) as temporary:
        temporary.write_text(_HEADER.format(grid=title, file=file) + text, encoding="utf-8")
