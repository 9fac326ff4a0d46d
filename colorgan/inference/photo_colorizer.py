"""Colorizes photos of any kind and size with a network for small images; shared by the PyTorch and ONNX colorizers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, Unpack, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError
from colorgan.images import ImageLike, ImageSource, to_srgb_arrays
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import (
    Hint,
    HintsInput,
    check_inside,
    hints_per_photo,
    paint_hints,
    rasterize_hints,
    still_hints,
)
from colorgan.inference.look import Look
from colorgan.inference.palette import Palette
from colorgan.inference.small_image import downscale, working_shape

if TYPE_CHECKING:
    from torch import Tensor

Source = TypeVar("Source", bound=ImageSource)
Scalar = TypeVar("Scalar", bound=np.generic)

Reference: TypeAlias = "Palette | ImageLike | None"
"""A photo, or its palette."""


class ColorizeOptions(TypedDict, total=False):
    """The options of :meth:`PhotoColorizer.colorize`, which describes them."""

    size: int | None
    hints: HintsInput
    strength: float
    warmth: float
    reference: Reference


_MAX_SIZE = 4096
_BATCH_SIZE = 8


class PhotoColorizer(ABC):
    """A model that colorizes photos of any size, independent of the runtime.

    Subclasses implement :meth:`run_network` for small images; this class does everything before and after it.
    """

    card: str = ""
    """The model card in Markdown, if the model file contains one."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Shorter side, in pixels, of the training images; predictions use the same size by default."""

    @property
    @abstractmethod
    def takes_hints(self) -> bool:
        """Whether the model follows hints."""

    @abstractmethod
    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small images.

        Args:
            rgb: (B, 3, h, w) in [0, 1]; only the lightness is used.
            hints: (B, 4, h, w), as returned by :func:`colorgan.inference.hints.rasterize_hints`, or ``None``.

        Returns:
            CIE a* and b*, (B, 2, h, w).
        """

    @property
    def color_bins(self) -> FloatArray | None:
        """CIE a* and b* of the colors of which the model predicts probabilities, (Q, 2); ``None`` if it does not."""
        return None

    def run_classifier(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the probabilities of the :attr:`color_bins` of small images.

        The arguments are those of :meth:`run_network`; see :func:`colorgan.inference.color_distribution`.

        Returns:
            (B, Q, h / s, w / s), rounded up, where s is the network's output stride.

        Raises:
            ColorganError: if the model predicts no probabilities.
        """
        raise ColorganError(
            "this model predicts one color per pixel and no probabilities: use one that was trained in QuantizedLab"
        )

    def predict_chroma(
        self,
        photos: Sequence[SRGBArray],
        *,
        size: int | None = None,
        hints: Sequence[Sequence[Hint] | None] | None = None,
        batch_size: int = _BATCH_SIZE,
    ) -> list[ChromaPrediction]:
        """Predicts the chroma of photos at the working size.

        With every model, the colors of hints spread over the regions that they mark, and are painted over the
        prediction; see :func:`colorgan.inference.hints.paint_hints`. A model that was trained with hints sees those
        that do not spread, and adapts its other colors to them.

        Args:
            photos: (H, W) or (H, W, 3), uint8 or uint16, of any sizes.
            size: shorter side, in pixels, at which chroma is predicted. Default: :attr:`size`.
            hints: for each photo, its hints in pixels of that photo, or ``None``.
            batch_size: maximum number of images per network call.

        Returns:
            One prediction per photo, for :func:`colorgan.inference.full_size.apply_chroma`.

        Raises:
            ColorganError: if the size is out of range, a hint is outside its photo, or there is not one list per photo.
        """
        if size is not None and not 1 <= size <= _MAX_SIZE:
            raise ColorganError(f"size must be a number of pixels from 1 to {_MAX_SIZE}, received {size}")
        if batch_size < 1:
            raise ColorganError(f"batch_size must be at least 1, received {batch_size}")
        hint_lists = list(hints) if hints is not None else [None] * len(photos)
        if len(hint_lists) != len(photos):
            raise ColorganError(f"hints must contain one list per photo ({len(photos)}), received {len(hint_lists)}")
        for photo, of_photo in zip(photos, hint_lists, strict=True):
            check_inside(of_photo or (), _size_of(photo))
        seen = [of_photo and still_hints(of_photo) for of_photo in hint_lists]
        predictions = self.network_chroma(photos, size, seen, batch_size)
        return [
            replace(prediction, paint=paint_hints(of_photo, _size_of(photo), photo)) if of_photo else prediction
            for prediction, photo, of_photo in zip(predictions, photos, hint_lists, strict=True)
        ]

    def network_chroma(
        self,
        photos: Sequence[SRGBArray],
        size: int | None,
        hints: Sequence[Sequence[Hint] | None],
        batch_size: int,
    ) -> list[ChromaPrediction]:
        """Predicts the chroma of photos of any size; :meth:`predict_chroma` has checked the arguments.

        Args:
            photos: as there.
            size: as there.
            hints: for each photo, its hints or ``None``; all ``None`` if the model does not take any.
            batch_size: as there.
        """
        size = self.size if size is None else size
        images = [downscale(photo, working_shape(photo.shape[:2], size)) for photo in photos]
        rasterized = [
            rasterize_hints(of_photo, _size_of(photo), image) if of_photo and self.takes_hints else None
            for photo, image, of_photo in zip(photos, images, hints, strict=True)
        ]
        predictions: dict[int, ChromaPrediction] = {}
        for indices in _batches_of_equal_shape(images, batch_size):
            rgb = as_batch([images[index] for index in indices])
            ab = self.run_network(rgb, _stack_hints([rasterized[index] for index in indices]))
            for index, image_ab in zip(indices, ab, strict=True):
                predictions[index] = ChromaPrediction(images[index], image_ab)
        return [predictions[index] for index in range(len(photos))]

    @overload
    def colorize(  # type: ignore[overload-overlap]  # a path is a sequence of texts, too
        self, photo: ImageSource, **options: Unpack[ColorizeOptions]
    ) -> Image.Image: ...

    @overload
    def colorize(self, photo: npt.NDArray[Scalar], **options: Unpack[ColorizeOptions]) -> npt.NDArray[Scalar]: ...

    @overload
    def colorize(self, photo: "Tensor", **options: Unpack[ColorizeOptions]) -> "Tensor": ...

    @overload
    def colorize(self, photo: list[Source], **options: Unpack[ColorizeOptions]) -> list[Image.Image]: ...

    @overload
    def colorize(
        self, photo: list[npt.NDArray[Scalar]], **options: Unpack[ColorizeOptions]
    ) -> list[npt.NDArray[Scalar]]: ...

    @overload
    def colorize(self, photo: "list[Tensor]", **options: Unpack[ColorizeOptions]) -> "list[Tensor]": ...

    @overload
    def colorize(
        self, photo: Sequence[ImageLike], **options: Unpack[ColorizeOptions]
    ) -> "list[Image.Image | npt.NDArray[Any] | Tensor]": ...

    def colorize(
        self,
        photo: Any,
        *,
        size: int | None = None,
        hints: HintsInput = None,
        strength: float = 1.0,
        warmth: float = 0.0,
        reference: Reference = None,
    ) -> Any:
        """Colorizes photos of any size and keeps their lightness at full resolution.

        Chroma is predicted at the working size, upsampled along the edges of the photo, and joined in CIE L*a*b* to the
        lightness of the photo. The mean difference in L* is below 0.1, which is due to rounding to 8 bits.

        Args:
            photo: the path of a photo or the contents of its file; a PIL image; an array (H, W), (H, W, 3) or
                (B, H, W, 3); a tensor (C, H, W) or (B, C, H, W) with C of 1 or 3; or a list of these. Arrays and
                tensors are uint8, uint16 or float in [0, 1].
            size: shorter side, in pixels, at which chroma is predicted. Default: the size of the training images.
            hints: a list of hints in pixels of the upright photo, each a :class:`~colorgan.inference.Hint` or a
                dictionary as in a hint file, or the path of such a file; for several photos, one of these or ``None``
                per photo.
            strength: factor on the chroma; 0 gives the gray photo, 1 the prediction; more, up to 2, is a matter of
                taste.
            warmth: from -1 (cold) to 1 (warm).
            reference: a photo whose palette the colors take, or its :class:`~colorgan.inference.Palette`.

        Returns:
            The colorized photos in RGB, with the type, dtype and size of the input. Paths and bytes become PIL images,
            which are upright, like those made from PIL images.

        Raises:
            ColorganError: if a photo cannot be read or is of another type or range, or the hints, the look or the
                reference cannot be used.
        """
        look = Look(strength, warmth, None if reference is None else _palette_of(reference))
        is_list = isinstance(photo, list | tuple)
        items = (
            [(item, f"photo {number}") for number, item in enumerate(photo, 1)] if is_list else [(photo, "the photo")]
        )
        inputs = [to_srgb_arrays(item, name) for item, name in items]
        arrays = [array for item_arrays, _ in inputs for array in item_arrays]
        predictions = self.predict_chroma(arrays, size=size, hints=hints_per_photo(hints, len(arrays)))
        colorized = [prediction.apply_to(array, look) for prediction, array in zip(predictions, arrays, strict=True)]
        results, start = [], 0
        for item_arrays, restore in inputs:
            results.append(restore(colorized[start : start + len(item_arrays)]))
            start += len(item_arrays)
        return results if is_list else results[0]


def _palette_of(reference: Any) -> Palette:
    if isinstance(reference, Palette):
        return reference
    photos, _ = to_srgb_arrays(reference, "the reference")
    if len(photos) != 1:
        raise ColorganError(f"reference must be one photo, received {len(photos)}")
    return Palette.of(photos[0])


def _size_of(photo: SRGBArray) -> tuple[int, int]:
    return photo.shape[1], photo.shape[0]


def _stack_hints(rasterized: Sequence[FloatArray | None]) -> FloatArray | None:
    """Stacks the rasterized hints of a batch, with zeros for photos without hints; ``None`` if no photo has any."""
    shapes = [planes.shape for planes in rasterized if planes is not None]
    if not shapes:
        return None
    return np.stack([np.zeros(shapes[0], np.float32) if planes is None else planes for planes in rasterized])


def _batches_of_equal_shape(images: Sequence[SRGBArray], batch_size: int) -> list[list[int]]:
    """Groups the indices of images by shape, in batches of at most ``batch_size``."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        groups.setdefault(image.shape, []).append(index)
    return [
        group[start : start + batch_size] for group in groups.values() for start in range(0, len(group), batch_size)
    ]


def as_batch(images: Sequence[SRGBArray]) -> FloatArray:
    """Stacks images (h, w, 3) of equal shape into a batch (B, 3, h, w) in [0, 1]."""
    batch = np.stack([image.transpose(2, 0, 1) for image in images])
    return batch.astype(np.float32) / np.float32(255)
