"""The evaluation report: ``colorgan evaluate`` measures systems against the truth and says exactly what it measured.

Photos (:mod:`~colorgan.report.photos`) go through systems (:mod:`~colorgan.report.systems`) in one streaming pass
(:mod:`~colorgan.report.measure`). What is left of it, a few figures and vectors a photo, becomes figures with intervals
(:mod:`~colorgan.report.results`), and these a page (:mod:`~colorgan.report.page`), a text
(:mod:`~colorgan.report.markdown`) and ``metrics.json``.
"""
