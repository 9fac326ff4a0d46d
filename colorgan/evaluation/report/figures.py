"""Figures as text, for the page and for Markdown alike."""

import math

from colorgan.evaluation.report.hinted import Hinted
from colorgan.evaluation.report.metrics import Metric
from colorgan.evaluation.report.results import ENOUGH_PHOTOS, Results
from colorgan.evaluation.report.statistics import Estimate

GAP = "–"  # noqa: RUF001 (an en dash: nothing to show)
_KERNELS = ("kid", "kd_")


def value(estimate: Estimate | None, metric: Metric) -> str:
    """The figure itself.

    >>> from colorgan.evaluation.report.metrics import PSNR
    >>> value(Estimate(23.456, 23.0, 24.0), PSNR), value(Estimate(math.inf), PSNR), value(None, PSNR)
    ('23.46', '∞', '–')
    """
    if estimate is None or math.isnan(estimate.value):
        return GAP
    return _number(estimate.value, metric)


def interval(estimate: Estimate | None, metric: Metric) -> str:
    """Its interval, or its deviation for kernel distances; empty where there is none.

    >>> from colorgan.evaluation.report.metrics import PSNR
    >>> interval(Estimate(23.456, 23.0, 24.0), PSNR)
    '23.00 to 24.00'
    """
    if estimate is None or not estimate.has_interval:
        return ""
    if metric.key.startswith(_KERNELS):
        return f"± {_number((estimate.high - estimate.low) / 2, metric)}"
    return f"{_number(estimate.low, metric)} to {_number(estimate.high, metric)}"


def tables(results: Results) -> dict[str, list[Metric]]:
    """The metrics in the groups in which they are shown."""
    distances = [metric for metric in results.metrics if metric.key.startswith(("fid", "fd_", *_KERNELS))]
    colorful = [metric for metric in results.metrics if metric.key.startswith(("cf", "delta_cf"))]
    pixels = [metric for metric in results.metrics if metric not in distances and metric not in colorful]
    return {
        "Distances between sets of pictures": distances,
        "Colorfulness": colorful,
        "Picture by picture": pixels,
    }


def is_best(results: Results, metric: Metric, system: str) -> bool:
    """Whether a system stands first in a figure, alone or with those that cannot be told from it."""
    places = results.places.get(metric.key, {})
    return len(places) > 1 and places.get(system) == 1 and any(place > 1 for place in places.values())


def summary(results: Results) -> list[str]:
    """What a report says, in sentences."""
    headline = results.headline
    shown = {name: results.figures[name][headline.key] for name in results.compared}
    ordered = sorted(shown, key=lambda name: shown[name].value)
    gray = results.figures["gray"][headline.key]
    sentences = []
    for name in ordered:
        own = interval(shown[name], headline)
        sentences.append(f"{name}: {headline.title} {value(shown[name], headline)}{f' ({own})' if own else ''}.")
    sentences.append(f"The gray input has {value(gray, headline)}, the reference itself 0.")
    places = results.places.get(headline.key, {})
    if len(ordered) > 1:
        apart = len(set(places.values())) == len(places)
        sentences.append(
            "No two of these intervals overlap: the order is certain at 95 %."
            if apart
            else "Systems whose intervals overlap are not told apart by this figure."
        )
    return sentences


def warnings(results: Results) -> list[str]:
    """What a reader must know before quoting a figure."""
    count = len(results.photos)
    found = []
    if count < ENOUGH_PHOTOS:
        found.append(
            f"Only {count:,} photos: Fréchet distances are biased upward below {ENOUGH_PHOTOS:,}. Compare them only "
            "within this report and with its floor, not with published figures; kernel distances are not biased."
        )
    found += results.record["not_measured"]
    for system in results.systems.values():
        if system.get("is", "").startswith("mean color of these"):
            found.append(
                "There was no folder of training photos (--data.train), so the mean color is that of these photos: "
                "an anchor that has seen the answers."
            )
    return found


def hints_note(gained: Hinted) -> str:
    """What a reader must know about a table of hints."""
    sentences = ["In dB, mean over the photos of the 8-bit PSNR of each; hints are taken from the reference (hints/)."]
    if gained.protocol.published:
        sentences.append(f"Published: {gained.protocol.published}.")
    if gained.without:
        sentences.append(f"Without hints, so not listed: {', '.join(gained.without)}.")
    return " ".join(sentences)


def _number(number: float, metric: Metric) -> str:
    return "∞" if math.isinf(number) else f"{number:.{metric.digits}f}"
