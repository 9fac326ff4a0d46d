"""One photo that a visitor works on: looked at on the screen, hinted at, and at last coloured at its full size."""

import contextlib
import io
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from colorgan.color.cielab import CodeArray
from colorgan.errors import ColorganError
from colorgan.images.reading import Photo, UnreadableImage, printable, read_photo
from colorgan.images.writing import encode_photo
from colorgan.inference.full_size import Colouring, shrink
from colorgan.inference.hint_file import ColorHint, check_inside
from colorgan.inference.photo_colorizer import PhotoColorizer, check_strength
from colorgan.web.server.suggestions import Suggestion, suggest

SCREEN = 1440
"""Longer side, in pixels, of the copy that is shown while one works."""


@dataclass(frozen=True)
class Colourist:
    """What colours, and within which bounds.

    Attributes:
        model: the model.
        size: shorter side in pixels at which it looks at photos; its own by default.
        max_pixels: photos with more pixels are refused before they are decoded.
    """

    model: PhotoColorizer
    size: int | None
    max_pixels: int

    def look(self, photo: CodeArray, hints: Sequence[ColorHint]) -> Colouring:
        """Which colours a photo has, by the model."""
        return self.model.look([photo], size=self.size, hints=[hints] if hints else None)[0]


@dataclass(frozen=True)
class Wishes:
    """How a coloured photo is wanted.

    Attributes:
        strength: 0 gives the gray photo, 1 the predicted colours.
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
        colourist: what colours it.

    Attributes:
        name: what messages call it.
        width: of the photo in pixels, upright.
        height: of the photo in pixels, upright.
        before: the photo as it came, at screen size, as JPEG.

    Raises:
        UnreadableImage: if it is not a photo, or too large.
    """

    def __init__(self, file: Path, name: str, colourist: Colourist) -> None:
        self.name = name
        self._file = file
        self._colourist = colourist
        photo = read(file, name, colourist.max_pixels, shrink_to=SCREEN)
        self.width, self.height = photo.size
        self._screen = shrink(_pixels(photo), _screen_shape(self.height, self.width))
        self.before = _jpeg(shrink(photo.rgb, self._screen.shape[:2]))
        self._plain: Colouring | None = None
        self._last: tuple[Sequence[ColorHint], Colouring] | None = None

    def coloured(self, hints: Sequence[ColorHint], strength: float) -> bytes:
        """The coloured photo at screen size, as JPEG.

        Args:
            hints: in pixels of the photo.
            strength: from 0 to 1.

        Raises:
            ColorganError: if a hint lies outside of the photo.
        """
        check_strength(strength)
        if self._last is None or self._last[0] != hints:
            self._last = hints, (self._look(hints) if hints else self._unhinted())
        return _jpeg(self._last[1].paint(self._screen, strength))

    def suggestions(self, x: float, y: float, radius: float) -> list[Suggestion]:
        """Colours that the model may see at a place; see :func:`colorgan.web.server.suggestions.suggest`.

        Args:
            x: pixels from the left edge of the photo.
            y: pixels from its upper edge.
            radius: of the dot that lies there, in pixels of the photo.

        Raises:
            ColorganError: if the place lies outside of the photo.
        """
        (dot,) = self._on_screen([ColorHint(x, y, "gray", radius)])
        return suggest(self._colourist.look, self._screen, self._unhinted(), dot)

    def finish(self, hints: Sequence[ColorHint], wishes: Wishes) -> BinaryIO:
        """Colours the photo at its full size; see :func:`colour_file`."""
        return colour_file(self._file, self.name, hints, self._colourist, wishes)

    def _unhinted(self) -> Colouring:
        if self._plain is None:
            self._plain = self._colourist.look(self._screen, ())
        return self._plain

    def _look(self, hints: Sequence[ColorHint]) -> Colouring:
        return self._colourist.look(self._screen, self._on_screen(hints))

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


def colour_file(file: Path, name: str, hints: Sequence[ColorHint], colourist: Colourist, wishes: Wishes) -> BinaryIO:
    """Colours a photo at its full size, as ``colorgan colorize`` does.

    Args:
        file: the photo, in a private folder.
        name: what messages call it.
        hints: in pixels of the photo.
        colourist: what colours it.
        wishes: how it is wanted.

    Returns:
        A file beside the photo, to be read from its beginning; it is gone once it is closed.

    Raises:
        UnreadableImage: if it is not a photo, or too large.
        ColorganError: if it cannot be coloured as wished.
    """
    photo = read(file, name, colourist.max_pixels)
    pixels = _pixels(photo)
    painted = colourist.look(pixels, hints).paint(pixels, wishes.strength)
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


def _pixels(photo: Photo) -> CodeArray:
    return photo.rgb if photo.gray16 is None else photo.gray16


def _screen_shape(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, SCREEN / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _jpeg(pixels: CodeArray) -> bytes:
    file = io.BytesIO()
    encode_photo(file, pixels, "JPEG")
    return file.getvalue()
