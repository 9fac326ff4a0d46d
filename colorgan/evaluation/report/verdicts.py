"""Comparisons of systems in plain words."""

from collections.abc import Sequence

from colorgan.evaluation.differences import ALPHA
from colorgan.evaluation.report.comparisons import Comparison
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.metrics.metric import Metric

MAX_PAIRS = 6
"""With more pairs, texts and tables show only those with the best system; ``metrics.json`` has all."""


def sentence(comparison: Comparison) -> str:
    """What a comparison says, in one sentence.

    >>> from colorgan.evaluation.differences import Difference
    >>> from colorgan.evaluation.statistics import Estimate, Interval
    >>> psnr = Metric("psnr", "PSNR", better="higher", unit="dB")
    >>> clear = Difference(Estimate(-0.312, Interval(-0.5, -0.1)), 0.004)
    >>> sentence(Comparison(psnr, "A", "B", clear, corrected=0.012, pairs=3))
    'B is better than A by 0.31 dB in PSNR, 95% interval 0.10 to 0.50 (p = 0.012, corrected for 3 pairs).'
    >>> sentence(Comparison(psnr, "A", "B", Difference(Estimate(0.1, Interval(-0.2, 0.4)), 0.4), corrected=0.4))
    'A and B do not differ significantly in PSNR: 0.10 dB in favor of A, 95% interval -0.20 to 0.40 (p = 0.4).'
    """
    metric, difference = comparison.metric, comparison.difference
    favored, other = comparison.first, comparison.second
    value, interval = difference.estimate.value, difference.estimate.interval
    if comparison.corrected is None or interval is None:
        return (
            f"{favored} and {other} cannot be compared by {metric.title}: there is too little data, or it is infinite."
        )
    low, high = interval.low, interval.high
    if not metric.higher_is_better:
        value, low, high = -value, -high, -low
    if value < 0:
        favored, other, value, low, high = other, favored, -value, -high, -low
    amount = " ".join(filter(None, (f"{value:.{metric.digits}f}", metric.unit)))
    bounds = f"95% interval {low:.{metric.digits}f} to {high:.{metric.digits}f} ({format_p(comparison)})"
    if comparison.better is not None:
        return f"{favored} is better than {other} by {amount} in {metric.title}, {bounds}."
    names = f"{comparison.first} and {comparison.second}"
    return f"{names} do not differ significantly in {metric.title}: {amount} in favor of {favored}, {bounds}."


def format_p(comparison: Comparison) -> str:
    """The p-value, with the number of pairs that it is corrected for."""
    if comparison.corrected is None:
        return ""
    p_value = "p < 0.001" if comparison.corrected < 0.001 else f"p = {comparison.corrected:.2g}"
    return p_value + (f", corrected for {comparison.pairs} pairs" if comparison.pairs > 1 else "")


def compared_pairs(results: EvaluationResults) -> list[tuple[str, str]]:
    """The pairs to show: all of them, or those with the best system by the headline metric if there are many."""
    headline = [entry for entry in results.comparisons if entry.metric.key == results.headline.key]
    pairs = [(entry.first, entry.second) for entry in headline]
    if len(pairs) <= MAX_PAIRS:
        return pairs
    lead: dict[str, float] = {}  # sums of differences from all others are in the order of the values themselves
    for entry in headline:
        for name, sign in ((entry.first, 1), (entry.second, -1)):
            lead[name] = lead.get(name, 0.0) + sign * entry.difference.estimate.value
    best = min(lead, key=lambda name: lead[name])
    return [pair for pair in pairs if best in pair]


def shown_comparisons(results: EvaluationResults, metrics: Sequence[Metric]) -> list[Comparison]:
    """The comparisons of the pairs to show by some metrics."""
    pairs, keys = compared_pairs(results), [metric.key for metric in metrics]
    return [
        entry
        for key in keys
        for entry in results.comparisons
        if entry.metric.key == key and (entry.first, entry.second) in pairs
    ]


def comparison_sentences(results: EvaluationResults) -> list[str]:
    """The comparisons by the headline metric and by those whose best and worst images are shown."""
    metrics = [results.headline, *(metric for metric in results.metrics if metric.gallery)]
    return [sentence(entry) for entry in shown_comparisons(results, metrics)]


def has_hidden_pairs(results: EvaluationResults) -> bool:
    """Whether there are more pairs than those to show."""
    return len(compared_pairs(results)) < sum(entry.metric.key == results.headline.key for entry in results.comparisons)


def is_significant(comparison: Comparison) -> bool:
    """Whether the corrected p-value is below 0.05."""
    return comparison.corrected is not None and comparison.corrected < ALPHA
