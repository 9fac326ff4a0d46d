"""Colorizing photos of any kind and size with a network that takes small pictures: what torch and ONNX share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar, overload

import numpy as np

from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError
from colorgan.images import ImageLike, to_srgb_arrays
from colorgan.inference.full_size import ChromaPrediction, downscale, working_shape
from colorgan.inference.hint_file import ColorHint, rasterize_hints

P = TypeVar("P", bound=ImageLike)

_LARGEST_SIZE = 4096
_BATCH = 8


class PhotoColorizer(ABC):
    """A model that colors photos of any size, whatever runs it.

    A subclass says how a small picture is colored; this class does the rest, from the photo to the photo.
    """

    card: str = ""
    """The model card in Markdown, if the model's own file holds one."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Shorter side in pixels at which the model was trained and, by default, predictions at photos."""

    @property
    @abstractmethod
    def takes_hints(self) -> bool:
        """Whether the model follows hints."""

    @abstractmethod
    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small pictures.

        Args:
            rgb: (B, 3, h, w) in [0, 1]; only the lightness counts.
            hints: (B, 4, h, w), as :func:`colorgan.inference.hint_file.rasterize_hints` makes them, or ``None``.

        Returns:
            CIE a* and b*, (B, 2, h, w).
        """

    def predict_chroma(
        self,
        photos: Sequence[SRGBArray],
        *,
        size: int | None = None,
        hints: Sequence[Sequence[ColorHint] | None] | None = None,
        batch: int = _BATCH,
    ) -> list[ChromaPrediction]:
        """Predicts the chroma of photos at the working size, without joining it to their lightness.

        Args:
            photos: (H, W) or (H, W, 3), uint8 or uint16, of any sizes.
            size: shorter side in pixels at which the chroma is predicted; :attr:`size` by default.
            hints: for each photo its hints, in its own pixels, or ``None``.
            batch: the largest number of pictures that go through the network together.

        Returns:
            For each photo what :func:`colorgan.inference.full_size.apply_chroma` needs.

        Raises:
            ColorganError: for a size out of range, and for hints that lie outside of a photo or that the model does not
                follow.
        """
        size = self.size if size is None else size
        if not 1 <= size <= _LARGEST_SIZE:
            raise ColorganError(f"size must be a number of pixels from 1 to {_LARGEST_SIZE}, received {size}")
        if batch < 1:
            raise ColorganError(f"batch must be at least 1, received {batch}")
        given = list(hints) if hints is not None else [None] * len(photos)
        if len(given) != len(photos):
            raise ColorganError(f"{len(photos)} photos need as many lists of hints, received {len(given)}")
        if any(given) and not self.takes_hints:
            raise ColorganError("this model was trained without hints and cannot follow any; use one with PointHints")
        smalls = [downscale(photo, working_shape(photo.shape[:2], size)) for photo in photos]
        rasterized = [
            rasterize_hints(own, (photo.shape[1], photo.shape[0]), small) if own else None
            for photo, small, own in zip(photos, smalls, given, strict=True)
        ]
        predictions: dict[int, ChromaPrediction] = {}
        for indices in _by_size(smalls, batch):
            rgb = as_batch([smalls[index] for index in indices])
            ab = self.run_network(rgb, _stacked([rasterized[index] for index in indices]))
            for index, own_ab in zip(indices, ab, strict=True):
                predictions[index] = ChromaPrediction(smalls[index], own_ab)
        return [predictions[index] for index in range(len(photos))]

    @overload
    def colorize(
        self, photo: list[P], *, size: int | None = None, hints: Any = None, strength: float = 1.0
    ) -> list[P]: ...

    @overload
    def colorize(self, photo: P, *, size: int | None = None, hints: Any = None, strength: float = 1.0) -> P: ...

    def colorize(self, photo: Any, *, size: int | None = None, hints: Any = None, strength: float = 1.0) -> Any:
        """Colorizes photos of any size and keeps their own lightness at full resolution.

        The color is predicted at the working size, enlarged along the edges of the photo, and joined in CIE Lab to its
        lightness: the mean difference in L* is below 0.1, which is the rounding to 8 bits.

        Args:
            photo: a PIL image; an array (H, W), (H, W, 3) or (B, H, W, 3); a tensor (C, H, W) or (B, C, H, W) with C of
                1 or 3; or a list of these. Arrays and tensors are uint8, uint16 or float in [0, 1].
            size: shorter side in pixels at which the color is predicted; by default that of the training.
            hints: what :func:`colorgan.inference.hint_file.read_hints` returns: a list of hints in pixels of the photo. For
                several photos, such a list for each.
            strength: 0 gives the gray photo, 1 the predicted colors.

        Returns:
            The colored photos, of the kind, the dtype and the size that was given, in RGB.

        Raises:
            ColorganError: for photos of another kind, numbers out of range, or hints that cannot be followed.
        """
        check_strength(strength)
        several = isinstance(photo, list | tuple)
        taken = [to_srgb_arrays(item) for item in (photo if several else [photo])]
        codes = [code for some, _ in taken for code in some]
        predictions = self.predict_chroma(codes, size=size, hints=_hints_of_each(hints, len(codes)))
        colorized = [own.apply_to(code, strength) for own, code in zip(predictions, codes, strict=True)]
        results, start = [], 0
        for some, restore in taken:
            results.append(restore(colorized[start : start + len(some)]))
            start += len(some)
        return results if several else results[0]


def check_strength(strength: float) -> None:
    """Refuses a strength outside of [0, 1].

    Raises:
        ColorganError: naming what was received.
    """
    if not 0.0 <= strength <= 1.0:
        raise ColorganError(f"strength must lie between 0 (gray) and 1 (as predicted), received {strength}")


def _hints_of_each(hints: Any, count: int) -> Sequence[Sequence[ColorHint] | None] | None:
    """One list of hints is meant for one photo; several photos come with several lists."""
    if hints is None:
        return None
    if all(isinstance(hint, ColorHint) for hint in hints):
        if count > 1 and hints:
            raise ColorganError(f"{count} photos need a list of hints for each of them, received one list")
        return [list(hints)] * count
    return list(hints)


def _stacked(rasterized: Sequence[FloatArray | None]) -> FloatArray | None:
    """The rasterized hints of a batch, zero for photos that have none; ``None`` if no photo has any."""
    shapes = [own.shape for own in rasterized if own is not None]
    if not shapes:
        return None
    return np.stack([np.zeros(shapes[0], np.float32) if own is None else own for own in rasterized])


def _by_size(smalls: Sequence[SRGBArray], largest: int) -> list[list[int]]:
    """Indices of pictures of equal size, in groups of at most ``largest``."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, small in enumerate(smalls):
        groups.setdefault(small.shape, []).append(index)
    return [group[first : first + largest] for group in groups.values() for first in range(0, len(group), largest)]


def as_batch(smalls: Sequence[SRGBArray]) -> FloatArray:
    """Pictures (h, w, 3) of equal size as a batch (B, 3, h, w) in [0, 1]."""
    batch = np.stack([small.transpose(2, 0, 1) for small in smalls])
    return batch.astype(np.float32) / np.float32(255)
