"""The evaluation report of ``colorgan evaluate``, which compares systems on the same reference photos.

Reference photos (:mod:`~colorgan.evaluation.report.photos`) go through all systems
(:mod:`~colorgan.evaluation.report.systems`) in one streaming pass (:mod:`~colorgan.evaluation.report.measure`). The
results (:mod:`~colorgan.evaluation.report.results`) are written as ``metrics.json``, and as a page and as Markdown
(:mod:`~colorgan.evaluation.report.page`) by the templates of ``colorgan/evaluation/templates``.
"""

from colorgan.evaluation.report.evaluation import evaluate
from colorgan.evaluation.report.photos import ReferencePhotos, Resize

__all__ = ["ReferencePhotos", "Resize", "evaluate"]
