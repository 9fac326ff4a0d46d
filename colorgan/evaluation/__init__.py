"""Evaluation: reports that compare systems, benchmarks of many training runs, and statistics of datasets.

:mod:`~colorgan.evaluation.report` measures systems on the same photos; :mod:`~colorgan.evaluation.benchmark` trains and
compares grids of configurations; :mod:`~colorgan.evaluation.inspection` shows what the networks see of a folder of
photos. Statistics, charts and templates are shared.
"""

from colorgan.evaluation.statistics import Estimate, Interval

__all__ = ["Estimate", "Interval"]
