"""The evaluation report: ``colorgan evaluate`` measures systems against the reference and says exactly what it measured.

Photos (:mod:`~colorgan.evaluation.report.photos`) go through systems (:mod:`~colorgan.evaluation.report.systems`) in one streaming pass
(:mod:`~colorgan.evaluation.report.measure`). What is left of it, a few figures and vectors a photo, becomes figures with intervals
(:mod:`~colorgan.evaluation.report.results`), and these a page (:mod:`~colorgan.evaluation.report.page`), a text
(:mod:`~colorgan.evaluation.report.markdown`) and ``metrics.json``.
"""
