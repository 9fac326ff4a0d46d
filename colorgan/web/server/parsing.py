"""What the JSON of a request asks for, checked before it is used."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from colorgan.errors import ColorganError
from colorgan.inference.hints import ColorHint, Hint, parse_hints
from colorgan.web.server.colorization_service import DEFAULT_OUTPUT, LookSettings, OutputOptions
from colorgan.web.server.crop import Crop

MAX_HINTS = 1000
"""Maximum number of hints on the page, which redraws all of them on every change."""

_LOOK_KEYS = {"strength", "warmth", "reference", "mix"}
_OUTPUT_KEYS = {"format", "metadata"}


@dataclass(frozen=True)
class Colorization:
    """How a photo shall be colorized.

    Attributes:
        hints: in pixels of the photo.
        look: strength, warmth, reference and mix.
        crop: the part of the photo to show; ``None`` for all of it.
        output: the file to write.
    """

    hints: list[Hint]
    look: LookSettings
    crop: Crop | None = None
    output: OutputOptions = DEFAULT_OUTPUT


def parse_spot(data: Any) -> ColorHint:
    """Parses ``{"x": 3, "y": 4, "radius": 5}``, a hint whose color is not chosen yet.

    Raises:
        ColorganError: if the data has another form.
    """
    return _parse_dot({**check_fields(data, {"x", "y", "radius"}), "color": "gray"})


def parse_colored_spot(data: Any) -> ColorHint:
    """Parses ``{"x": 3, "y": 4, "radius": 5, "color": "#2e6b34"}``.

    Raises:
        ColorganError: if the data has another form.
    """
    return _parse_dot(check_fields(data, {"x", "y", "radius", "color"}))


def _parse_dot(fields: Mapping[str, Any]) -> ColorHint:
    (spot,) = parse_hints([fields], "the spot")
    assert isinstance(spot, ColorHint)
    return spot


def parse_hint_file(data: Any, source: str = "the hints") -> list[Hint]:
    """Parses the content of a ``hints.json``.

    Args:
        data: the decoded JSON.
        source: name of the data in messages.

    Raises:
        ColorganError: if a hint is invalid, or there are too many.
    """
    hints = parse_hints(data, source)
    if len(hints) > MAX_HINTS:
        raise ColorganError(f"{source}: the page supports at most {MAX_HINTS} hints, received {len(hints)}")
    return hints


def parse_colorization(data: Any, *also: str) -> Colorization:
    """Parses ``{"hints": […], "strength": 1, "warmth": 0, "reference": null, "mix": null, …}``; all keys are optional.

    Args:
        data: the decoded JSON.
        also: further keys that are allowed: ``crop``, ``format`` or ``metadata``.

    Raises:
        ColorganError: naming the invalid key.
    """
    fields = check_fields(data, {"hints", *_LOOK_KEYS, *also})
    crop = fields.get("crop")
    return Colorization(
        parse_hint_file({"hints": fields.get("hints", [])}),
        _look_settings(fields),
        None if crop is None else _crop(crop),
        _output_options(fields),
    )


def parse_album(data: Any) -> tuple[LookSettings, OutputOptions]:
    """Parses ``{"strength": 1, …, "format": "png", "metadata": false}``; all keys are optional.

    Raises:
        ColorganError: naming the invalid key.
    """
    fields = check_fields(data, _LOOK_KEYS | _OUTPUT_KEYS)
    return _look_settings(fields), _output_options(fields)


def parse_album_photo(data: Any) -> tuple[str, str, Colorization]:
    """Parses ``{"photo": KEY, "path": "trip/a.png", "hints": […], "strength": 1, …}``; only the key is required.

    Returns:
        The key of the uploaded photo, its path in the archive, and how to colorize it.

    Raises:
        ColorganError: naming the invalid key.
    """
    fields = check_fields(data, {"photo", "path", "hints", *_LOOK_KEYS})
    key, path = fields.pop("photo", None), fields.pop("path", "")
    if not isinstance(key, str):
        raise ColorganError(f"photo must be the key of an uploaded photo, received {_shorten(key)}")
    if not isinstance(path, str):
        raise ColorganError(f"path must be a text, received {_shorten(path)}")
    return key, path, parse_colorization(fields)


def parse_crop(text: str | None) -> Crop | None:
    """Parses the query parameter ``left,top,width,height``.

    Raises:
        ColorganError: if it has another form.

    Example:
        >>> parse_crop("10,0,30,20")
        Crop(left=10, top=0, width=30, height=20)
    """
    if text is None:
        return None
    parts = text.split(",")
    is_valid = len(parts) == 4 and all(part.isdecimal() and len(part) < 10 for part in parts)
    return _crop([int(part) for part in parts] if is_valid else text)


def _crop(value: Any) -> Crop:
    is_valid = isinstance(value, list) and len(value) == 4 and all(type(number) is int for number in value)
    if not is_valid or min(value) < 0 or min(value[2:]) == 0:
        raise ColorganError(
            "crop must be left, top, width and height in whole pixels of the photo, received "
            f"{value if is_valid else _shorten(value)}"
        )
    return Crop(*value)


def _look_settings(fields: Mapping[str, Any]) -> LookSettings:
    strength = _number(fields, "strength", 1.0, "between 0 (gray) and 2 (twice as colorful as predicted)")
    warmth = _number(fields, "warmth", 0.0, "between -1 (cold) and 1 (warm)")
    reference, mix = fields.get("reference"), fields.get("mix")
    if not (reference is None or isinstance(reference, str)):
        raise ColorganError(f"reference must be the key of an uploaded photo, or null, received {_shorten(reference)}")
    if not (mix is None or (isinstance(mix, list) and all(_is_number(weight) for weight in mix))):
        raise ColorganError(f"mix must be a list with one number per model, or null, received {_shorten(mix)}")
    return LookSettings(strength, warmth, reference, None if mix is None else tuple(mix))


def _number(fields: Mapping[str, Any], key: str, default: float, expected: str) -> float:
    value = fields.get(key, default)
    if not _is_number(value):
        raise ColorganError(f"{key} must be a number {expected}, received {_shorten(value)}")
    return float(value) if abs(value) < 1e300 else value  # an integer of 4,000 digits is no float


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _output_options(fields: Mapping[str, Any]) -> OutputOptions:
    metadata, format_name = fields.get("metadata", False), fields.get("format", "png")
    if format_name not in ("png", "jpeg"):
        raise ColorganError(f"format must be png or jpeg, received {_shorten(format_name)}")
    if not isinstance(metadata, bool):
        raise ColorganError(f"metadata must be true or false, received {_shorten(metadata)}")
    return OutputOptions(format_name.upper(), metadata)


def check_fields(data: Any, allowed: set[str]) -> dict[str, Any]:
    """Checks that data is an object with no other keys than these, and returns it.

    Raises:
        ColorganError: if it is not.
    """
    expected = f"expected a JSON object with the keys {', '.join(sorted(allowed))}"
    if not isinstance(data, dict):
        raise ColorganError(f"{expected}, received {_shorten(data)}")
    if unknown := sorted(data.keys() - allowed):
        raise ColorganError(f"{expected}, received the unknown key {_shorten(unknown[0])}")
    return dict(data)


def _shorten(value: Any, max_length: int = 60) -> str:
    """A JSON value, short enough for a message."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= max_length else f"{text[: max_length - 3]}..."
