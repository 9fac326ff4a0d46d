"""The images of an evaluation report: the same photos from every system, the best and the worst, and their colors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from colorgan.evaluation.report.images import ImageStore, ab_histogram_url
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.evaluation.report.systems import GRAY, REFERENCE

_NUM_EXTREMES = 4
_SHEET_IMAGE_SIZE = 256
_EXTREME_IMAGE_SIZE = 160


@dataclass(frozen=True)
class SheetRow:
    """One photo from every system.

    Attributes:
        index: position of the photo in the reference.
        photo: name of the photo.
        urls: its images as ``data:`` URLs, one per system.
    """

    index: int
    photo: str
    urls: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """The same photos from every system.

    Attributes:
        systems: names of the systems: gray, those that are compared, and the reference.
        rows: one per photo.
    """

    systems: Sequence[str]
    rows: Sequence[SheetRow]


@dataclass(frozen=True)
class Figure:
    """An image next to its reference photo.

    Attributes:
        caption: value of the metric and name of the photo.
        url: the image as a ``data:`` URL.
        reference_url: the reference photo.
    """

    caption: str
    url: str
    reference_url: str


@dataclass(frozen=True)
class Strip:
    """The best or the worst images of a system.

    Attributes:
        title: such as "Best by PSNR".
        figures: the images.
    """

    title: str
    figures: Sequence[Figure]


def make_sheet(results: EvaluationResults, images: ImageStore, selected: Sequence[int]) -> Sheet:
    """The selected photos from every system.

    Args:
        results: the results.
        images: the images of all systems.
        selected: indices of the photos.
    """
    systems = [GRAY, *results.compared, REFERENCE]
    rows = [
        SheetRow(index, images.names[index], [images.url(name, index, _SHEET_IMAGE_SIZE) for name in systems])
        for index in selected
    ]
    return Sheet(systems, rows)


def extremes(results: EvaluationResults, images: ImageStore) -> list[tuple[str, list[Strip]]]:
    """The best and the worst images of each system by several metrics. Systems with too few photos are left out."""
    metrics = [metric for metric in results.metrics if metric.gallery]
    found = []
    for name in results.compared:
        strips = []
        for metric in metrics:
            values = results.values[name][metric.key]
            order = [int(index) for index in np.argsort(values, kind="stable") if np.isfinite(values[index])]
            if metric.higher_is_better:
                order.reverse()
            count = min(_NUM_EXTREMES, len(order) // 2)
            for title, indices in (("Best", order[:count]), ("Worst", order[len(order) - count :][::-1])):
                figures = [
                    Figure(
                        f"{values[index]:.{metric.digits}f} · {images.names[index]}",
                        images.url(name, index, _EXTREME_IMAGE_SIZE),
                        images.url(REFERENCE, index, _EXTREME_IMAGE_SIZE),
                    )
                    for index in indices
                ]
                if figures:
                    strips.append(Strip(f"{title} by {metric.title}", figures))
        if strips:
            found.append((name, strips))
    return found


def color_histograms(
    results: EvaluationResults, histograms: Mapping[str, npt.NDArray[np.float64]]
) -> list[tuple[str, str]]:
    """The histograms of a and b as ``data:`` URLs with the names of their systems, all on the scale of the reference.

    Args:
        results: the results.
        histograms: pixels per bin, by system.
    """
    max_count = max(float(histograms[REFERENCE].max()), 1.0)
    names = [name for name in (REFERENCE, *results.compared, GRAY) if name in histograms]
    return [(name, ab_histogram_url(histograms[name], max_count)) for name in names]
