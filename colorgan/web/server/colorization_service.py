"""The model behind the server: predicts chroma for previews and colorizes photo files at full size."""

import contextlib
import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from colorgan.color.cielab import SRGBArray
from colorgan.errors import ColorganError
from colorgan.images import Photo, UnreadableImage, encode_photo, printable, read_photo, without_place
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import Hint
from colorgan.inference.look import AS_PREDICTED, Look
from colorgan.inference.mixture import MixedColorizer
from colorgan.inference.palette import Palette
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.web.server.temporary_folder import check_space


@dataclass(frozen=True)
class LookSettings:
    """What a page asks of all colors of a photo.

    Attributes:
        strength: see :class:`colorgan.inference.look.Look`.
        warmth: likewise.
        reference: key of the uploaded photo whose palette the colors take.
        mix: one weight per model; ``None`` mixes them as the server was told to.

    Raises:
        ColorganError: if the strength or the warmth is out of range.
    """

    strength: float = 1.0
    warmth: float = 0.0
    reference: str | None = None
    mix: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        self.look(None)

    def look(self, palette: Palette | None) -> Look:
        """The look, with the palette of the reference."""
        return Look(self.strength, self.warmth, palette)


@dataclass(frozen=True)
class OutputOptions:
    """Options of a colorized file.

    Attributes:
        format: ``PNG`` or ``JPEG``.
        metadata: whether to keep dates, camera, descriptions, resolution and color profile; never the place.
    """

    format: str = "PNG"
    metadata: bool = False


DEFAULT_OUTPUT = OutputOptions()


class LatestPhoto:
    """Keeps one photo at full size in memory, as long as its owner exists: the next part of it is asked for soon."""

    def __init__(self) -> None:
        self._photos: weakref.WeakKeyDictionary[object, Photo] = weakref.WeakKeyDictionary()

    def get(self, owner: object, read: Callable[[], Photo]) -> Photo:
        """Returns the photo of an owner, and reads it if it is not the latest."""
        photo = self._photos.get(owner)
        if photo is None:
            self.forget()
            photo = self._photos[owner] = read()
        return photo

    def forget(self) -> None:
        """Frees the memory."""
        self._photos.clear()


@dataclass(frozen=True)
class ColorizationService:
    """A model and the limits within which the server uses it.

    Attributes:
        model: the model.
        size: shorter side, in pixels, at which chroma is predicted; ``None`` for the model's default.
        max_pixels: photos with more pixels are rejected before they are decoded.
        names: names of the models, if there are several.
        zoomed: the photo that was last zoomed, at full size.
    """

    model: PhotoColorizer
    size: int | None
    max_pixels: int
    names: Sequence[str] = ()
    zoomed: LatestPhoto = field(default_factory=LatestPhoto, init=False, repr=False, compare=False)

    def read_photo(self, file: Path, name: str, shrink_to: int | None = None) -> Photo:
        """Reads an uploaded photo.

        Args:
            file: the photo on disk.
            name: the name under which it was uploaded, used in messages instead of ``file``.
            shrink_to: see :func:`colorgan.images.reading.read_photo`.

        Raises:
            UnreadableImage: if it is not a photo, or has too many pixels.
        """
        try:
            return read_photo(file, max_pixels=self.max_pixels, shrink_to=shrink_to)
        except UnreadableImage as error:
            raise UnreadableImage(name, error.reason) from error

    def predict_chroma(
        self, photo: SRGBArray, hints: Sequence[Hint], mix: Sequence[float] | None = None
    ) -> ChromaPrediction:
        """Predicts the chroma of one photo.

        Args:
            photo: (H, W) or (H, W, 3), uint8 or uint16.
            hints: in pixels of ``photo``.
            mix: one weight per model; ``None`` for those of the server.

        Raises:
            ColorganError: if the hints or the mix cannot be used.
        """
        return self.mixed(mix).predict_chroma([photo], size=self.size, hints=[hints] if hints else None)[0]

    @property
    def weights(self) -> tuple[float, ...]:
        """The shares of the models, unless a page wishes others."""
        return tuple(self.model.weights) if isinstance(self.model, MixedColorizer) else (1.0,)

    def mixed(self, mix: Sequence[float] | None) -> PhotoColorizer:
        """The models, mixed as a page wishes.

        Args:
            mix: see :meth:`predict_chroma`.

        Raises:
            ColorganError: if the weights do not suit the models.
        """
        if mix is None:
            return self.model
        mixed = self.model if isinstance(self.model, MixedColorizer) else MixedColorizer([self.model])
        return mixed.with_weights(mix)

    def colorize_file(
        self,
        file: Path,
        name: str,
        options: OutputOptions,
        hints: Sequence[Hint] = (),
        look: Look = AS_PREDICTED,
        mix: Sequence[float] | None = None,
    ) -> BinaryIO:
        """Colorizes a photo at full size, with the same result as ``colorgan colorize``.

        Args:
            file: the photo, in a private folder.
            name: its name in messages.
            options: format and metadata of the result.
            hints: in pixels of the photo.
            look: strength, warmth and palette of the colors.
            mix: see :meth:`predict_chroma`.

        Returns:
            An anonymous temporary file in the folder of ``file``, positioned at its start. Closing it deletes it.

        Raises:
            UnreadableImage: if it is not a photo, or has too many pixels.
            ColorganError: if the hints or the options do not fit the photo.
            OSError: if the disk is full.
        """
        photo = self.read_photo(file, name)
        pixels = pixels_of(photo)
        check_space(file.parent, 3 * pixels.nbytes)  # 16-bit gray photos get three channels
        colorized = self.predict_chroma(pixels, hints, mix).apply_to(pixels, look)
        with contextlib.ExitStack() as closed_on_error:
            result = closed_on_error.enter_context(tempfile.TemporaryFile(dir=file.parent))
            try:
                encode_photo(result, colorized, options.format, without_place(photo) if options.metadata else None)
            except ValueError as error:
                raise ColorganError(f"cannot write {printable(name)}: {error}") from error
            result.seek(0)
            closed_on_error.pop_all()
            return result


def pixels_of(photo: Photo) -> SRGBArray:
    """Pixels at the photo's bit depth: (H, W) uint16 for 16-bit gray photos, (H, W, 3) uint8 for all others."""
    return photo.rgb if photo.gray16 is None else photo.gray16
