"""The interface between data and training: what a data module must yield.

Training works with :class:`~colorgan.data.datamodule.Photos` or any other ``LightningDataModule`` that yields these
batches and satisfies :class:`PhotoDataModule`. Batches contain plain RGB: conversion to another color space happens in
the model, on the device.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypedDict, runtime_checkable

import torch
from torch import Tensor

from colorgan.errors import ColorganError


class PhotoBatch(TypedDict):
    """A batch for training, validation or testing.

    Attributes:
        rgb: sRGB images, (B, 3, H, W) uint8.
        index: position of each photo in its split, (B,) int64.
    """

    rgb: Tensor
    index: Tensor


class PredictionBatch(TypedDict):
    """A batch for prediction: one photo at its original size.

    Attributes:
        rgb: sRGB image, (1, 3, H, W) uint8.
        path: path of the file, a list with one entry.
    """

    rgb: Tensor
    path: list[str]


@runtime_checkable
class PhotoDataModule(Protocol):
    """A data module whose photos all have the same size.

    It is a ``LightningDataModule`` whose loaders for training, validation and testing yield :class:`PhotoBatch`, and
    the one for prediction, if it has one, :class:`PredictionBatch`. Only :class:`~colorgan.data.datamodule.Photos`
    resumes an interrupted run in the middle of an epoch with the same photos; others begin the epoch again, or decide
    themselves with loaders that have a ``state_dict``. Tables of photos name them by a method
    ``photo_name(split, index)``, if there is one.

    Attributes:
        image_size: height and width of the batches in pixels. Networks of a fixed size are built for it.
    """

    image_size: int


def check_data_module(data: Any) -> int:
    """Checks that a data module says how large its photos are.

    Returns:
        Its ``image_size``.

    Raises:
        ColorganError: if it does not.
    """
    size = getattr(data, "image_size", None)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ColorganError(
            f"data: {type(data).__name__} needs the attribute image_size, height and width of its photos in pixels, "
            f"received {size!r:.80}; set it in its constructor"
        )
    return size


def check_batch(batch: Any, source: str, *, for_prediction: bool = False) -> None:
    """Checks that a batch is a :class:`PhotoBatch`, or a :class:`PredictionBatch`.

    Args:
        batch: what a data loader has yielded.
        source: name of the data module, for the message.
        for_prediction: whether it must have ``path`` instead of ``index``.

    Raises:
        ColorganError: naming what was received.

    Example:
        >>> check_batch({"rgb": torch.zeros(2, 3, 8, 8), "index": torch.arange(2)}, "MyData")
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: data: MyData must yield rgb as uint8 (B, 3, H, W), received float32 (2, 3, 8, 8)
    """
    other = "path" if for_prediction else "index"
    if not isinstance(batch, Mapping) or not {"rgb", other} <= batch.keys():
        received = ", ".join(map(str, batch)) if isinstance(batch, Mapping) else type(batch).__name__
        raise ColorganError(f"data: {source} must yield mappings of rgb and {other}, received {received:.80}")
    rgb = batch["rgb"]
    if not isinstance(rgb, Tensor) or rgb.dtype != torch.uint8 or rgb.ndim != 4 or rgb.shape[1] != 3:
        raise ColorganError(f"data: {source} must yield rgb as uint8 (B, 3, H, W), received {_form(rgb)}")
    index = batch[other]
    if for_prediction:
        if len(index) != len(rgb):
            raise ColorganError(f"data: {source} must yield a path per photo, received {len(index)} for {len(rgb)}")
    elif not isinstance(index, Tensor) or index.dtype != torch.int64 or index.shape != rgb.shape[:1]:
        raise ColorganError(
            f"data: {source} must yield index, the position of each photo in its split, as int64 ({len(rgb)},), "
            f"received {_form(index)}"
        )


def _form(value: Any) -> str:
    if not isinstance(value, Tensor):
        return type(value).__name__
    return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
