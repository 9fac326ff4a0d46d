"""Searches for hyperparameters: ``colorgan tune CONFIG --space SPACE.yaml --out FOLDER``.

A space (:mod:`~colorgan.evaluation.tuning.space`) is read from a YAML file
(:mod:`~colorgan.evaluation.tuning.space_file`). Optuna chooses the values of each trial and keeps them in an SQLite
file (:mod:`~colorgan.evaluation.tuning.study`). Each trial is a run of :mod:`~colorgan.evaluation.benchmark`: an
ordinary ``fit`` in its own process, which ends early if it does worse than the others
(:mod:`~colorgan.evaluation.tuning.search`). The results (:mod:`~colorgan.evaluation.tuning.results`) are rendered
(:mod:`~colorgan.evaluation.tuning.page`).
"""

from colorgan.evaluation.tuning.space import Space
from colorgan.evaluation.tuning.space_file import read_space

__all__ = ["Space", "read_space"]
