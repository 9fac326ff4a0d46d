"""User studies: "Which is the real photo?", in pairs of a reference photo and a colorized one, as in Zhang et al. 2016.

:func:`~colorgan.evaluation.study.making.make_study` writes a page for the participants and a key that says which photo
of a pair is real (:mod:`~colorgan.evaluation.study.key`). The page gives each participant a file of answers
(:mod:`~colorgan.evaluation.study.answers`), or sends it to the server that collects them. From key and answers follow
the fooling rates (:mod:`~colorgan.evaluation.study.results`) and their report
(:mod:`~colorgan.evaluation.study.report`).
"""

from colorgan.evaluation.study.answers import AnswerFolder, read_answers
from colorgan.evaluation.study.key import StudyKey, read_key
from colorgan.evaluation.study.making import StudyOptions, make_study
from colorgan.evaluation.study.report import write_report

__all__ = ["AnswerFolder", "StudyKey", "StudyOptions", "make_study", "read_answers", "read_key", "write_report"]
