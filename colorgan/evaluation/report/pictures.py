"""Pictures inside a page: chosen photos, small enough to be embedded, and histograms of their colors."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, features
from torch import Tensor

from colorgan.evaluation.report.measure import HISTOGRAM_RANGE
from colorgan.evaluation.report.photos import ReferencePhotos, as_array
from colorgan.evaluation.report.systems import System

_MIDDLE_LIGHTNESS = 65.0


def spread(count: int, total: int) -> list[int]:
    """Positions of ``count`` photos spread evenly over ``total``, without repetition.

    >>> spread(3, 10), spread(5, 2)
    ([0, 4, 9], [0, 1])
    """
    if total <= count:
        return list(range(total))
    return [round(position * (total - 1) / max(1, count - 1)) for position in range(count)]


class Album:
    """Pictures to look at, made or read again when they are first asked for.

    Args:
        photos: the reference.
        systems: anchors included.
    """

    def __init__(self, photos: ReferencePhotos, systems: Sequence[System]) -> None:
        self.names = photos.names
        self._photos = photos
        self._systems = {system.name: system for system in systems}
        self._kept: dict[tuple[str, int], Tensor] = {}

    def picture(self, system: str, index: int) -> Tensor:
        """The picture that a system has for a photo, uint8 (3, H, W)."""
        if (system, index) not in self._kept:
            (made,) = self._systems[system].pictures([index], [self._photos.load(index)])
            self._kept[system, index] = made
        return self._kept[system, index]

    def embedded(self, system: str, index: int, longest: int) -> str:
        """The same as a ``data:`` address, of at most ``longest`` pixels a side."""
        return embedded(self.picture(system, index), longest)


def embedded(picture: Tensor, longest: int) -> str:
    """A picture as a ``data:`` address: WebP where Pillow has it, of at most ``longest`` pixels a side.

    Only for looking at; nothing is measured on it.
    """
    image = Image.fromarray(as_array(picture))
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    kind = "webp" if features.check("webp") else "png"
    file = io.BytesIO()
    if kind == "webp":
        image.save(file, format="WEBP", quality=88, method=4)
    else:
        image.save(file, format="PNG", optimize=True)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def ab_picture(histogram: npt.NDArray[np.float64], most: float) -> str:
    """A histogram of a (across) and b (upwards) as a ``data:`` address: each bin in its color, the denser the fuller.

    Args:
        histogram: pixels per bin, a in rows and b in columns.
        most: the count that is drawn solid; counts are shown on a logarithmic scale.
    """
    bins = len(histogram)
    centers = (np.arange(bins) + 0.5) / bins * 2 * HISTOGRAM_RANGE - HISTOGRAM_RANGE
    a, b = np.meshgrid(centers, centers[::-1])  # b grows upwards
    rgb = _from_lab(np.stack([np.full_like(a, _MIDDLE_LIGHTNESS), a, b]))
    density = np.log1p(histogram.T[::-1]) / np.log1p(max(most, 1.0))
    alpha = np.rint(255 * np.clip(density, 0, 1)).astype(np.uint8)
    image = Image.fromarray(np.dstack([rgb, alpha]), mode="RGBA")
    file = io.BytesIO()
    image.resize((bins * 3, bins * 3), Image.Resampling.NEAREST).save(file, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _from_lab(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """(3, H, W) in Lab to (H, W, 3) uint8, clipped to what a screen shows."""
    import torch
    from kornia.color import lab_to_rgb

    rgb: Any = lab_to_rgb(torch.from_numpy(lab).unsqueeze(0))[0]
    codes: npt.NDArray[np.uint8] = rgb.mul(255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return codes
