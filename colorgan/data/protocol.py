"""The interface between data and training: what a data module must yield.

Training works with :class:`~colorgan.data.datamodule.Photos` or any other ``LightningDataModule`` that yields these
batches and satisfies :class:`PhotoDataModule`. Batches contain plain RGB: conversion to another color space happens in
the model, on the device.
"""

from typing import Protocol, TypedDict, runtime_checkable

from torch import Tensor


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

    Attributes:
        image_size: height and width of the batches in pixels. Networks of a fixed size are built for it.
    """

    image_size: int
