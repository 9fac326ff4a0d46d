"""The hints that a user gives: ``hints.json``, the one format of the shell, the page and Python.

    {
      "hints": [
        {"x": 412, "y": 96.5, "color": "#2e6b34", "radius": 8},
        {"x": 30, "y": 700, "color": "navy", "radius": 12}
      ]
    }

``x`` and ``y`` are pixels of the photo as it is seen upright, from its upper left corner to the right and down, so that
pixel (0, 0) spans from 0 to 1. ``color`` is sRGB, as ``#rrggbb`` or by its CSS name. ``radius`` is in pixels of the
photo. Where hints overlap, the later one covers the earlier.
"""

import json
import math
import os
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

MAX_HINTS = 10_000
"""More hints than this are refused; a file of hints may come from a stranger."""

_MAX_BYTES = 4 * 2**20


@dataclass(frozen=True)
class ColorHint:
    """A dot of color on a photo.

    Only the color's chroma counts: the lightness is the photo's own.

    Attributes:
        x: pixels from the left edge of the photo.
        y: pixels from its upper edge.
        color: ``#rrggbb`` or a CSS name.
        radius: in pixels of the photo; the pixel that the hint lies in always belongs to it.

    Raises:
        ColorganError: naming the attribute and what was received.

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
                raise ColorganError(f"{name} must be a number of pixels, received {_shown(value)}")
            if not (0 <= value < 2**31 and (value > 0 or name != "radius")):
                least = "above 0" if name == "radius" else "0 or more"
                raise ColorganError(f"{name} must be a number of pixels, {least}, received {_shown(value)}")
        if not isinstance(self.color, str) or not (_HEX.fullmatch(self.color) or self.color.lower() in _NAMES):
            suggestion = did_you_mean(str(self.color), _NAMES)
            raise ColorganError(f"color must be #rrggbb or a CSS name, received {_shown(self.color)}{suggestion}")

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The color as 8-bit sRGB."""
        red, green, blue = ImageColor.getrgb(self.color)[:3]
        return red, green, blue


_HEX = re.compile("#[0-9a-fA-F]{6}")
_NAMES = frozenset(ImageColor.colormap)
_KEYS = [field.name for field in fields(ColorHint)]


def read_hints(path: str | Path) -> list[ColorHint]:
    """Reads a file of hints.

    Args:
        path: a ``hints.json``.

    Raises:
        ColorganError: a sentence that names the file, the hint and what is wrong with it.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is no regular file" if path.exists() else "does not exist"
        raise ColorganError(f"{path}: the file of hints {what}")
    if path.stat().st_size > _MAX_BYTES:
        raise ColorganError(f"{path}: a file of hints has at most {_MAX_BYTES // 2**20} MiB, this one is larger")
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ColorganError(f"{path}: the file of hints cannot be read ({error.strerror})") from error
    except json.JSONDecodeError as error:
        raise ColorganError(
            f"{path}: this is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ColorganError(f"{path}: this is not JSON that could hold hints") from error
    return parse_hints(data, str(path))


def parse_hints(data: Any, source: str = "hints") -> list[ColorHint]:
    """Takes hints from decoded JSON.

    Args:
        data: what a ``hints.json`` holds.
        source: where it comes from, for messages.

    Raises:
        ColorganError: a sentence that names the source, the hint (counted from 1) and what is wrong with it.

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
        raise ColorganError(f"{source}: 'hints' must be a list, received {_shown(data['hints'])}")
    if len(data["hints"]) > MAX_HINTS:
        raise ColorganError(f"{source}: at most {MAX_HINTS} hints can be given, but these are {len(data['hints'])}")
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
    """Writes a file of hints that :func:`read_hints` reads; a file of that name is replaced in one piece.

    Args:
        path: where to.
        hints: the hints.

    Raises:
        ColorganError: if the file cannot be written.
    """
    path = Path(path)
    entries = ",\n".join(f"    {json.dumps(asdict(hint))}" for hint in hints)
    text = f'{{\n  "hints": [\n{entries}\n  ]\n}}\n' if entries else '{\n  "hints": []\n}\n'
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ColorganError(f"{path}: the hints cannot be written ({error.strerror})") from error


def rasterize_hints(hints: Sequence[ColorHint], photo_size: tuple[int, int], small: SRGBArray) -> FloatArray:
    """Draws hints at the network's working size, as CIE Lab and a mask, for :meth:`colorgan.models.Hints.from_lab`.

    A hint is drawn with its own hue and chroma and with the photo's mean lightness under it, like the hints of
    training, which are taken from the photo. Chroma that sRGB cannot show at this lightness is reduced: a red hint on a
    dark sweater is dark red.

    Args:
        hints: the hints, in pixels of the photo.
        photo_size: width and height of the photo.
        small: the photo at the working size, (h, w, 3) uint8 or uint16; only its lightness counts.

    Returns:
        L*, a*, b* and mask, (4, h, w), zero where there is no hint.

    Raises:
        ColorganError: if a hint lies outside of the photo.
    """
    check_inside(hints, photo_size)
    width, height = photo_size
    rows, columns = small.shape[:2]
    down = (np.arange(rows) + 0.5) * (height / rows)
    right = (np.arange(columns) + 0.5) * (width / columns)
    lightness = cielab.fy(small)

    owner = np.full((rows, columns), -1)
    under = []
    for number, hint in enumerate(hints):
        dot = np.square(down - hint.y)[:, None] + np.square(right - hint.x) <= hint.radius**2
        dot[int(hint.y * rows / height), int(hint.x * columns / width)] = True
        owner[dot] = number
        under.append(lightness[dot].mean())
    rasterized = np.zeros((4, rows, columns), np.float32)
    if hints:
        fy = np.array(under, np.float32)
        ab = cielab.rgb_to_ab(np.array([[hint.rgb for hint in hints]], np.uint8))[:, 0]
        colors = np.stack([fy * np.float32(116) - np.float32(16), *cielab.fit_chroma(fy, *ab)])
        covered = owner >= 0
        rasterized[:3, covered] = colors[:, owner[covered]]
        rasterized[3] = covered
    return rasterized


def check_inside(hints: Sequence[ColorHint], photo_size: tuple[int, int]) -> None:
    """Refuses hints that do not lie on a photo.

    Args:
        hints: the hints, in pixels of the photo.
        photo_size: width and height of the photo.

    Raises:
        ColorganError: naming the first hint that lies outside, counted from 1.
    """
    width, height = photo_size
    for number, hint in enumerate(hints, start=1):
        if not (hint.x < width and hint.y < height):
            raise ColorganError(
                f"hint {number} lies at ({hint.x:g}, {hint.y:g}), outside of the photo of {width} x {height} pixels"
            )


def _check_keys(data: Any, keys: Sequence[str], where: str, expected: str) -> None:
    """Refuses a mapping that lacks one of the keys or has another one."""
    if not isinstance(data, Mapping):
        raise ColorganError(f"{where} must be {expected}, received {_shown(data)}")
    for key in data:
        if key not in keys:
            suggestion = did_you_mean(str(key), keys, list_all=True)
            raise ColorganError(f"{where} has the unknown key {_shown(key)}{suggestion}")
    for key in keys:
        if key not in data:
            raise ColorganError(f"{where} has no {key!r}")


def _shown(value: Any) -> str:
    """A value as it can stand in a sentence."""
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
