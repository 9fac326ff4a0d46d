"""One photo that a visitor works on: looked at on the screen, hinted at, and at last colored at its full size."""

import contextlib
import io
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from colorgan.color.cielab import SRGBArray
from colorgan.errors import ColorganError
from colorgan.images.reading import Photo, UnreadableImage, printable, read_photo
from colorgan.images.writing import encode_photo
from colorgan.inference.full_size import ChromaPrediction, downscale
from colorgan.inference.hint_file import ColorHint, check_inside
from colorgan.inference.photo_colorizer import PhotoColorizer, check_strength
from colorgan.web.server.suggestions import Suggestion, suggest

SCREEN = 1440
"""Longer side, in pixels, of the copy that is shown while one works."""


@dataclass(frozen=True)
class Colorist:
    """What colors, and within which bounds.

    Attributes:
        model: the model.
        size: shorter side in pixels at which it looks at photos; its own by default.
        max_pixels: photos with more pixels are refused before they are decoded.
    """

    model: PhotoColorizer
    size: int | None
    max_pixels: int

    def look(self, photo: SRGBArray, hints: Sequence[ColorHint]) -> ChromaPrediction:
        """Which colors a photo has, by the model."""
        return self.model.predict_chroma([photo], size=self.size, hints=[hints] if hints else None)[0]


@dataclass(frozen=True)
class Wishes:
    """How a colored photo is wanted.

    Attributes:
        strength: 0 gives the gray photo, 1 the predicted colors.
        kind: ``PNG`` or ``JPEG``.
        metadata: whether EXIF, XMP and resolution are kept.
    """

    strength: float = 1.0
    kind: str = "PNG"
    metadata: bool = False

    def __post_init__(self) -> None:
        check_strength(self.strength)


class Workpiece:
    """A photo with its copy for the screen and what the model last said about it.

    Args:
        file: the photo, which stays where it is.
        name: what messages call it.
        colorist: what colors it.

    Attributes:
        name: what messages call it.
        width: of the photo in pixels, upright.
        height: of the photo in pixels, upright.
        before: the photo as it came, at screen size, as JPEG.

    Raises:
        UnreadableImage: if it is not a photo, or too large.
    """

    def __init__(self, file: Path, name: str, colorist: Colorist) -> None:
        self.name = name
        self._file = file
        self._colorist = colorist
        photo = read(file, name, colorist.max_pixels, shrink_to=SCREEN)
        self.width, self.height = photo.size
        self._screen = downscale(_pixels(photo), _screen_shape(self.height, self.width))
        self.before = _jpeg(downscale(photo.rgb, self._screen.shape[:2]))
        self._plain: ChromaPrediction | None = None
        self._last: tuple[Sequence[ColorHint], ChromaPrediction] | None = None

    def colored(self, hints: Sequence[ColorHint], strength: float) -> bytes:
        """The colored photo at screen size, as JPEG.

        Args:
            hints: in pixels of the photo.
            strength: from 0 to 1.

        Raises:
            ColorganError: if a hint lies outside of the photo.
        """
        check_strength(strength)
        if self._last is None or self._last[0] != hints:
            self._last = hints, (self._look(hints) if hints else self._unhinted())
        return _jpeg(self._last[1].apply_to(self._screen, strength))

    def suggestions(self, x: float, y: float, radius: float) -> list[Suggestion]:
        """Colors that the model may see at a place; see :func:`colorgan.web.server.suggestions.suggest`.

        Args:
            x: pixels from the left edge of the photo.
            y: pixels from its upper edge.
            radius: of the dot that lies there, in pixels of the photo.

        Raises:
            ColorganError: if the place lies outside of the photo.
        """
        (dot,) = self._on_screen([ColorHint(x, y, "gray", radius)])
        return suggest(self._colorist.look, self._screen, self._unhinted(), dot)

    def finish(self, hints: Sequence[ColorHint], wishes: Wishes) -> BinaryIO:
        """Colors the photo at its full size; see :func:`color_file`."""
        return color_file(self._file, self.name, hints, self._colorist, wishes)

    def _unhinted(self) -> ChromaPrediction:
        if self._plain is None:
            self._plain = self._colorist.look(self._screen, ())
        return self._plain

    def _look(self, hints: Sequence[ColorHint]) -> ChromaPrediction:
        return self._colorist.look(self._screen, self._on_screen(hints))

    def _on_screen(self, hints: Sequence[ColorHint]) -> list[ColorHint]:
        """Hints in pixels of the photo as hints in pixels of its copy."""
        check_inside(hints, (self.width, self.height))
        height, width = self._screen.shape[:2]
        return [
            replace(
                hint,
                x=min(hint.x * width / self.width, math.nextafter(width, 0)),
                y=min(hint.y * height / self.height, math.nextafter(height, 0)),
                radius=hint.radius * max(width, height) / max(self.width, self.height),
            )
            for hint in hints
        ]


def color_file(file: Path, name: str, hints: Sequence[ColorHint], colorist: Colorist, wishes: Wishes) -> BinaryIO:
    """Colors a photo at its full size, as ``colorgan colorize`` does.

    Args:
        file: the photo, in a private folder.
        name: what messages call it.
        hints: in pixels of the photo.
        colorist: what colors it.
        wishes: how it is wanted.

    Returns:
        A file beside the photo, to be read from its beginning; it is gone once it is closed.

    Raises:
        UnreadableImage: if it is not a photo, or too large.
        ColorganError: if it cannot be colored as wished.
    """
    photo = read(file, name, colorist.max_pixels)
    pixels = _pixels(photo)
    painted = colorist.look(pixels, hints).apply_to(pixels, wishes.strength)
    with contextlib.ExitStack() as closed_on_error:
        result = closed_on_error.enter_context(tempfile.TemporaryFile(dir=file.parent))
        try:
            encode_photo(result, painted, wishes.kind, photo if wishes.metadata else None)
        except ValueError as error:
            raise ColorganError(f"cannot write {printable(name)}: {error}") from error
        result.seek(0)
        closed_on_error.pop_all()
        return result


def read(file: Path, name: str, max_pixels: int, shrink_to: int | None = None) -> Photo:
    """A stranger's photo; messages speak of it by its own name, not by that of the file on this machine."""
    try:
        return read_photo(file, max_pixels=max_pixels, shrink_to=shrink_to)
    except UnreadableImage as error:
        raise UnreadableImage(name, error.reason) from error


def _pixels(photo: Photo) -> SRGBArray:
    return photo.rgb if photo.gray16 is None else photo.gray16


def _screen_shape(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, SCREEN / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _jpeg(pixels: SRGBArray) -> bytes:
    file = io.BytesIO()
    encode_photo(file, pixels, "JPEG")
    return file.getvalue()
