"""The hints that callers give to a colorizer: objects, dictionaries or files, for one photo or for several."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from colorgan.errors import ColorganError
from colorgan.inference.hints.hint import Hint, describe
from colorgan.inference.hints.hint_file import parse_hints, read_hints

PhotoHints: TypeAlias = "str | os.PathLike[str] | Sequence[Hint | Mapping[str, Any]]"
"""The hints of one photo: the path of a hint file, or a list of objects or of dictionaries as in such a file."""

HintsInput: TypeAlias = "str | os.PathLike[str] | Sequence[Hint | Mapping[str, Any] | PhotoHints | None] | None"
"""The hints of one photo, or for each of several photos its hints or ``None``. Type checkers take mixtures of both for
granted, which are refused when they are used."""


def hints_per_photo(hints: HintsInput, num_photos: int) -> Sequence[Sequence[Hint] | None] | None:
    """Converts hints to one list per photo.

    Args:
        hints: the hints of the only photo, or those of each.
        num_photos: number of photos.

    Returns:
        For each photo its hints or ``None``; ``None`` if there are no hints at all.

    Raises:
        ColorganError: naming the hint that cannot be used, or the file that cannot be read.

    Example:
        >>> hints_per_photo([{"x": 3, "y": 4, "color": "navy"}], 1)
        [[ColorHint(x=3, y=4, color='navy', radius=None, reach=1.0, recolor=False)]]
        >>> hints_per_photo([None, [{"x": 3, "y": 4}]], 2)
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: photo 2: hint 1 has no 'color'
    """
    if hints is None:
        return None
    if isinstance(hints, str | os.PathLike) or all(
        isinstance(each, Hint | Mapping) for each in _checked(hints, "hints")
    ):
        if num_photos > 1 and hints:
            raise ColorganError(f"hints must contain one list per photo ({num_photos}), received a single list")
        return [_of_photo(hints, "hints")] * num_photos
    return [None if each is None else _of_photo(each, f"photo {number}") for number, each in enumerate(hints, start=1)]


def _of_photo(hints: Any, source: str) -> Sequence[Hint]:
    if isinstance(hints, str | os.PathLike):
        return read_hints(os.fspath(hints))
    if all(isinstance(hint, Hint) for hint in _checked(hints, source)):
        return list(hints)
    return parse_hints(list(hints), source)


def _checked(hints: Any, source: str) -> Sequence[Any]:
    if not isinstance(hints, Sequence) or isinstance(hints, str | bytes):
        raise ColorganError(
            f"{source}: hints must be a list of ColorHint or dictionaries, or the path of a hint file, received "
            f"{describe(hints)}"
        )
    return hints
