"""Results as text, for the page and for Markdown."""

import math

from colorgan.evaluation.report import verdicts
from colorgan.evaluation.report.hints import HintResults
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.evaluation.report.systems import GRAY, REFERENCE_HALVES
from colorgan.evaluation.statistics import Estimate
from colorgan.metrics.metric import HEADINGS, Metric
from colorgan.metrics.teachers import is_same_network

NO_VALUE = "–"  # noqa: RUF001 (an en dash)
MIN_PHOTOS_FOR_FID = 2048
"""Fréchet distances of fewer photos are noticeably biased."""


def format_value(estimate: Estimate | None, metric: Metric) -> str:
    """The value, or a dash if there is none.

    >>> psnr = Metric("psnr", "PSNR")
    >>> format_value(Estimate(23.456), psnr), format_value(Estimate(math.inf), psnr), format_value(None, psnr)
    ('23.46', '∞', '–')
    """
    if estimate is None or math.isnan(estimate.value):
        return NO_VALUE
    return _format_number(estimate.value, metric)


def format_interval(estimate: Estimate | None, metric: Metric) -> str:
    """The interval, or the standard deviation of a kernel distance; empty if there is none.

    >>> from colorgan.evaluation.statistics import Interval
    >>> format_interval(Estimate(23.456, Interval(23.0, 24.0)), Metric("psnr", "PSNR"))
    '23.00 to 24.00'
    """
    if estimate is None or estimate.interval is None:
        return ""
    low, high = estimate.interval.low, estimate.interval.high
    if metric.spread:
        return f"± {_format_number((high - low) / 2, metric)}"
    return f"{_format_number(low, metric)} to {_format_number(high, metric)}"


def format_hint_interval(estimate: Estimate) -> str:
    """The interval of a PSNR with hints; empty if there is none."""
    return f"{estimate.interval.low:.2f} to {estimate.interval.high:.2f}" if estimate.interval else ""


def metric_groups(results: EvaluationResults) -> dict[str, list[Metric]]:
    """The metrics of each table, by its heading."""
    return {
        heading: [metric for metric in results.metrics if metric.group == group] for group, heading in HEADINGS.items()
    }


def is_best(results: EvaluationResults, metric: Metric, system: str) -> bool:
    """Whether no system is significantly better, and one is significantly worse."""
    ranks = results.ranks.get(metric.key, {})
    return len(ranks) > 1 and ranks.get(system) == 1 and any(rank > 1 for rank in ranks.values())


def summarize(results: EvaluationResults) -> list[str]:
    """The main results as sentences."""
    headline = results.headline
    estimates = {name: results.estimates[name][headline.key] for name in results.compared}
    ordered = sorted(estimates, key=lambda name: estimates[name].value)
    gray = results.estimates[GRAY][headline.key]
    sentences = []
    for name in ordered:
        interval = format_interval(estimates[name], headline)
        value = format_value(estimates[name], headline)
        sentences.append(f"{name}: {headline.title} {value}{f' ({interval})' if interval else ''}.")
    sentences.append(f"The gray photos score {format_value(gray, headline)}; the reference photos score 0.")
    return sentences + [verdicts.sentence(entry) for entry in verdicts.shown_comparisons(results, [headline])]


def warnings(results: EvaluationResults) -> list[str]:
    """The limitations of the results."""
    count = len(results.photos)
    found = []
    if count < MIN_PHOTOS_FOR_FID:
        found.append(
            f"Only {count:,} photos: Fréchet distances are biased upward below {MIN_PHOTOS_FOR_FID:,}. Compare them "
            f"only within this report and with the {REFERENCE_HALVES}, not with published results; kernel distances "
            "are unbiased."
        )
    found += _teachers_that_judge(results)
    found += results.record["not_measured"]
    if any(system.get("is", "").startswith("mean color of these") for system in results.systems.values()):
        found.append(
            "There was no folder of training photos (--data.train), so the mean color was computed from the reference "
            "photos: this baseline has seen the reference colors."
        )
    return found


def _teachers_that_judge(results: EvaluationResults) -> list[str]:
    """A sentence for each metric on the features of a network that systems have learned from."""
    judges = {entry["metric"]: entry["judge"] for entry in results.record["features"]}
    if lpips := results.record["lpips"]:
        judges["lpips"] = lpips["network"]
    titles = {metric.key: metric.title for metric in results.metrics}
    found = []
    for key, judge in judges.items():
        taught = [
            name
            for name, system in results.systems.items()
            if any(is_same_network(teacher, judge) for teacher in system.get("taught_by", ()))
        ]
        if taught:
            found.append(
                f"{judge} taught {' and '.join(taught)} and judges in {titles.get(key, key)}, which is therefore too "
                "low for what it taught: compare by other metrics."
            )
    return found


def hints_note(hints: HintResults) -> str:
    """The explanation below a table of PSNR with hints."""
    sentences = [
        "PSNR in dB of the 8-bit images, averaged over the photos; hints are sampled from the reference (hints/)."
    ]
    if hints.protocol.published:
        sentences.append(f"Published: {hints.protocol.published}.")
    if hints.without_hints:
        sentences.append(f"Not listed, because they take no hints: {', '.join(hints.without_hints)}.")
    sentences += [verdicts.sentence(entry) for entry in hints.comparisons]
    return " ".join(sentences)


def _format_number(number: float, metric: Metric) -> str:
    return "∞" if math.isinf(number) else f"{number:.{metric.digits}f}"
