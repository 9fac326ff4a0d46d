"""User hints: the ``hints.json`` format, shared by the command line, the web app and Python.

    {
      "hints": [
        {"x": 412, "y": 96.5, "color": "#2e6b34", "radius": 8},
        {"x": 30, "y": 700, "color": "navy", "radius": 12}
      ]
    }

``x`` and ``y`` are in pixels of the upright photo, from its upper left corner to the right and down; pixel (0, 0) spans
from 0 to 1. ``color`` is sRGB, as ``#rrggbb`` or a CSS name. ``radius`` is in pixels of the photo. Where hints overlap,
later ones cover earlier ones.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ImageColor

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError, did_you_mean
from colorgan.files import atomic_write, open_regular

MAX_HINTS = 10_000
"""Files with more hints are refused, because hint files may come from untrusted sources."""

_MAX_BYTES = 4 * 2**20


@dataclass(frozen=True)
class ColorHint:
    """A dot of color on a photo.

    Only the chroma of the color is used; the lightness is that of the photo.

    Attributes:
        x: horizontal position, in pixels from the left edge of the photo.
        y: vertical position, in pixels from the top edge.
        color: ``#rrggbb`` or a CSS name.
        radius: radius in pixels of the photo; the hint always covers the pixel at its center.

    Raises:
        ColorganError: naming the invalid attribute and its value.

    Example:
        >>> ColorHint(12, 30.5, "Navy", 4).rgb
        (0, 0, 128)
        >>> ColorHint(12, 30.5, "gren", 4)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: color must be #rrggbb or a CSS name, received 'gren'; did you mean 'green'?
    """

    x: float
    y: float
    color: str
    radius: float

    def __post_init__(self) -> None:
        for name in ("x", "y", "radius"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ColorganError(f"{name} must be a number of pixels, received {_describe(value)}")
            if not (0 <= value < 2**31 and (value > 0 or name != "radius")):
                bound = "above 0" if name == "radius" else "0 or more"
                raise ColorganError(f"{name} must be a number of pixels, {bound}, received {_describe(value)}")
        if not isinstance(self.color, str) or not (_HEX.fullmatch(self.color) or self.color.lower() in _CSS_NAMES):
            suggestion = did_you_mean(str(self.color), _CSS_NAMES)
            raise ColorganError(f"color must be #rrggbb or a CSS name, received {_describe(self.color)}{suggestion}")

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The color in 8-bit sRGB."""
        red, green, blue = ImageColor.getrgb(self.color)[:3]
        return red, green, blue


_HEX = re.compile("#[0-9a-fA-F]{6}")
_CSS_NAMES = frozenset(ImageColor.colormap)
_KEYS = [field.name for field in fields(ColorHint)]


def read_hints(path: str | Path) -> list[ColorHint]:
    """Reads a hint file.

    Args:
        path: a ``hints.json`` file.

    Raises:
        ColorganError: naming the file, the invalid hint and the problem.
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ColorganError(f"{path}: the hint file does not exist") from error
    except OSError as error:
        raise ColorganError(f"{path}: the hint file cannot be read ({error.strerror})") from error
    if len(content) > _MAX_BYTES:
        raise ColorganError(f"{path}: the hint file exceeds the limit of {_MAX_BYTES // 2**20} MiB")
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ColorganError(
            f"{path}: the file is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ColorganError(f"{path}: the file is not valid JSON for hints") from error
    return parse_hints(data, str(path))


def parse_hints(data: Any, source: str = "hints") -> list[ColorHint]:
    """Parses hints from decoded JSON.

    Args:
        data: the decoded content of a ``hints.json`` file.
        source: name of the source, for error messages.

    Raises:
        ColorganError: naming the source, the invalid hint (counted from 1) and the problem.

    Example:
        >>> parse_hints({"hints": [{"x": 3, "y": 4, "color": "#ff0000", "radius": 2}]})
        [ColorHint(x=3, y=4, color='#ff0000', radius=2)]
        >>> parse_hints({"hints": [{"x": 3, "y": 4, "colr": "red", "radius": 2}]}, "cat.json")
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: cat.json: hint 1 has the unknown key 'colr'; did you mean 'color'?
    """
    _check_keys(data, ["hints"], f"{source}: the file", "an object with a list called 'hints'")
    if not isinstance(data["hints"], list):
        raise ColorganError(f"{source}: 'hints' must be a list, received {_describe(data['hints'])}")
    if len(data["hints"]) > MAX_HINTS:
        raise ColorganError(f"{source}: at most {MAX_HINTS} hints are allowed, received {len(data['hints'])}")
    hints = []
    for number, entry in enumerate(data["hints"], start=1):
        where = f"{source}: hint {number}"
        _check_keys(entry, _KEYS, where, "an object with x, y, color and radius")
        try:
            hints.append(ColorHint(**entry))
        except ColorganError as error:
            raise ColorganError(f"{where}: {error}") from error
    return hints


def write_hints(path: str | Path, hints: Iterable[ColorHint]) -> None:
    """Writes a hint file atomically; an existing file is replaced.

    Args:
        path: the file to write.
        hints: the hints.

    Raises:
        ColorganError: if the file cannot be written.
    """
    path = Path(path)
    entries = ",\n".join(f"    {json.dumps(asdict(hint))}" for hint in hints)
    text = f'{{\n  "hints": [\n{entries}\n  ]\n}}\n' if entries else '{\n  "hints": []\n}\n'
    if not path.parent.is_dir():
        raise ColorganError(f"{path}: the hint file cannot be written (there is no folder {path.parent})")
    try:
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ColorganError(f"{path}: the hint file cannot be written ({error.strerror})") from error


def rasterize_hints(hints: Sequence[ColorHint], photo_size: tuple[int, int], small: SRGBArray) -> FloatArray:
    """Rasterizes hints at the network's working size, as CIE L*a*b* and a mask.

    :meth:`colorgan.models.Hints.from_lab` converts the result for the network. A hint keeps its hue and chroma and gets
    the mean lightness of the photo beneath it, like the hints in training, which are taken from the photo. Colors
    outside the sRGB gamut lose chroma: a red hint on a dark sweater becomes dark red.

    Args:
        hints: the hints, in pixels of the photo.
        photo_size: width and height of the photo.
        small: the photo at the working size, (h, w, 3) uint8 or uint16; only its lightness is used.

    Returns:
        L*, a*, b* and the mask, (4, h, w); zero where there is no hint.

    Raises:
        ColorganError: if a hint is outside the photo.
    """
    check_inside(hints, photo_size)
    width, height = photo_size
    rows, columns = small.shape[:2]
    y = (np.arange(rows) + 0.5) * (height / rows)
    x = (np.arange(columns) + 0.5) * (width / columns)
    photo_fy = cielab.fy(small)

    hint_index = np.full((rows, columns), -1)
    mean_fy = []
    for index, hint in enumerate(hints):
        disk = np.square(y - hint.y)[:, None] + np.square(x - hint.x) <= hint.radius**2
        disk[int(hint.y * rows / height), int(hint.x * columns / width)] = True
        hint_index[disk] = index
        mean_fy.append(photo_fy[disk].mean())
    rasterized = np.zeros((4, rows, columns), np.float32)
    if hints:
        fy = np.array(mean_fy, np.float32)
        ab = cielab.rgb_to_ab(np.array([[hint.rgb for hint in hints]], np.uint8))[:, 0]
        colors = np.stack([fy * np.float32(116) - np.float32(16), *cielab.fit_chroma(fy, *ab)])
        mask = hint_index >= 0
        rasterized[:3, mask] = colors[:, hint_index[mask]]
        rasterized[3] = mask
    return rasterized


def check_inside(hints: Sequence[ColorHint], photo_size: tuple[int, int]) -> None:
    """Checks that all hints are inside a photo.

    Args:
        hints: the hints, in pixels of the photo.
        photo_size: width and height of the photo.

    Raises:
        ColorganError: naming the first hint outside the photo, counted from 1.
    """
    width, height = photo_size
    for number, hint in enumerate(hints, start=1):
        if not (hint.x < width and hint.y < height):
            raise ColorganError(
                f"hint {number} is at ({hint.x:g}, {hint.y:g}), outside the photo of {width} x {height} pixels"
            )


def _check_keys(data: Any, keys: Sequence[str], where: str, expected: str) -> None:
    """Checks that data is a mapping with exactly these keys."""
    if not isinstance(data, Mapping):
        raise ColorganError(f"{where} must be {expected}, received {_describe(data)}")
    for key in data:
        if key not in keys:
            suggestion = did_you_mean(str(key), keys, list_all=True)
            raise ColorganError(f"{where} has the unknown key {_describe(key)}{suggestion}")
    for key in keys:
        if key not in data:
            raise ColorganError(f"{where} has no {key!r}")


def _describe(value: Any) -> str:
    """Formats a value for an error message."""
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)  # NaN or Infinity
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
