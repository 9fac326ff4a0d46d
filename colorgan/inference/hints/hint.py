"""Color hints: a dot, a stroke or an area of a photo, and the color that it shall have."""

import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw

from colorgan.errors import ColorganError, did_you_mean

MAX_REACH = 2.0
MAX_POINTS = 10_000
"""Points of one stroke or area."""

_DEFAULT_RADIUS = 1 / 50
"""Of the photo's shorter side."""
_SUPERSAMPLING = 4

Size: TypeAlias = tuple[int, int]
Point: TypeAlias = tuple[float, float]
Mask: TypeAlias = npt.NDArray[np.bool_]


class Hint(ABC):
    """A mark on a photo with the color that it shall have.

    Only the chroma of the color is used, unless ``recolor`` is set; the lightness is that of the photo.

    Attributes:
        color: ``#rrggbb`` or a CSS name.
        reach: how far the color spreads from the mark over what looks like the same thing: 0 is the mark alone, 1 the
            default, 2 the most.
        recolor: whether the photo becomes a little lighter or darker where it is too dark or too light for the color.
    """

    color: str
    reach: float
    recolor: bool

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The color in 8-bit sRGB."""
        red, green, blue = ImageColor.getrgb(self.color)[:3]
        return red, green, blue

    @property
    @abstractmethod
    def vertices(self) -> Sequence[Point]:
        """The points of the mark, in pixels of the photo."""

    @abstractmethod
    def resized(self, photo_size: Size, new_size: Size) -> Self:
        """The same hint on a copy of the photo; sizes are width and height."""

    @abstractmethod
    def mask(self, photo_size: Size, shape: tuple[int, int]) -> Mask:
        """The pixels that the mark covers on a copy of the photo, at least one.

        Args:
            photo_size: width and height of the photo.
            shape: height and width of the copy.

        Returns:
            Of the given shape.
        """

    def _check_color(self) -> None:
        if not isinstance(self.color, str) or not (_HEX.fullmatch(self.color) or self.color.lower() in _CSS_NAMES):
            suggestion = did_you_mean(str(self.color), _CSS_NAMES)
            raise ColorganError(f"color must be #rrggbb or a CSS name, received {describe(self.color)}{suggestion}")
        if not isinstance(self.recolor, bool):
            raise ColorganError(f"recolor must be true or false, received {describe(self.recolor)}")

    def _check_reach(self) -> None:
        if not _is_number(self.reach) or not 0 <= self.reach <= MAX_REACH:
            raise ColorganError(f"reach must be a number from 0 to {MAX_REACH:g}, received {describe(self.reach)}")


@dataclass(frozen=True)
class ColorHint(Hint):
    """A dot of color on a photo.

    Attributes:
        x: horizontal position, in pixels from the left edge of the photo.
        y: vertical position, in pixels from the top edge.
        color: ``#rrggbb`` or a CSS name.
        radius: in pixels of the photo; the hint always covers the pixel at its center. Default: a 50th of the photo's
            shorter side.
        reach: see :class:`Hint`.
        recolor: see :class:`Hint`.

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
    radius: float | None = None
    reach: float = 1.0
    recolor: bool = False

    def __post_init__(self) -> None:
        _check_pixels("x", self.x)
        _check_pixels("y", self.y)
        _check_radius(self.radius)
        self._check_color()
        self._check_reach()

    @property
    def vertices(self) -> Sequence[Point]:
        """The center."""
        return [(self.x, self.y)]

    def resized(self, photo_size: Size, new_size: Size) -> Self:
        """The same dot on a copy of the photo; see :meth:`Hint.resized`."""
        ((x, y),) = _resized_points(self.vertices, photo_size, new_size)
        return replace(self, x=x, y=y, radius=_resized_radius(self.radius, photo_size, new_size))

    def mask(self, photo_size: Size, shape: tuple[int, int]) -> Mask:
        """The pixels whose centers are within the radius; see :meth:`Hint.mask`."""
        (width, height), (rows, columns) = photo_size, shape
        radius = _radius_on(self.radius, photo_size)
        y = (np.arange(rows) + 0.5) * (height / rows)
        x = (np.arange(columns) + 0.5) * (width / columns)
        disk: Mask = np.square(y - self.y)[:, None] + np.square(x - self.x) <= radius**2
        disk[_pixel(self.vertices[0], photo_size, shape)] = True
        return disk


@dataclass(frozen=True)
class ColorStroke(Hint):
    """A stroke of a brush.

    Attributes:
        stroke: the points that it connects, (x, y) in pixels of the photo.
        color: ``#rrggbb`` or a CSS name.
        radius: half of its width, in pixels of the photo. Default: a 50th of the photo's shorter side.
        reach: see :class:`Hint`.
        recolor: see :class:`Hint`.

    Raises:
        ColorganError: naming the invalid attribute and its value.

    Example:
        >>> ColorStroke([(3, 4), (30, 4)], "#2e6b34").mask((40, 20), (20, 40)).sum()
        np.int64(28)
    """

    stroke: Sequence[Point]
    color: str
    radius: float | None = None
    reach: float = 1.0
    recolor: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "stroke", _points("stroke", self.stroke, 1))
        _check_radius(self.radius)
        self._check_color()
        self._check_reach()

    @property
    def vertices(self) -> Sequence[Point]:
        """The points that it connects."""
        return self.stroke

    def resized(self, photo_size: Size, new_size: Size) -> Self:
        """The same stroke on a copy of the photo; see :meth:`Hint.resized`."""
        points = _resized_points(self.stroke, photo_size, new_size)
        return replace(self, stroke=points, radius=_resized_radius(self.radius, photo_size, new_size))

    def mask(self, photo_size: Size, shape: tuple[int, int]) -> Mask:
        """The pixels that are at least half inside of the stroke; see :meth:`Hint.mask`."""
        canvas, points = _canvas(self.stroke, photo_size, shape)
        draw = ImageDraw.Draw(canvas)
        radius = _SUPERSAMPLING * _radius_on(self.radius, photo_size) * shape[1] / photo_size[0]
        draw.line(points, fill=255, width=max(1, round(2 * radius)))
        for x, y in points:  # round ends and joints
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        return _pixels_of(canvas, self.stroke, photo_size, shape)


@dataclass(frozen=True)
class ColorArea(Hint):
    """An area of a photo, which gets the color as it is: nothing spreads from it.

    Attributes:
        area: the corners of a polygon, (x, y) in pixels of the photo; the last one is connected to the first.
        color: ``#rrggbb`` or a CSS name.
        recolor: see :class:`Hint`.

    Raises:
        ColorganError: naming the invalid attribute and its value.

    Example:
        >>> ColorArea([(0, 0), (10, 0), (10, 20), (0, 20)], "gold").mask((40, 20), (20, 40)).sum()
        np.int64(200)
    """

    area: Sequence[Point]
    color: str
    recolor: bool = False
    reach = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "area", _points("area", self.area, 3))
        self._check_color()

    @property
    def vertices(self) -> Sequence[Point]:
        """The corners."""
        return self.area

    def resized(self, photo_size: Size, new_size: Size) -> Self:
        """The same area on a copy of the photo; see :meth:`Hint.resized`."""
        return replace(self, area=_resized_points(self.area, photo_size, new_size))

    def mask(self, photo_size: Size, shape: tuple[int, int]) -> Mask:
        """The pixels that are at least half inside of the area; see :meth:`Hint.mask`."""
        canvas, points = _canvas(self.area, photo_size, shape)
        ImageDraw.Draw(canvas).polygon(points, fill=255)
        return _pixels_of(canvas, self.area, photo_size, shape)


def check_inside(hints: Sequence[Hint], photo_size: Size) -> None:
    """Checks that all hints are inside a photo.

    Strokes and areas may end on its right or lower edge, where a pointer that leaves the photo ends them.

    Args:
        hints: the hints, in pixels of the photo.
        photo_size: width and height of the photo.

    Raises:
        ColorganError: naming the first hint outside the photo, counted from 1.
    """
    width, height = photo_size
    for number, hint in enumerate(hints, start=1):
        for x, y in hint.vertices:
            outside = x >= width or y >= height if isinstance(hint, ColorHint) else x > width or y > height
            if outside:
                where = "is" if isinstance(hint, ColorHint) else "has a point"
                raise ColorganError(
                    f"hint {number} {where} at ({x:g}, {y:g}), outside the photo of {width} x {height} pixels"
                )


def describe(value: Any) -> str:
    """Formats a JSON value for an error message."""
    if isinstance(value, list | tuple | Mapping):
        return "an object" if isinstance(value, Mapping) else "a list"
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)  # NaN or Infinity
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_HEX = re.compile("#[0-9a-fA-F]{6}")
_CSS_NAMES = frozenset(ImageColor.colormap)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_pixels(name: str, value: Any, bound: str = "0 or more") -> None:
    if not _is_number(value):
        raise ColorganError(f"{name} must be a number of pixels, received {describe(value)}")
    if not 0 <= value < 2**31:
        raise ColorganError(f"{name} must be a number of pixels, {bound}, received {describe(value)}")


def _check_radius(radius: Any) -> None:
    if radius is not None:
        _check_pixels("radius", radius, "above 0")
        if radius == 0:
            raise ColorganError("radius must be a number of pixels, above 0, received 0")


def _points(name: str, points: Any, at_least: int) -> tuple[Point, ...]:
    """Checks a list of points, and makes tuples of it."""
    if not isinstance(points, list | tuple):
        raise ColorganError(f"{name} must be a list of points [x, y], received {describe(points)}")
    if not at_least <= len(points) <= MAX_POINTS:
        raise ColorganError(f"{name} must have from {at_least} to {MAX_POINTS} points, received {len(points)}")
    for point in points:
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise ColorganError(f"{name} must be a list of points [x, y], received {describe(point)} among them")
        for coordinate in point:
            _check_pixels(f"each coordinate of {name}", coordinate)
    return tuple((x, y) for x, y in points)


def _radius_on(radius: float | None, photo_size: Size) -> float:
    return _DEFAULT_RADIUS * min(photo_size) if radius is None else radius


def _resized_radius(radius: float | None, photo_size: Size, new_size: Size) -> float | None:
    return None if radius is None else radius * max(new_size) / max(photo_size)


def _resized_points(points: Sequence[Point], photo_size: Size, new_size: Size) -> tuple[Point, ...]:
    """Scales points, so that those inside the photo stay inside in spite of rounding."""
    factors = [new / old for new, old in zip(new_size, photo_size, strict=True)]
    last = [math.nextafter(new, 0) for new in new_size]
    return tuple((min(x * factors[0], last[0]), min(y * factors[1], last[1])) for x, y in points)


def _pixel(point: Point, photo_size: Size, shape: tuple[int, int]) -> tuple[int, int]:
    """Row and column of the pixel of a copy that contains a point of the photo."""
    (x, y), (width, height), (rows, columns) = point, photo_size, shape
    return min(int(y * rows / height), rows - 1), min(int(x * columns / width), columns - 1)


def _canvas(points: Sequence[Point], photo_size: Size, shape: tuple[int, int]) -> tuple[Image.Image, list[Point]]:
    """An empty image for a supersampled mask, and the points on it.

    Pillow paints the pixel that contains a point, so that half a pixel is taken off.
    """
    rows, columns = (_SUPERSAMPLING * side for side in shape)
    scaled = [(x * columns / photo_size[0] - 0.5, y * rows / photo_size[1] - 0.5) for x, y in points]
    return Image.new("L", (columns, rows)), scaled


def _pixels_of(canvas: Image.Image, points: Sequence[Point], photo_size: Size, shape: tuple[int, int]) -> Mask:
    covered: Mask = np.asarray(canvas.reduce(_SUPERSAMPLING)) >= 128
    if not covered.any():
        covered = np.zeros(shape, bool)
        for point in points:
            covered[_pixel(point, photo_size, shape)] = True
    return covered
