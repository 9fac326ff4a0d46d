"""The files that a search leaves for what comes next: the best values, and a grid that confirms them."""

import os
from pathlib import Path
from typing import Any

import yaml

from colorgan.evaluation.benchmark.tables import format_number
from colorgan.evaluation.tuning.plan import overlay_text
from colorgan.evaluation.tuning.results import SearchResults
from colorgan.files import write_text

BEST_FILE = "best.yaml"
CONFIRM_FILE = "confirm.yaml"
_SEEDS = [1, 2, 3]


def write_best(results: SearchResults, folder: Path) -> Path | None:
    """Writes the overlay of the best trial, and a grid that trains it and the configuration with several seeds.

    Args:
        results: the results so far.
        folder: folder of the search.

    Returns:
        The overlay; ``None`` if no trial has finished.
    """
    best, plan = results.best, results.plan
    if best is None or best.value is None:
        return None
    file = folder / BEST_FILE
    header = (
        f"# Trial {best.number} of {len(results.trials)}: {plan.metric.key} {format_number(best.value)}\n"
        f"#   {plan.fit_command(file)}\n"
    )
    write_text(file, header + overlay_text(plan.space.overlay(best.values)))
    base: list[Any] = [os.path.relpath(name, folder) for name in plan.files]
    base += [dict(overlay.content) for overlay in plan.base[len(plan.files) :]]
    grid = {
        "title": "The best configuration of a search, and the one that it started from",
        "metrics": [plan.metric.key],
        "seeds": _SEEDS,
        "base": base,
        "groups": {"confirm": {"runs": {"own": None, "best": BEST_FILE}, "baseline": "confirm-own"}},
    }
    write_text(folder / CONFIRM_FILE, yaml.safe_dump(grid, sort_keys=False, width=120))
    return file
