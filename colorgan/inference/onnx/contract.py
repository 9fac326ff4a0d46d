"""What colorizers of other programs expect and return, as far as colorgan can run them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from colorgan.errors import CheckpointError, ColorganError, did_you_mean
from colorgan.files.plain import check_plain
from colorgan.inference.working_size import check_size

METADATA_KEY = "colorizer"
"""Key of the ONNX metadata that holds a contract, in JSON."""

_MAX_LENGTH = 1000
_MAX_VALUES = 20
_MAX_SCALE = 1000.0


@dataclass(frozen=True)
class OnnxContract:
    """The meaning of the numbers that a colorizer of another program takes and returns.

    Its graph has one input, (1, 1, H, W) for the lightness L* or (1, 3, H, W) for the gray photo in RGB, and one
    output, (1, 2, h, w), for a* and b*; all float32.

    Attributes:
        black: the input value of black, such as 0.
        white: that of white: 100 for L*, 1 or 255 for RGB, and so on. L* and RGB are scaled linearly in between.
        scale: factor from the output to CIE a* and b*, such as 110 for an output in [-1, 1].
        size: shorter side, in pixels, at which the photo is shown; a graph of fixed size has its own.

    Raises:
        ColorganError: naming the invalid value.

    Example:
        >>> OnnxContract(black=0, white=100)
        OnnxContract(black=0, white=100, scale=1.0, size=256)
        >>> OnnxContract(black=1, white=1)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: black and white must be two different numbers, received 1 and 1
    """

    black: float
    white: float
    scale: float = 1.0
    size: int = 256

    def __post_init__(self) -> None:
        for name in ("black", "white", "scale"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
                raise ColorganError(f"{name} must be a number, received {value!r:.40}")
        if math.isclose(self.black, self.white):
            raise ColorganError(
                f"black and white must be two different numbers, received {self.black:g} and {self.white:g}"
            )
        if not 0 < self.scale <= _MAX_SCALE:
            raise ColorganError(f"scale must be above 0 and at most {_MAX_SCALE:g}, received {self.scale:g}")

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: Path) -> Self | None:
        """Reads a contract from the metadata of an ONNX file; ``None`` if there is none.

        Raises:
            CheckpointError: if it is invalid.
        """
        text = metadata.get(METADATA_KEY)
        if text is None:
            return None
        names, where = [field.name for field in fields(cls)], f"{file}: its metadata {METADATA_KEY!r}"
        try:
            values: Any = json.loads(text) if len(text) <= _MAX_LENGTH else None
            check_plain(values, file, _MAX_VALUES)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise CheckpointError(f"{where} must be a JSON object with {', '.join(names)}")
        for name in values:
            if name not in names:
                suggestion = did_you_mean(name, names, list_all=True)
                raise CheckpointError(f"{where} has the unknown key {name!r:.40}{suggestion}")
        if missing := [name for name in ("black", "white") if name not in values]:
            raise CheckpointError(f"{where} has no {missing[0]!r}")
        if "size" in values:
            check_size(values["size"], file)
        try:
            return cls(**values)
        except ColorganError as error:
            raise CheckpointError(f"{where}: {error}") from error
