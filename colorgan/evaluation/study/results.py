"""The results of a study: how often each system was taken for real."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from colorgan.errors import ColorganError, plural
from colorgan.evaluation.differences import Difference
from colorgan.evaluation.report.comparisons import Comparison, corrected
from colorgan.evaluation.statistics import Estimate, Interval
from colorgan.evaluation.study.answers import Answer, Participant
from colorgan.evaluation.study.key import Kind, StudyKey
from colorgan.evaluation.two_way import Outcomes, compare_rates, estimate_rate
from colorgan.metrics.metric import Metric

FOOLING_RATE = Metric(
    "fooling_rate",
    "fooling rate",
    "share of the pairs in which the colorized photo was taken for the real one; 50% if nobody can tell them apart",
    better="higher",
    digits=1,
    unit="percentage points",
)


@dataclass(frozen=True)
class SystemResult:
    """The result of a system.

    Attributes:
        rate: its fooling rate in percent.
        fooled: pairs in which its photo was taken for the real one.
        answers: number of answers.
        photos: number of photos.
        median_seconds: median time of a choice.
    """

    rate: Estimate
    fooled: int
    answers: int
    photos: int
    median_seconds: float


@dataclass(frozen=True)
class StudyResults:
    """The results of a study.

    Attributes:
        key: the key of the study.
        participants: those whose answers count.
        excluded: share of vigilance pairs that were answered right, by participant who is left out for it.
        systems: results by system.
        comparisons: differences between systems.
        vigilance: share of vigilance pairs that were answered right by those who count; NaN without any.
        first_chosen: share of answers for the photo that was shown first.
        practice_answers: number of practice answers, which do not count.
        left_out: a sentence on each file that was left out.
    """

    key: StudyKey
    participants: Sequence[Participant]
    excluded: dict[str, float]
    systems: dict[str, SystemResult]
    comparisons: Sequence[Comparison]
    vigilance: float
    first_chosen: float
    practice_answers: int
    left_out: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``results.json``."""
        return {
            "study": self.key.study,
            "title": self.key.title,
            "record": dict(self.key.record),
            "participants": [participant.name for participant in self.participants],
            "excluded": self.excluded,
            "left_out": list(self.left_out),
            "vigilance": _known(self.vigilance),
            "first_chosen": self.first_chosen,
            "practice_answers": self.practice_answers,
            "systems": {
                name: {
                    "fooling_rate": _known(result.rate.value),
                    "low": result.rate.interval.low if result.rate.interval else None,
                    "high": result.rate.interval.high if result.rate.interval else None,
                    "fooled": result.fooled,
                    "answers": result.answers,
                    "photos": result.photos,
                    "median_seconds": _known(result.median_seconds),
                }
                for name, result in self.systems.items()
            },
            "comparisons": [
                {name: _known(value) for name, value in comparison.as_json().items()} for comparison in self.comparisons
            ],
        }


def compute_results(
    key: StudyKey, participants: Sequence[Participant], min_vigilance: float = 0.75, left_out: Sequence[str] = ()
) -> StudyResults:
    """Computes fooling rates with intervals that are clustered by participant and photo, and their differences.

    Args:
        key: the key of the study.
        participants: their answers.
        min_vigilance: participants with a smaller share of right answers to vigilance pairs are left out.
        left_out: a sentence on each file of answers that was left out.

    Raises:
        ColorganError: if there are no answers of participants who pay attention.
    """
    attention = {participant.name: _attention(key, participant) for participant in participants}
    excluded = {name: share for name, share in attention.items() if share < min_vigilance}  # NaN is not smaller
    counted = [participant for participant in participants if participant.name not in excluded]
    tests = {
        name: [
            (number, answer)
            for number, participant in enumerate(counted)
            for answer in _answers(key, participant, "test")
            if key.pairs[answer.pair].system == name
        ]
        for name in key.systems
    }
    if not any(tests.values()):
        raise ColorganError(
            f"no answers are left: of {plural(len(participants), 'participant')}, {len(excluded)} did not pay "
            "attention; lower --min-vigilance, or find other participants"
        )
    photos = {name: number for number, name in enumerate(sorted({pair.photo for pair in key.pairs.values()}))}
    outcomes = {name: _outcomes(key, answers, photos) for name, answers in tests.items()}
    comparisons = [
        Comparison(
            FOOLING_RATE,
            first,
            second,
            _in_percent(compare_rates(outcomes[first], outcomes[second])),
            method="clustered by participant and photo",
        )
        for first, second in itertools.combinations(key.systems, 2)
    ]
    everything = [answer for answers in tests.values() for _, answer in answers]
    watched = [answer for participant in counted for answer in _answers(key, participant, "vigilance")]
    return StudyResults(
        key=key,
        participants=counted,
        excluded=excluded,
        systems={name: _system_result(outcomes[name], tests[name]) for name in key.systems},
        comparisons=corrected(comparisons),
        vigilance=_share_right(key, watched),
        first_chosen=float(np.mean([answer.chosen == answer.first for answer in everything])),
        practice_answers=sum(len(_answers(key, participant, "practice")) for participant in counted),
        left_out=left_out,
    )


def _answers(key: StudyKey, participant: Participant, kind: Kind) -> list[Answer]:
    return [answer for answer in participant.answers if key.pairs[answer.pair].kind == kind]


def _attention(key: StudyKey, participant: Participant) -> float:
    return _share_right(key, _answers(key, participant, "vigilance"))


def _share_right(key: StudyKey, answers: Sequence[Answer]) -> float:
    return float(np.mean([answer.chosen == key.pairs[answer.pair].real for answer in answers])) if answers else np.nan


def _outcomes(key: StudyKey, answers: Sequence[tuple[int, Answer]], photos: dict[str, int]) -> Outcomes:
    pairs = [key.pairs[answer.pair] for _, answer in answers]
    fooled = [answer.chosen != pair.real for (_, answer), pair in zip(answers, pairs, strict=True)]
    return Outcomes(
        np.array(fooled, dtype=np.float64),
        np.array([number for number, _ in answers], dtype=np.int64),
        np.array([photos[pair.photo] for pair in pairs], dtype=np.int64),
    )


def _system_result(outcomes: Outcomes, answers: Sequence[tuple[int, Answer]]) -> SystemResult:
    times = [answer.milliseconds / 1000 for _, answer in answers]
    return SystemResult(
        rate=_percent(estimate_rate(outcomes)) if answers else Estimate(np.nan),
        fooled=int(outcomes.success.sum()),
        answers=len(answers),
        photos=len(np.unique(outcomes.photos)),
        median_seconds=float(np.median(times)) if times else np.nan,
    )


def _known(value: Any) -> Any:
    """A value for JSON, which has no NaN."""
    return None if isinstance(value, float) and np.isnan(value) else value


def _percent(estimate: Estimate) -> Estimate:
    interval = estimate.interval
    return Estimate(100 * estimate.value, interval and Interval(100 * interval.low, 100 * interval.high))


def _in_percent(difference: Difference) -> Difference:
    return replace(difference, estimate=_percent(difference.estimate))
