"""The ``hints.json`` format, shared by the command line, the web app and Python.

    {
      "hints": [
        {"x": 412, "y": 96.5, "color": "#2e6b34", "radius": 8},
        {"stroke": [[30, 700], [90, 712]], "color": "navy", "radius": 12, "reach": 1.5},
        {"area": [[200, 40], [260, 40], [260, 90]], "color": "gold", "recolor": true}
      ]
    }

A hint is a dot (:class:`ColorHint`), a stroke (:class:`ColorStroke`) or an area (:class:`ColorArea`), with their
attributes as keys. All coordinates are in pixels of the upright photo, from its upper left corner to the right and
down; pixel (0, 0) spans from 0 to 1. Where hints overlap, later ones cover earlier ones. A file may also be the bare
list.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeAlias

from colorgan.errors import ColorganError, did_you_mean
from colorgan.files import atomic_write, open_regular
from colorgan.inference.hints.hint import ColorArea, ColorHint, ColorStroke, Hint, describe

MAX_HINTS = 10_000
"""Files with more hints are refused, because hint files may come from untrusted sources."""

_MAX_BYTES = 4 * 2**20


_Kind: TypeAlias = type[ColorStroke] | type[ColorArea] | type[ColorHint]

_KINDS: dict[str, _Kind] = {"stroke": ColorStroke, "area": ColorArea, "x": ColorHint}
"""The kinds of hints, by a key that only they have."""


def read_hints(path: str | Path, reach: float = 1.0) -> list[Hint]:
    """Reads a hint file.

    Args:
        path: a ``hints.json`` file.
        reach: reach of the dots and strokes that do not name theirs.

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
    return parse_hints(data, str(path), reach)


def parse_hints(data: Any, source: str = "hints", reach: float = 1.0) -> list[Hint]:
    """Parses hints from decoded JSON.

    Args:
        data: the decoded content of a ``hints.json`` file; its list may also have hints that are objects already.
        source: name of the source, for error messages.
        reach: reach of the dots and strokes that do not name theirs.

    Raises:
        ColorganError: naming the source, the invalid hint (counted from 1) and the problem.

    Example:
        >>> parse_hints({"hints": [{"x": 3, "y": 4, "color": "#ff0000", "radius": 2}]})
        [ColorHint(x=3, y=4, color='#ff0000', radius=2, reach=1.0, recolor=False)]
        >>> parse_hints({"hints": [{"x": 3, "y": 4, "colr": "red", "radius": 2}]}, "cat.json")
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: cat.json: hint 1 has the unknown key 'colr'; did you mean 'color'?
    """
    if not isinstance(data, list):
        _check_keys(data, ["hints"], ["hints"], f"{source}: the file", "an object with a list called 'hints'")
        data = data["hints"]
    if not isinstance(data, list):
        raise ColorganError(f"{source}: 'hints' must be a list, received {describe(data)}")
    if len(data) > MAX_HINTS:
        raise ColorganError(f"{source}: at most {MAX_HINTS} hints are allowed, received {len(data)}")
    hints: list[Hint] = []
    num_points = 0
    for number, entry in enumerate(data, start=1):
        where = f"{source}: hint {number}"
        hints.append(entry if isinstance(entry, Hint) else _parse(entry, where, reach))
        num_points += len(hints[-1].vertices)
        if num_points > MAX_HINTS:
            raise ColorganError(f"{where}: all hints together may have at most {MAX_HINTS} points")
    return hints


def _parse(entry: Any, where: str, reach: float) -> Hint:
    kind = _kind_of(entry)
    keys = [field.name for field in fields(kind)]
    required = [field.name for field in fields(kind) if field.default is MISSING]
    _check_keys(entry, keys, required, where, "an object with x, y and color, or with a stroke or an area")
    try:
        return kind(**({"reach": reach} if "reach" in keys else {}) | entry)
    except ColorganError as error:
        raise ColorganError(f"{where}: {error}") from error


def _kind_of(entry: Any) -> _Kind:
    if isinstance(entry, Mapping):
        for key, kind in _KINDS.items():
            if key in entry:
                return kind
    return ColorHint


def hint_entry(hint: Hint) -> dict[str, Any]:
    """A hint as it is written to JSON: without the attributes that have their default.

    Example:
        >>> hint_entry(ColorHint(3, 4, "navy", reach=0.5))
        {'x': 3, 'y': 4, 'color': 'navy', 'reach': 0.5}
    """
    values = {field.name: (getattr(hint, field.name), field.default) for field in fields(hint)}  # type: ignore[arg-type]
    return {name: value for name, (value, default) in values.items() if value != default}


def write_hints(path: str | Path, hints: Iterable[Hint]) -> None:
    """Writes a hint file atomically; an existing file is replaced.

    Args:
        path: the file to write.
        hints: the hints.

    Raises:
        ColorganError: if the file cannot be written.
    """
    path = Path(path)
    entries = ",\n".join(f"    {json.dumps(hint_entry(hint))}" for hint in hints)
    text = f'{{\n  "hints": [\n{entries}\n  ]\n}}\n' if entries else '{\n  "hints": []\n}\n'
    if not path.parent.is_dir():
        raise ColorganError(f"{path}: the hint file cannot be written (there is no folder {path.parent})")
    try:
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ColorganError(f"{path}: the hint file cannot be written ({error.strerror})") from error


def _check_keys(data: Any, keys: Sequence[str], required: Sequence[str], where: str, expected: str) -> None:
    """Checks that data is a mapping with all of the required keys and no others than these."""
    if not isinstance(data, Mapping):
        raise ColorganError(f"{where} must be {expected}, received {describe(data)}")
    for key in data:
        if key not in keys:
            suggestion = did_you_mean(str(key), keys, list_all=True)
            raise ColorganError(f"{where} has the unknown key {describe(key)}{suggestion}")
    for key in required:
        if key not in data:
            raise ColorganError(f"{where} has no {key!r}")
