"""The same grid as a sweep of Weights & Biases, for those who work there."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from colorgan.evaluation.benchmark.plan import Grid, Run

_HEADER = """\
# A sweep of Weights & Biases over the runs of {grid}. Start it, then as many agents as you like:
#   wandb sweep {file}
#   wandb agent ENTITY/PROJECT/SWEEP_ID
# Each agent trains one run at a time, as `colorgan benchmark ... --only=RUN`, with the same folders and records.
"""


def write_sweep(grid: Grid, runs: Sequence[Run], command: Sequence[str], file: Path, title: str) -> None:
    """Writes a grid as a sweep.

    Args:
        grid: the grid.
        runs: those of it that the sweep trains.
        command: the words of ``colorgan benchmark`` that every run shares.
        file: the YAML to write.
        title: the grid's file, as the user calls it.
    """
    metric = grid.metrics[0]
    content = {
        "name": grid.title,
        "method": "grid",
        "metric": {"name": metric.key, "goal": "maximize" if metric.higher_is_better else "minimize"},
        "parameters": {"only": {"values": [run.name for run in runs]}},
        "command": ["${env}", "colorgan", "benchmark", *command, "${args}"],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    file.write_text(_HEADER.format(grid=title, file=file) + text, encoding="utf-8")
