"""Measures all systems in one streaming pass: images are computed, measured, optionally written, and released.

Only a few values and one feature vector per image and extractor (4 to 8 kB) stay in memory, whatever the size of the
photos.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from colorgan.color.tensors import photo_by_photo
from colorgan.evaluation.report.feature_cache import FeatureCache
from colorgan.evaluation.report.photos import ReferencePhotos, to_array
from colorgan.evaluation.report.systems import ReferenceSystem, System
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.metric import Metric, PhotoBatch

MAX_AB = 110.0
"""Histograms cover a and b from -110 to 110."""

_HISTOGRAM_BINS = 55
_MAX_BATCH_SIZE = 16
_NUM_WRITERS = 2


@dataclass
class Measurements:
    """The measurements of one system.

    Attributes:
        values: by metric, one value per photo, (n,); NaN for photos that are too small for the metric.
        features: by extractor, one vector per photo, (n, D) float32.
        histogram: number of pixels by a (rows) and b (columns), from -110 to 110.
    """

    values: dict[str, npt.NDArray[np.float64]]
    features: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    histogram: npt.NDArray[np.float64] = field(
        default_factory=lambda: np.zeros((_HISTOGRAM_BINS, _HISTOGRAM_BINS), dtype=np.float64)
    )


def measure(
    photos: ReferencePhotos,
    systems: Sequence[System],
    extractors: Sequence[FeatureExtractor],
    metrics: Sequence[Metric],
    *,
    image_folders: Mapping[str, Path] | None = None,
    on_progress: Callable[[int], object] = lambda count: None,
) -> dict[str, Measurements]:
    """Computes and measures all images of all systems.

    Args:
        photos: the reference photos.
        systems: the systems to measure, which may include the reference itself.
        extractors: feature extractors for the distances.
        metrics: metrics that are functions of photos.
        image_folders: by name of the system, the folder into which its images are written as PNG.
        on_progress: called with the number of images measured since the last call.

    Returns:
        The measurements by name of the system. Features have the ``metric`` of their extractor as key.
    """
    measurements = {system.name: Measurements({}) for system in systems}
    caches = {
        (system.name, extractor.metric): FeatureCache(photos, system, extractor)
        for system in systems
        for extractor in extractors
    }
    folders = image_folders or {}
    # Metrics are measured, and images written, while the networks compute the next images.
    with ThreadPoolExecutor(1) as measuring, ThreadPoolExecutor(_NUM_WRITERS) as writing:
        tasks: list[Future[None]] = []
        for indices, batch in photos.batches(_MAX_BATCH_SIZE):
            _finish(tasks)  # so that no more than one batch waits in memory
            reference = PhotoBatch(torch.stack([photo.rgb for photo in batch]))
            for system in systems:
                is_reference = isinstance(system, ReferenceSystem)
                images = reference if is_reference else PhotoBatch(system.images(indices, batch))
                own = measurements[system.name]
                tasks.append(measuring.submit(_measure_pixels, own, images, reference, metrics, indices, len(photos)))
                if system.name in folders:
                    files = [folders[system.name] / photos.output_name(index) for index in indices]
                    tasks += [writing.submit(_write_png, *pair) for pair in zip(images.rgb, files, strict=True)]
                for extractor in extractors:
                    rows = caches[system.name, extractor.metric].extract(indices, images.rgb)
                    _store(own.features, {extractor.metric: rows}, indices, len(photos))
                on_progress(len(indices))
        _finish(tasks)
    for (name, key), cache in caches.items():
        cache.save(measurements[name].features[key])
    return measurements


def _finish(tasks: "list[Future[None]]") -> None:
    """Waits for the tasks of a batch, and raises their errors."""
    for task in tasks:
        task.result()
    tasks.clear()


def _measure_pixels(
    own: Measurements,
    images: PhotoBatch,
    reference: PhotoBatch,
    metrics: Sequence[Metric],
    indices: Sequence[int],
    count: int,
) -> None:
    """Adds a batch to the values and the histogram of a system; metrics that do not support its size stay NaN."""
    values = {metric.key: torch.full((len(indices),), torch.nan) for metric in metrics}
    smallest = min(reference.rgb.shape[-2:])
    values |= {metric.key: metric.measure(images, reference) for metric in metrics if smallest >= metric.min_size}
    _store(own.values, values, indices, count)
    own.histogram += _ab_histogram(images.lab)


def _store(
    arrays: "dict[str, npt.NDArray[np.float64]] | dict[str, npt.NDArray[np.float32]]",
    batch: Mapping[str, "Tensor | npt.NDArray[np.float32]"],
    indices: Sequence[int],
    count: int,
) -> None:
    """Writes the rows of a batch into the arrays of all photos, which are allocated on first use."""
    for name, values in batch.items():
        rows = values.cpu().numpy() if isinstance(values, Tensor) else values
        if name not in arrays:
            dtype = np.float64 if rows.ndim == 1 else np.float32
            arrays[name] = np.full((count, *rows.shape[1:]), np.nan, dtype=dtype)
        arrays[name][list(indices)] = rows


def _ab_histogram(lab: Tensor) -> npt.NDArray[np.float64]:
    counts = photo_by_photo(_count_bins, lab).sum(dim=0)
    return counts.double().view(_HISTOGRAM_BINS, _HISTOGRAM_BINS).cpu().numpy()


def _count_bins(lab: Tensor) -> Tensor:
    """Pixels per bin of all photos together, (1, bins)."""
    ab = lab[:, 1:].clamp(-MAX_AB, MAX_AB)
    bins = ((ab + MAX_AB) / (2 * MAX_AB) * _HISTOGRAM_BINS).int().clamp_(max=_HISTOGRAM_BINS - 1)
    flat = (bins[:, 0] * _HISTOGRAM_BINS + bins[:, 1]).flatten()
    return torch.bincount(flat, minlength=_HISTOGRAM_BINS**2).unsqueeze(0)


def _write_png(image: Tensor, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(to_array(image)).save(file, format="PNG", compress_level=3)
