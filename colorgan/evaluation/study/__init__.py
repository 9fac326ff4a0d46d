"""User studies: "Which is the real photo?", in pairs of a reference photo and a colorized one, as in Zhang et al. 2016.

:func:`~colorgan.evaluation.study.making.make_study` writes a page for the participants and a key that says which photo
of a pair is real (:mod:`~colorgan.evaluation.study.key`). The page gives each participant a file of answers
(:mod:`~colorgan.evaluation.study.answers`), or sends it to the server that collects them. From key and answers follow
the fooling rates (:mod:`~colorgan.evaluation.study.results`) and their report
(:mod:`~colorgan.evaluation.study.report`). Collecting answers needs no torch.
"""
