"""One streaming pass over the photos: every system's pictures are made, looked at, written if wanted, and let go.

What stays in memory is a few figures and one feature vector per picture and extractor (4 to 8 kB), whatever the size of
the photos.
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

from colorgan.color.difference import ab_error, ciede2000, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.data.cache import default_cache_dir
from colorgan.evaluation.report.photos import ReferencePhotos, as_array
from colorgan.evaluation.report.systems import System
from colorgan.files import atomic_write
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.perceptual import LPIPS
from colorgan.metrics.pixels import margin_accuracy, psnr, ssim

HISTOGRAM_RANGE = 110.0
_HISTOGRAM_BINS = 55
_LARGEST_BATCH = 16
_SMALLEST_FOR_SSIM = 11
_SMALLEST_FOR_LPIPS = 32


@dataclass
class Measured:
    """What a pass over the photos leaves of a system.

    Args:
        values: metric to one figure a photo, (n,); NaN where a photo is too small for it.
        features: extractor to one vector a photo, (n, D) float32.
        histogram: how many pixels have which a (rows) and b (columns), from -110 to 110.
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
    *,
    lpips: LPIPS | None = None,
    margin: float = 12 / 255,
    pictures: Mapping[str, Path] | None = None,
    done: Callable[[int], object] = lambda count: None,
) -> dict[str, Measured]:
    """Makes and measures all pictures of all systems.

    Args:
        photos: the reference.
        systems: what to measure; one of them may be the reference itself.
        extractors: on whose features distances will be measured.
        lpips: the perceptual distance, if its weights are there.
        margin: of the margin accuracy, on the scale on which white is 1.
        pictures: folders into which the pictures of the systems of these names are written, as PNG.
        done: called with the number of pictures measured since the last call.

    Returns:
        Name of a system to what was measured; its extractors are those of ``extractors``, by their ``metric``.
    """
    measured = {system.name: Measured({}) for system in systems}
    cached = {extractor.metric: _Cache(photos, extractor) for extractor in extractors}
    for indices, batch in photos.batches(_LARGEST_BATCH):
        reference = torch.stack([photo.rgb for photo in batch])
        reference_lab = to_lab(reference)
        for system in systems:
            made = system.pictures(indices, batch)
            record = measured[system.name]
            made_lab = to_lab(made)
            figures = {
                "psnr": psnr(made, reference),
                "ciede2000": ciede2000(made_lab, reference_lab).mean(dim=(1, 2)),
                "ab_error": ab_error(made_lab, reference_lab),
                "margin_accuracy": margin_accuracy(made, reference, margin),
                "cf": colorfulness(made),
                "cf_signed": colorfulness(made, signed=True),
            }
            shorter = min(reference.shape[-2:])
            figures["ssim"] = ssim(made, reference) if shorter >= _SMALLEST_FOR_SSIM else _none(made)
            if lpips is not None:
                figures["lpips"] = lpips(made, reference) if shorter >= _SMALLEST_FOR_LPIPS else _none(made)
            _put(record.values, figures, indices, len(photos))
            record.histogram += _ab_histogram(made_lab)
            for extractor in extractors:
                cache = cached[extractor.metric] if system.kind == "anchor" and system.name == "reference" else None
                rows = cache.rows(indices) if cache is not None else None
                if rows is None:
                    rows = extractor(made).numpy()
                _put(record.features, {extractor.metric: rows}, indices, len(photos))
            if pictures is not None and system.name in pictures:
                for index, picture in zip(indices, made, strict=True):
                    _write_png(picture, (pictures[system.name] / photos.names[index]).with_suffix(".png"))
            done(len(indices))
    if "reference" in measured:
        for extractor in extractors:
            cached[extractor.metric].keep(measured["reference"].features[extractor.metric])
    return measured


class _Cache:
    """The reference's features on the disk, under the digests of its files and of the extractor's weights."""

    def __init__(self, photos: ReferencePhotos, extractor: FeatureExtractor) -> None:
        self.file: Path | None = None
        self.known: npt.NDArray[np.float32] | None = None
        if extractor.sha256 is None:
            return  # without the hash of its weights, nobody knows whether an extractor is still the same
        parts = (
            photos.digest,
            photos.framing,
            extractor.name,
            extractor.layer,
            extractor.sha256,
            extractor.device.type,
        )
        key = hashlib.sha256(repr(parts).encode()).hexdigest()
        self.file = default_cache_dir() / "features" / f"{key[:32]}.npy"
        try:
            known = np.load(self.file, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return  # not there, or damaged: measured anew and written again
        if known.ndim == 2 and known.dtype == np.float32 and len(known) == len(photos):
            self.known = known

    def rows(self, indices: Sequence[int]) -> npt.NDArray[np.float32] | None:
        return None if self.known is None else self.known[list(indices)]

    def keep(self, features: npt.NDArray[np.float32]) -> None:
        if self.file is None or self.known is not None:
            return
        try:
            with atomic_write(self.file) as unfinished, unfinished.open("wb") as stream:
                np.save(stream, features, allow_pickle=False)
        except OSError:
            return  # a cache that cannot be written costs time, not figures


def _put(
    into: "dict[str, npt.NDArray[np.float64]] | dict[str, npt.NDArray[np.float32]]",
    figures: Mapping[str, "Tensor | npt.NDArray[np.float32]"],
    indices: Sequence[int],
    count: int,
) -> None:
    """Writes the figures of a batch into their places, making room for all photos when a figure is first seen."""
    for name, figure in figures.items():
        rows = figure.cpu().numpy() if isinstance(figure, Tensor) else figure
        if name not in into:
            kind = np.float64 if rows.ndim == 1 else np.float32
            into[name] = np.full((count, *rows.shape[1:]), np.nan, dtype=kind)
        into[name][list(indices)] = rows


def _none(pictures: Tensor) -> Tensor:
    return torch.full((len(pictures),), torch.nan)


def _ab_histogram(lab: Tensor) -> npt.NDArray[np.float64]:
    reach = HISTOGRAM_RANGE
    ab = lab[:, 1:].transpose(0, 1).flatten(1).clamp(-reach, reach)
    place = ((ab + reach) / (2 * reach) * _HISTOGRAM_BINS).long().clamp(max=_HISTOGRAM_BINS - 1)
    counts = torch.bincount(place[0] * _HISTOGRAM_BINS + place[1], minlength=_HISTOGRAM_BINS**2)
    return counts.double().view(_HISTOGRAM_BINS, _HISTOGRAM_BINS).cpu().numpy()


def _write_png(picture: Tensor, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(as_array(picture)).save(file, format="PNG", compress_level=3)
