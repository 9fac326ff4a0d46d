"""``colorgan study-report``: evaluates the answers of a user study."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from colorgan.cli.parsing.options import Option, Range
from colorgan.errors import ColorganError


def study_report(
    study: Annotated[Path, Option(metavar="STUDY")],
    *,
    answers: Annotated[Sequence[Path], Option(metavar="PATH")] = (),
    output: Annotated[Path | None, Option(("-o", "--output"), "DIR")] = None,
    min_vigilance: Annotated[float, Range(0, 1), Option(metavar="SHARE")] = 0.75,
    latex: bool = False,
) -> int:
    """Evaluate the answers of a user study.

    Reports how often each system was taken for real, with 95% intervals, and the differences between systems. Practice
    answers do not count, and neither do participants who do not pay attention. Files that are no answers to this study
    are named and left out.

    Args:
        study: folder that `colorgan study` has written.
        answers: a file of answers, or a folder of them; repeatable (default: answers/ in the folder of the study).
        output: folder of the report (default: report/ in the folder of the study).
        min_vigilance: leave out participants who answered a smaller share of the vigilance pairs right.
        latex: also write the tables as report.tex, for papers (needs the LaTeX package booktabs).

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if there is no study or no valid answer.

    Examples:
        colorgan study-report my_study
            all answers in my_study/answers
        colorgan study-report my_study --answers mails --latex
            files that participants have sent
    """
    from colorgan.evaluation.study.answers import answer_files, read_answers
    from colorgan.evaluation.study.key import ANSWERS, read_key
    from colorgan.evaluation.study.report import summarize, write_report
    from colorgan.evaluation.study.results import compute_results
    from colorgan.images import printable

    key = read_key(study)
    participants, left_out = read_answers(answer_files(answers or [study / ANSWERS]), key)
    for sentence in left_out:
        print(f"note: left out {sentence}", file=sys.stderr)
    if not participants:
        raise ColorganError(f"none of the files has answers to the study in {printable(study)}")
    results = compute_results(key, participants, min_vigilance, left_out)
    report = write_report(results, output if output is not None else study / "report", latex)
    for sentence in summarize(results):
        print(sentence)
    print(f"report: {printable(report)}")
    return 0
