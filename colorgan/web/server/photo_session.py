"""An uploaded photo that a user is working on: views, color suggestions, and the result at full size."""

import base64
import functools
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from colorgan.color.cielab import SRGBArray
from colorgan.images import Photo, encode_photo
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import ColorHint, Hint, check_inside
from colorgan.inference.look import Look
from colorgan.inference.palette import Palette
from colorgan.inference.small_image import downscale
from colorgan.inference.variants import make_variants
from colorgan.web.server.colorization_service import ColorizationService, LookSettings, pixels_of
from colorgan.web.server.crop import VIEW_SIZE, Crop, fit_view, view_shape
from colorgan.web.server.main_colors import main_colors
from colorgan.web.server.parsing import Colorization
from colorgan.web.server.session_store import SessionExpiredError
from colorgan.web.server.shown_color import ShownColor, shown_color
from colorgan.web.server.suggestions import Suggestion, suggest_colors

H = TypeVar("H", bound=Hint)

_VARIANT_SIZE = 480
"""Longer side of variants, in pixels."""


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

    Raises:
        UnreadableImage: if it is not a photo, or has too many pixels.
    """

    def __init__(self, file: Path, name: str, service: ColorizationService) -> None:
        self.name = name
        self._file = file
        self._service = service
        photo = service.read_photo(file, name, shrink_to=VIEW_SIZE)
        self.width, self.height = photo.size
        shape = view_shape(self.height, self.width)
        self._preview = downscale(pixels_of(photo), shape)
        self._original_preview = downscale(photo.rgb, shape)
        self._latest: tuple[Sequence[Hint], tuple[float, ...] | None, ChromaPrediction] | None = None

    @functools.cached_property
    def palette(self) -> Palette:
        """The palette of this photo, for others that refer to it.

        Raises:
            ColorganError: if the photo is gray.
        """
        return Palette.of(self._original_preview)

    def main_colors(self) -> list[str]:
        """The main colors of this photo; see :func:`colorgan.web.server.main_colors.main_colors`."""
        return main_colors(self._original_preview)

    def original(self, crop: Crop | None = None) -> bytes:
        """The uploaded photo, or a part of it, as JPEG of at most 1,440 pixels per side.

        Raises:
            ColorganError: if the crop is outside the photo.
            SessionExpiredError: if the uploaded file was deleted.
        """
        return _encode_jpeg(self._original_preview if crop is None else fit_view(crop.of(self._full_size(crop).rgb)))

    def view(self, wish: Colorization, reference: "PhotoSession | None" = None) -> bytes:
        """The colorized photo, or a part of it, as JPEG of at most 1,440 pixels per side.

        Args:
            wish: hints, look and crop, in pixels of the photo.
            reference: the photo whose palette the colors take.

        Raises:
            ColorganError: if a hint or the crop lies outside the photo, or the look cannot be used.
            SessionExpiredError: if the uploaded file was deleted.
        """
        prediction = self._predict(wish.hints, wish.look.mix)
        look = _look(wish.look, reference)
        if wish.crop is None:
            return _encode_jpeg(prediction.apply_to(self._preview, look))
        pixels = fit_view(wish.crop.of(pixels_of(self._full_size(wish.crop))))
        return _encode_jpeg(prediction.apply_to(pixels, look, wish.crop.window(self.width, self.height)))

    def variants(self, wish: Colorization, reference: "PhotoSession | None" = None) -> list[dict[str, Any]]:
        """Six different answers; see :func:`colorgan.inference.variants.make_variants`.

        Args:
            wish: hints and look.
            reference: the photo whose palette the colors take.

        Returns:
            For each, its label, its settings and the photo as JPEG in base64, of at most 480 pixels per side.

        Raises:
            ColorganError: as for :meth:`view`.
        """
        height, width = self._preview.shape[:2]
        small = downscale(self._preview, view_shape(height, width, _VARIANT_SIZE))
        service = self._service
        variants = make_variants(
            service.mixed(wish.look.mix),
            self._preview,
            self._to_preview(wish.hints),
            _look(wish.look, reference),
            service.size,
            service.names,
        )
        return [
            {
                "label": variant.label,
                "settings": {
                    "strength": variant.look.strength,
                    "warmth": variant.look.warmth,
                    "reference": wish.look.reference if variant.look.reference else None,
                    "mix": variant.mix or wish.look.mix,
                },
                "image": base64.b64encode(_encode_jpeg(variant.prediction.apply_to(small, variant.look))).decode(
                    "ascii"
                ),
            }
            for variant in variants
        ]

    def shown(self, spot: ColorHint) -> ShownColor:
        """What the photo can show of a color; see :func:`colorgan.web.server.shown_color.shown_color`.

        Raises:
            ColorganError: if the position lies outside the photo.
        """
        (shrunk,) = self._to_preview([spot])
        return shown_color(self._preview, shrunk)

    def suggestions(self, spot: ColorHint) -> list[Suggestion]:
        """Suggests colors for a hint; see :func:`colorgan.web.server.suggestions.suggest_colors`.

        Args:
            spot: in pixels of the photo; its color is ignored.

        Raises:
            ColorganError: if the position lies outside the photo.
        """
        (shrunk,) = self._to_preview([spot])
        return suggest_colors(self._service.predict_chroma, self._preview, self._unhinted, shrunk)

    def colorize(self, wish: Colorization, reference: "PhotoSession | None" = None) -> BinaryIO:
        """Colorizes the photo at full size; see :meth:`ColorizationService.colorize_file`.

        Raises:
            SessionExpiredError: if the uploaded file was deleted.
        """
        if not self._file.exists():
            raise SessionExpiredError
        self._service.zoomed.forget()  # memory for one photo at full size, not for two
        return self._service.colorize_file(
            self._file, self.name, wish.output, wish.hints, _look(wish.look, reference), wish.look.mix
        )

    def _full_size(self, crop: Crop) -> Photo:
        """The photo at full size, which stays in memory until another one is asked for."""
        crop.check_inside(self.width, self.height)
        if not self._file.exists():
            raise SessionExpiredError
        return self._service.zoomed.get(self, lambda: self._service.read_photo(self._file, self.name))

    def _predict(self, hints: Sequence[Hint], mix: tuple[float, ...] | None) -> ChromaPrediction:
        if not hints and mix is None:
            return self._unhinted
        if self._latest is None or self._latest[:2] != (hints, mix):
            prediction = self._service.predict_chroma(self._preview, self._to_preview(hints), mix)
            self._latest = hints, mix, prediction
        return self._latest[2]

    @functools.cached_property
    def _unhinted(self) -> ChromaPrediction:
        return self._service.predict_chroma(self._preview, ())

    def _to_preview(self, hints: Sequence[H]) -> list[H]:
        """Scales hints from pixels of the photo to pixels of the preview."""
        check_inside(hints, (self.width, self.height))
        height, width = self._preview.shape[:2]
        return [hint.resized((self.width, self.height), (width, height)) for hint in hints]


def _look(settings: LookSettings, reference: PhotoSession | None) -> Look:
    return settings.look(None if reference is None else reference.palette)


def _encode_jpeg(pixels: SRGBArray) -> bytes:
    file = io.BytesIO()
    encode_photo(file, pixels, "JPEG")
    return file.getvalue()
