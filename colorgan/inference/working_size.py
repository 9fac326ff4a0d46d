"""The working sizes that a model file may ask for. Nothing here needs torch."""

from pathlib import Path
from typing import Any

from colorgan.errors import CheckpointError

MAX_SIZE = 2048
"""Shorter side, in pixels. A network of 64 channels needs about 10 GB for one photo of this size."""


def check_size(size: Any, source: str | Path) -> int:
    """Checks the working size in a model file, and returns it.

    Raises:
        CheckpointError: if it is not a number of pixels from 1 to 2,048.

    Example:
        >>> check_size(160, "config.yaml")
        160
        >>> check_size(12_000, "config.yaml")
        Traceback (most recent call last):
        ...
        colorgan.errors.CheckpointError: config.yaml: size must be an integer number of pixels from 1 to 2048, ...
    """
    if type(size) is not int or not 1 <= size <= MAX_SIZE:
        is_short = isinstance(size, str | float | bool) or (isinstance(size, int) and abs(size) < 1 << 63)
        received = repr(size)[:40] if is_short else f"a {type(size).__name__}"
        raise CheckpointError(
            f"{source}: size must be an integer number of pixels from 1 to {MAX_SIZE}, received {received}"
        )
    return size
