"""Grids of training runs and their report: ``colorgan benchmark GRID.yaml --out FOLDER``.

A grid (:mod:`~colorgan.evaluation.benchmark.grid`) is read from a YAML file
(:mod:`~colorgan.evaluation.benchmark.grid_file`). Each run is an ordinary ``fit`` in its own process
(:mod:`~colorgan.evaluation.benchmark.worker`); runs are executed one after the other on this machine
(:mod:`~colorgan.evaluation.benchmark.local`) or scheduled by Ray (:mod:`~colorgan.evaluation.benchmark.cluster`). The
files that they leave (:mod:`~colorgan.evaluation.benchmark.records`) are summarized
(:mod:`~colorgan.evaluation.benchmark.results`) and rendered (:mod:`~colorgan.evaluation.benchmark.page`).
"""

from colorgan.evaluation.benchmark.grid import Grid, Run
from colorgan.evaluation.benchmark.grid_file import read_grid

__all__ = ["Grid", "Run", "read_grid"]
