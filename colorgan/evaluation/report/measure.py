"""Measures all systems in one streaming pass: images are computed, measured, optionally written, and released.

Only a few values and one feature vector per image and extractor (4 to 8 kB) stay in memory, whatever the size of the
photos.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from colorgan.evaluation.report.photos import ReferencePhotos, to_array
from colorgan.evaluation.report.systems import REFERENCE, System
from colorgan.files import atomic_write, default_cache_dir
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.metric import Metric, PhotoBatch

MAX_AB = 110.0
"""Histograms cover a and b from -110 to 110."""

_HISTOGRAM_BINS = 55
_MAX_BATCH_SIZE = 16


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
    caches = {extractor.metric: _FeatureCache(photos, extractor) for extractor in extractors}
    for indices, batch in photos.batches(_MAX_BATCH_SIZE):
        reference = PhotoBatch(torch.stack([photo.rgb for photo in batch]))
        shorter = min(reference.rgb.shape[-2:])
        for system in systems:
            images = PhotoBatch(system.images(indices, batch))
            own = measurements[system.name]
            values = {
                metric.key: metric.measure(images, reference) if shorter >= metric.min_size else _missing(images.rgb)
                for metric in metrics
            }
            _store(own.values, values, indices, len(photos))
            own.histogram += _ab_histogram(images.lab)
            for extractor in extractors:
                cache = caches[extractor.metric] if system.name == REFERENCE else None
                rows = cache.rows(indices) if cache is not None else None
                if rows is None:
                    rows = extractor(images.rgb).numpy()
                _store(own.features, {extractor.metric: rows}, indices, len(photos))
            if image_folders is not None and system.name in image_folders:
                for index, image in zip(indices, images.rgb, strict=True):
                    _write_png(image, (image_folders[system.name] / photos.names[index]).with_suffix(".png"))
            on_progress(len(indices))
    if REFERENCE in measurements:
        for extractor in extractors:
            caches[extractor.metric].save(measurements[REFERENCE].features[extractor.metric])
    return measurements


class _FeatureCache:
    """Features of the reference on disk, keyed by the digests of its files and of the extractor's weights.

    Without a digest of the weights nothing is cached, because the extractor could change unnoticed.
    """

    def __init__(self, photos: ReferencePhotos, extractor: FeatureExtractor) -> None:
        self.file: Path | None = None
        self.features: npt.NDArray[np.float32] | None = None
        if extractor.sha256 is None:
            return
        parts = (
            photos.digest,
            photos.resize,
            extractor.name,
            extractor.layer,
            extractor.sha256,
            extractor.device.type,
        )
        key = hashlib.sha256(repr(parts).encode()).hexdigest()
        self.file = default_cache_dir() / "features" / f"{key[:32]}.npy"
        try:
            features = np.load(self.file, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return  # missing or damaged: extracted and written again
        if features.ndim == 2 and features.dtype == np.float32 and len(features) == len(photos):
            self.features = features

    def rows(self, indices: Sequence[int]) -> npt.NDArray[np.float32] | None:
        return None if self.features is None else self.features[list(indices)]

    def save(self, features: npt.NDArray[np.float32]) -> None:
        if self.file is None or self.features is not None:
            return
        try:
            with atomic_write(self.file) as temporary, temporary.open("wb") as stream:
                np.save(stream, features, allow_pickle=False)
        except OSError:
            return  # the cache only saves time


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


def _missing(images: Tensor) -> Tensor:
    return torch.full((len(images),), torch.nan)


def _ab_histogram(lab: Tensor) -> npt.NDArray[np.float64]:
    ab = lab[:, 1:].transpose(0, 1).flatten(1).clamp(-MAX_AB, MAX_AB)
    bins = ((ab + MAX_AB) / (2 * MAX_AB) * _HISTOGRAM_BINS).long().clamp(max=_HISTOGRAM_BINS - 1)
    counts = torch.bincount(bins[0] * _HISTOGRAM_BINS + bins[1], minlength=_HISTOGRAM_BINS**2)
    return counts.double().view(_HISTOGRAM_BINS, _HISTOGRAM_BINS).cpu().numpy()


def _write_png(image: Tensor, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(to_array(image)).save(file, format="PNG", compress_level=3)
