"""Images in a page: selected photos at a small size, and histograms of their colors."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, features
from torch import Tensor

from colorgan.evaluation.rendering import data_url
from colorgan.evaluation.report.measure import MAX_AB
from colorgan.evaluation.report.photos import ReferencePhotos, Resize, load_photo, to_array
from colorgan.evaluation.report.systems import System

_HISTOGRAM_LIGHTNESS = 65.0


class ImageStore:
    """The images of all systems, read or computed on first access and kept.

    Args:
        photos: the reference photos.
        systems: all systems, baselines included.
        folders: by name of the system, the folder of its images as written by
            :func:`~colorgan.evaluation.report.measure.measure`; images of other systems are computed.
    """

    def __init__(
        self, photos: ReferencePhotos, systems: Sequence[System], folders: Mapping[str, Path] | None = None
    ) -> None:
        self.names = photos.names
        self._photos = photos
        self._systems = {system.name: system for system in systems}
        self._folders = folders or {}
        self._images: dict[tuple[str, int], Tensor] = {}
        self._urls: dict[tuple[str, int, int], str] = {}

    def image(self, system: str, index: int) -> Tensor:
        """The image of a system for a photo, uint8 (3, H, W)."""
        if (system, index) not in self._images:
            self._images[system, index] = self._load(system, index)
        return self._images[system, index]

    def url(self, system: str, index: int, max_size: int) -> str:
        """The same as a ``data:`` URL, at most ``max_size`` pixels high and wide."""
        key = system, index, max_size
        if key not in self._urls:
            self._urls[key] = image_url(self.image(system, index), max_size)
        return self._urls[key]

    def _load(self, system: str, index: int) -> Tensor:
        if system in self._folders:
            return load_photo(self._folders[system] / self._photos.output_name(index), Resize(0)).rgb
        return self._systems[system].images([index], [self._photos.load(index)])[0]


def image_url(image: Tensor, max_size: int) -> str:
    """A photo as a ``data:`` URL, at most ``max_size`` pixels high and wide: WebP if Pillow supports it, otherwise PNG.

    For display only; nothing is measured on it.
    """
    small = Image.fromarray(to_array(image))
    small.thumbnail((max_size, max_size), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    if features.check("webp"):
        small.save(file, format="WEBP", quality=88, method=4)
        return data_url(file.getvalue(), "webp")
    small.save(file, format="PNG", optimize=True)
    return data_url(file.getvalue(), "png")


def ab_histogram_url(histogram: npt.NDArray[np.float64], max_count: float) -> str:
    """A histogram of a (to the right) and b (upwards) as a ``data:`` URL.

    Each bin has its own color, and its opacity shows the count on a logarithmic scale.

    Args:
        histogram: pixels per bin, with a in rows and b in columns.
        max_count: the count of an opaque bin.
    """
    bins = len(histogram)
    centers = (np.arange(bins) + 0.5) / bins * 2 * MAX_AB - MAX_AB
    a, b = np.meshgrid(centers, centers[::-1])  # b points upwards
    rgb = _lab_to_rgb(np.stack([np.full_like(a, _HISTOGRAM_LIGHTNESS), a, b]))
    density = np.log1p(histogram.T[::-1]) / np.log1p(max(max_count, 1.0))
    alpha = np.rint(255 * np.clip(density, 0, 1)).astype(np.uint8)
    image = Image.fromarray(np.dstack([rgb, alpha]), mode="RGBA")
    file = io.BytesIO()
    image.resize((bins * 3, bins * 3), Image.Resampling.NEAREST).save(file, format="PNG", optimize=True)
    return data_url(file.getvalue(), "png")


def _lab_to_rgb(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """(3, H, W) in Lab to (H, W, 3) uint8, clipped to the sRGB gamut."""
    import torch
    from kornia.color import lab_to_rgb

    rgb: Any = lab_to_rgb(torch.from_numpy(lab).unsqueeze(0))[0]
    codes: npt.NDArray[np.uint8] = rgb.mul(255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return codes
