"""Measures all systems in one streaming pass: images are computed, measured, optionally written, and released.

Only a few values and one feature vector per image and extractor (4 to 8 kB) stay in memory, whatever the size of the
photos.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from colorgan.color.tensors import photo_by_photo
from colorgan.evaluation.report.measurement_cache import MeasurementCache
from colorgan.evaluation.report.photos import Photo, ReferencePhotos, to_array
from colorgan.evaluation.report.systems import ReferenceSystem, System
from colorgan.files import atomic_write
from colorgan.images.writing import encode_photo
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.metric import Metric, PhotoBatch
from colorgan.system.threads import map_ahead

MAX_AB = 110.0
"""Histograms cover a and b from -110 to 110."""

_HISTOGRAM_BINS = 55
_BATCH_SIZE = 8
_MAX_THREADS = 8


@dataclass
class Measurements:
    """The measurements of one system.

    Attributes:
        values: by metric, one value per photo, (n,); NaN for photos that are too small for the metric.
        features: by extractor, one vector per photo, (n, D) float32.
        histogram: number of pixels by a (rows) and b (columns), from -110 to 110.
    """

    values: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
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
    settings: object = None,
    image_folders: Mapping[str, Path] | None = None,
    on_progress: Callable[[int], object] = lambda count: None,
) -> dict[str, Measurements]:
    """Computes and measures all images of all systems.

    Each of torch's threads takes batches of its own: that keeps the cores busier than sharing every operation.

    Args:
        photos: the reference photos.
        systems: the systems to measure, which may include the reference itself.
        extractors: feature extractors for the distances.
        metrics: metrics that are functions of photos.
        settings: what the metrics depend on besides the code; its ``repr`` identifies the values of baselines on disk.
            ``None`` if that is unknown: then only their features come from disk.
        image_folders: by name of the system, the folder into which its images are written as PNG.
        on_progress: called with the number of images measured since the last call.

    Returns:
        The measurements by name of the system. Features have the ``metric`` of their extractor as key.
    """
    folders = image_folders or {}
    works = [_Work(photos, system, extractors, metrics, settings, folders.get(system.name)) for system in systems]

    def measure_batch(batch: tuple[list[int], list[Photo]]) -> list[tuple[_Work, list[int], Measurements]]:
        indices, originals = batch
        reference = PhotoBatch(torch.stack([photo.rgb for photo in originals]))
        return [(work, indices, work.measure(indices, originals, reference)) for work in works]

    with _one_thread_per_operation() as num_threads:
        for measured in map_ahead(measure_batch, photos.batches(_BATCH_SIZE), min(num_threads, _MAX_THREADS)):
            for work, indices, of_batch in measured:
                work.add(indices, of_batch)
                on_progress(len(indices))
    for work in works:
        work.save()
    return {work.system.name: work.measurements for work in works}


@contextlib.contextmanager
def _one_thread_per_operation() -> Iterator[int]:
    """Lets torch compute each operation in one thread, also in threads that start now; yields the number before."""
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield num_threads
    finally:
        torch.set_num_threads(num_threads)


class _Work:
    """What is measured of a system; for baselines, what an earlier evaluation measured comes from disk.

    Args:
        photos: the reference photos.
        system: the system.
        extractors: all feature extractors.
        metrics: all metrics.
        settings: as in :func:`measure`.
        folder: where to write the images, if they are written.
    """

    def __init__(
        self,
        photos: ReferencePhotos,
        system: System,
        extractors: Sequence[FeatureExtractor],
        metrics: Sequence[Metric],
        settings: object,
        folder: Path | None,
    ) -> None:
        self.system, self.measurements = system, Measurements()
        self._photos, self._metrics, self._folder = photos, metrics, folder
        self._cache = MeasurementCache(photos, system)
        self._pixel_settings = ([metric.key for metric in metrics], settings)
        pixels = self._cache.load(*self._pixel_settings)
        self._measures_pixels = pixels is None
        if pixels is not None:
            self.measurements.histogram = pixels.pop("histogram")
            self.measurements.values = pixels
        self._extractors = []
        for extractor in extractors:
            features = self._cache.load(*_settings_of(extractor))
            if features is None:
                self._extractors.append(extractor)
            else:
                self.measurements.features |= features

    def measure(self, indices: Sequence[int], originals: Sequence[Photo], reference: PhotoBatch) -> Measurements:
        """Measures the images for a batch of photos, as far as their measurements are not known."""
        measured = Measurements()
        if not (self._measures_pixels or self._extractors or self._folder):
            return measured
        is_reference = isinstance(self.system, ReferenceSystem)
        images = reference if is_reference else PhotoBatch(self.system.images(indices, originals))
        if self._folder is not None:
            for index, image in zip(indices, images.rgb, strict=True):
                _write_png(image, self._folder / self._photos.output_name(index))
        if self._measures_pixels:
            smallest = min(reference.rgb.shape[-2:])
            for metric in self._metrics:  # those that do not support the size stay NaN
                fits = smallest >= metric.min_size
                values = metric.measure(images, reference) if fits else torch.full((len(indices),), torch.nan)
                measured.values[metric.key] = values.cpu().double().numpy()  # some accelerators have no float64
            measured.histogram = _ab_histogram(images.lab)
        for extractor in self._extractors:
            measured.features[extractor.metric] = extractor(images.rgb).numpy()
        return measured

    def add(self, indices: Sequence[int], measured: Measurements) -> None:
        """Adds the measurements of a batch to those of all photos."""
        for own, batch in (
            (self.measurements.values, measured.values),
            (self.measurements.features, measured.features),
        ):
            for name, rows in batch.items():
                if name not in own:
                    own[name] = np.full((len(self._photos), *rows.shape[1:]), np.nan, dtype=rows.dtype)
                own[name][list(indices)] = rows
        if self._measures_pixels:
            self.measurements.histogram += measured.histogram

    def save(self) -> None:
        """Saves what was measured of a baseline."""
        if self._measures_pixels:
            arrays = {**self.measurements.values, "histogram": self.measurements.histogram}
            self._cache.save(arrays, *self._pixel_settings)
        for extractor in self._extractors:
            name = extractor.metric
            self._cache.save({name: self.measurements.features[name]}, *_settings_of(extractor))


def _settings_of(extractor: FeatureExtractor) -> tuple[str | None, ...]:
    return extractor.metric, extractor.name, extractor.layer, extractor.sha256, extractor.device.type


def _ab_histogram(lab: Tensor) -> npt.NDArray[np.float64]:
    counts = photo_by_photo(_count_bins, lab).sum(dim=0)
    return counts.cpu().double().view(_HISTOGRAM_BINS, _HISTOGRAM_BINS).numpy()


def _count_bins(lab: Tensor) -> Tensor:
    """Pixels per bin of all photos together, (1, bins)."""
    ab = lab[:, 1:].clamp(-MAX_AB, MAX_AB)
    bins = ((ab + MAX_AB) / (2 * MAX_AB) * _HISTOGRAM_BINS).int().clamp_(max=_HISTOGRAM_BINS - 1)
    flat = (bins[:, 0] * _HISTOGRAM_BINS + bins[:, 1]).flatten()
    return torch.bincount(flat, minlength=_HISTOGRAM_BINS**2).unsqueeze(0)


def _write_png(image: Tensor, file: Path) -> None:
    with atomic_write(file) as temporary, temporary.open("wb") as stream:
        encode_photo(stream, to_array(image))
