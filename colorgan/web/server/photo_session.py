"""An uploaded photo that a user is working on: previews, color suggestions, and the result at full size."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from colorgan.color.cielab import SRGBArray
from colorgan.images import encode_photo
from colorgan.inference.full_size import ChromaPrediction, downscale
from colorgan.inference.hints import ColorHint, Hint, check_inside
from colorgan.inference.photo_colorizer import check_strength
from colorgan.web.server.colorization_service import ColorizationService, OutputOptions, pixels_of
from colorgan.web.server.session_store import SessionExpiredError
from colorgan.web.server.suggestions import Suggestion, suggest_colors

H = TypeVar("H", bound=Hint)

PREVIEW_SIZE = 1440
"""Longer side of previews, in pixels."""


class PhotoSession:
    """A photo with its preview and the latest prediction for it.

    Args:
        file: the photo on disk; it is read again for the result at full size.
        name: its name in messages.
        service: the model.

    Attributes:
        name: its name in messages.
        width: width of the upright photo, in pixels.
        height: height of the upright photo, in pixels.
        original: preview of the uploaded photo, as JPEG.

    Raises:
        UnreadableImage: if it is not a photo, or has too many pixels.
    """

    def __init__(self, file: Path, name: str, service: ColorizationService) -> None:
        self.name = name
        self._file = file
        self._service = service
        photo = service.read_photo(file, name, shrink_to=PREVIEW_SIZE)
        self.width, self.height = photo.size
        self._preview = downscale(pixels_of(photo), _preview_shape(self.height, self.width))
        self.original = _encode_jpeg(downscale(photo.rgb, self._preview.shape[:2]))
        self._unhinted: ChromaPrediction | None = None
        self._latest: tuple[Sequence[Hint], ChromaPrediction] | None = None

    def preview(self, hints: Sequence[Hint], strength: float) -> bytes:
        """Colorizes the preview.

        Args:
            hints: in pixels of the photo.
            strength: from 0 (gray) to 1 (as predicted).

        Returns:
            The colorized preview as JPEG.

        Raises:
            ColorganError: if a hint lies outside the photo, or the strength is out of range.
        """
        check_strength(strength)
        if self._latest is None or self._latest[0] != hints:
            self._latest = hints, (self._predict(hints) if hints else self._predict_unhinted())
        return _encode_jpeg(self._latest[1].apply_to(self._preview, strength))

    def suggestions(self, spot: ColorHint) -> list[Suggestion]:
        """Suggests colors for a hint; see :func:`colorgan.web.server.suggestions.suggest_colors`.

        Args:
            spot: in pixels of the photo; its color is ignored.

        Raises:
            ColorganError: if the position lies outside the photo.
        """
        (shrunk,) = self._to_preview([spot])
        return suggest_colors(self._service.predict_chroma, self._preview, self._predict_unhinted(), shrunk)

    def colorize(self, hints: Sequence[Hint], options: OutputOptions) -> BinaryIO:
        """Colorizes the photo at full size; see :meth:`ColorizationService.colorize_file`.

        Raises:
            SessionExpiredError: if the uploaded file was deleted.
        """
        if not self._file.exists():
            raise SessionExpiredError
        return self._service.colorize_file(self._file, self.name, hints, options)

    def _predict(self, hints: Sequence[Hint]) -> ChromaPrediction:
        return self._service.predict_chroma(self._preview, self._to_preview(hints))

    def _predict_unhinted(self) -> ChromaPrediction:
        if self._unhinted is None:
            self._unhinted = self._service.predict_chroma(self._preview, ())
        return self._unhinted

    def _to_preview(self, hints: Sequence[H]) -> list[H]:
        """Scales hints from pixels of the photo to pixels of the preview."""
        check_inside(hints, (self.width, self.height))
        height, width = self._preview.shape[:2]
        return [hint.resized((self.width, self.height), (width, height)) for hint in hints]


def _preview_shape(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, PREVIEW_SIZE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _encode_jpeg(pixels: SRGBArray) -> bytes:
    file = io.BytesIO()
    encode_photo(file, pixels, "JPEG")
    return file.getvalue()
