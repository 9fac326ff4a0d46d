"""A search with a fake `fit`, whose best value is 100, for tests and as a process of its own."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from colorgan.evaluation.benchmark.grid import Overlay
from colorgan.evaluation.tuning.plan import SearchPlan, metric_of
from colorgan.evaluation.tuning.search import search
from colorgan.evaluation.tuning.space import NumberRange, Space, Value
from colorgan.evaluation.tuning.study import Study

WEIGHT = NumberRange("weight", ("model.reconstruction_weight",), 1.0, 10000.0, log=True)
FAKE_FIT = (sys.executable, str(Path(__file__).parents[1] / "benchmark" / "fake_fit.py"))


def plan(
    *parameters: NumberRange,
    own: Mapping[str, Value] | None = None,
    base: Mapping[str, Any] | None = None,
    **changes: Any,
) -> SearchPlan:
    content = {"epochs": 2, **(base or {})}
    own_values = {"weight": 100.0} if own is None else own
    settings: dict[str, Any] = {"files": ("base.yaml",), "options": (), "seed": 1, "epochs": 0, "pruner": "none"}
    settings |= {"metric": metric_of("val/l1"), "space": Space("space.yaml", parameters or (WEIGHT,))}
    overlay = Overlay("base", yaml.safe_dump(content), content)
    return SearchPlan(base=(overlay,), own_values=own_values, **{**settings, **changes})


def main(folder: str, seconds: str, count: str) -> None:
    study = Study(plan(base={"seconds": float(seconds), "epochs": 4}), Path(folder))
    search(study, int(count), FAKE_FIT, time.time() + 300, print, lambda: None)


if __name__ == "__main__":
    main(*sys.argv[1:])
