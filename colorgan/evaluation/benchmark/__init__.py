"""Grids of training runs and their report: ``colorgan benchmark GRID.yaml --out FOLDER``.

A grid is a YAML file (:mod:`~colorgan.evaluation.benchmark.plan`). Each of its runs is an ordinary ``fit`` in a process of its own
(:mod:`~colorgan.evaluation.benchmark.worker`), one after the other on this machine (:mod:`~colorgan.evaluation.benchmark.local`) or wherever
Ray puts them (:mod:`~colorgan.evaluation.benchmark.cluster`). What the runs left in their folders
(:mod:`~colorgan.evaluation.benchmark.records`) is compared (:mod:`~colorgan.evaluation.benchmark.results`) and shown
(:mod:`~colorgan.evaluation.benchmark.page`).
"""
