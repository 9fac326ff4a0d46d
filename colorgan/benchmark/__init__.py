"""Grids of training runs and their report: ``colorgan benchmark GRID.yaml --out FOLDER``.

A grid is a YAML file (:mod:`~colorgan.benchmark.plan`). Each of its runs is an ordinary ``fit`` in a process of its own
(:mod:`~colorgan.benchmark.worker`), one after the other on this machine (:mod:`~colorgan.benchmark.local`) or wherever
Ray puts them (:mod:`~colorgan.benchmark.cluster`). What the runs left in their folders
(:mod:`~colorgan.benchmark.records`) is compared (:mod:`~colorgan.benchmark.results`) and shown
(:mod:`~colorgan.benchmark.page`).
"""
