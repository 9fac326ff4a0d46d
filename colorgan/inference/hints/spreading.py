"""Where the color of a hint belongs: over what looks like the same thing as the place that it marks.

A small network looks at the lightness of the photo and at one mark, and says for each pixel whether it belongs to the
same region. It knows nothing of colors and of the model that colorizes, so that hints spread in the same way with every
model. ``tools/hint_spreading`` in the repository trains it.
"""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.color.cielab import FloatArray
from colorgan.inference.hints.hint import Mask
from colorgan.inference.runtime import import_onnxruntime

SIDE = 160
"""Shorter side, in pixels, of the photos that the network was trained on."""

_NETWORK = Path(__file__).with_name("spreading.onnx")
_MULTIPLE = 16
"""Height and width of the network's input are multiples of this."""
_CELL = 4
"""Distances are computed for squares of this many pixels."""
_NUM_CACHED = 512


def membership(lightness: FloatArray, mark: Mask) -> FloatArray:
    """Tells for each pixel whether it belongs to the region that a mark lies in.

    Results are cached, because a user who moves one hint, or chooses another color, keeps all other marks.

    Args:
        lightness: L* of the photo, whose shorter side is about :data:`SIDE`, (h, w).
        mark: the pixels of the mark, at least one, (h, w).

    Returns:
        The logit of the probability that it does, (h, w).
    """
    rounded = np.rint(lightness * np.float32(2.55)).astype(np.uint8)
    logit = _membership(rounded.tobytes(), np.packbits(mark).tobytes(), lightness.shape)
    return logit.astype(np.float32)


@functools.lru_cache(_NUM_CACHED)
def _membership(lightness: bytes, mark: bytes, shape: tuple[int, int]) -> npt.NDArray[np.float16]:
    height, width = shape
    gray = np.frombuffer(lightness, np.uint8).reshape(shape).astype(np.float32) / np.float32(255)
    marked = np.unpackbits(np.frombuffer(mark, np.uint8), count=height * width).reshape(shape).astype(np.float32)
    padding = [(0, -side % _MULTIPLE) for side in shape]
    gray, marked = np.pad(gray, padding, "edge"), np.pad(marked, padding)
    inputs = {"lightness": gray, "mark": marked, "distance": _distance(marked) / np.float32(min(shape))}
    (logit,) = _session().run(["logit"], {name: plane[None, None] for name, plane in inputs.items()})
    cropped: npt.NDArray[np.float16] = logit[0, 0, :height, :width].astype(np.float16)  # many are kept
    return cropped


def clear_cache() -> None:
    """Forgets all results, which benchmarks need."""
    _membership.cache_clear()


def _distance(mark: FloatArray) -> FloatArray:
    """Distance of each pixel to the nearest one of the mark, in pixels, to within a few."""
    height, width = mark.shape
    rows, columns = height // _CELL, width // _CELL
    y, x = np.nonzero(mark.reshape(rows, _CELL, columns, _CELL).any(axis=(1, 3)))
    nearest = np.full((rows, columns), np.inf, np.float32)
    for row, column in zip(y, x, strict=True):
        squares = np.square(np.arange(rows, dtype=np.float32) - row)[:, None]
        np.minimum(nearest, squares + np.square(np.arange(columns, dtype=np.float32) - column), out=nearest)
    distance = Image.fromarray(_CELL * np.sqrt(nearest)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(distance) * (1 - mark)


@functools.cache
def _session() -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(_NETWORK, options, providers=["CPUExecutionProvider"])
