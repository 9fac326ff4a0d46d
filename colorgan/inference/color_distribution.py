"""How probable each color is in each place of a photo, for models that classify color."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from colorgan.color.cielab import FloatArray
from colorgan.errors import ColorganError
from colorgan.images import ImageLike, to_srgb_arrays
from colorgan.inference.hints import Hint, rasterize_hints
from colorgan.inference.photo_colorizer import PhotoColorizer, as_batch
from colorgan.inference.small_image import downscale, working_shape


@dataclass(frozen=True)
class LikelyColor:
    """A color that a place of a photo may have.

    Attributes:
        ab: CIE a* and b*.
        probability: that of this color and those like it, in [0, 1].
    """

    ab: tuple[float, float]
    probability: float


@dataclass(frozen=True)
class ColorDistribution:
    """The probabilities of the colors of a photo.

    Attributes:
        small: the photo as the model saw it, (H, W, 3) uint8.
        bins: CIE a* and b* of each color, float32 (Q, 2).
        probabilities: float32 (Q, h, w), which sum to 1 over the colors; h and w are H and W or a fraction of them.
    """

    small: npt.NDArray[np.uint8]
    bins: FloatArray
    probabilities: FloatArray

    @property
    def uncertainty(self) -> FloatArray:
        """How unsure the model is of the color, float32 (h, w).

        The entropy of the probabilities as a fraction of the largest possible: 0 where one color is certain, 1 where
        all are equally probable.
        """
        logs = np.log(np.maximum(self.probabilities, np.float32(1e-12)))
        entropy: FloatArray = -(self.probabilities * logs).sum(axis=0) / np.float32(np.log(len(self.bins)))
        return entropy.clip(0, 1)

    def at(self, x: float, y: float) -> FloatArray:
        """The probabilities in one place, (Q,).

        Args:
            x: from the left edge of the photo, 0, to the right one, 1.
            y: from the upper edge, 0, to the lower one, 1.

        Raises:
            ColorganError: if the place is outside the photo.
        """
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ColorganError(f"a place of a photo has x and y from 0 to 1, received {x} and {y}")
        rows, columns = self.probabilities.shape[1:]
        place: FloatArray = self.probabilities[:, min(int(y * rows), rows - 1), min(int(x * columns), columns - 1)]
        return place

    def likely(self, x: float, y: float, count: int = 5, spacing: float = 25.0) -> Sequence[LikelyColor]:
        """The most probable colors in one place, the most probable first, each unlike the others.

        Args:
            x: see :meth:`at`.
            y: see :meth:`at`.
            count: number of colors, at most.
            spacing: colors nearer to one of them than this, in units of a* and b*, belong to it.
        """
        left = self.at(x, y).copy()
        found: list[LikelyColor] = []
        while len(found) < count and left.max() > 0:
            near = np.linalg.norm(self.bins - self.bins[left.argmax()], axis=1) < spacing
            share = left * near
            a, b = (share[:, None] * self.bins).sum(axis=0) / share.sum()
            found.append(LikelyColor((float(a), float(b)), float(share.sum())))
            left[near] = 0
        return sorted(found, key=lambda color: -color.probability)


def color_distribution(
    colorizer: PhotoColorizer, photo: ImageLike, *, size: int | None = None, hints: Sequence[Hint] = ()
) -> ColorDistribution:
    """Computes how probable each color is in each place of a photo.

    Args:
        colorizer: a model that was trained in :class:`~colorgan.models.QuantizedLab`, in PyTorch or ONNX.
        photo: a PIL image, an array or a tensor, as for :meth:`PhotoColorizer.colorize`; one photo.
        size: shorter side, in pixels, at which it is computed; by default that of the training photos.
        hints: hints in pixels of the photo.

    Raises:
        ColorganError: if the model predicts one color per pixel, or does not take hints.
    """
    if hints and not colorizer.takes_hints:
        raise ColorganError("this model was trained without hints and cannot follow them; use one with PointHints")
    arrays, _ = to_srgb_arrays(photo)
    if len(arrays) != 1:
        raise ColorganError(f"color_distribution takes one photo, received {len(arrays)}")
    height, width = arrays[0].shape[:2]
    small = downscale(arrays[0], working_shape((height, width), colorizer.size if size is None else size))
    rasterized: Any = rasterize_hints(list(hints), (width, height), small)[None] if hints else None
    (probabilities,) = colorizer.run_classifier(as_batch([small]), rasterized)
    bins = colorizer.color_bins
    assert bins is not None
    return ColorDistribution(small, bins, probabilities)
