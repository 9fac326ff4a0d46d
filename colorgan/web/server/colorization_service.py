"""The model behind the server: predicts chroma for previews and colorizes photo files at full size."""

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from colorgan.color.cielab import SRGBArray
from colorgan.errors import ColorganError
from colorgan.images import Photo, UnreadableImage, encode_photo, printable, read_photo
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import Hint
from colorgan.inference.photo_colorizer import PhotoColorizer, check_strength
from colorgan.web.server.temporary_folder import check_space


@dataclass(frozen=True)
class OutputOptions:
    """Options of a colorized file.

    Attributes:
        strength: 0 gives the gray photo, 1 the predicted colors.
        format: ``PNG`` or ``JPEG``.
        metadata: whether to keep EXIF, XMP and resolution.
    """

    strength: float = 1.0
    format: str = "PNG"
    metadata: bool = False

    def __post_init__(self) -> None:
        check_strength(self.strength)


@dataclass(frozen=True)
class ColorizationService:
    """A model and the limits within which the server uses it.

    Attributes:
        model: the model.
        size: shorter side, in pixels, at which chroma is predicted; ``None`` for the model's default.
        max_pixels: photos with more pixels are rejected before they are decoded.
    """

    model: PhotoColorizer
    size: int | None
    max_pixels: int

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

    def predict_chroma(self, photo: SRGBArray, hints: Sequence[Hint]) -> ChromaPrediction:
        """Predicts the chroma of one photo.

        Args:
            photo: (H, W) or (H, W, 3), uint8 or uint16.
            hints: in pixels of ``photo``.
        """
        return self.model.predict_chroma([photo], size=self.size, hints=[hints] if hints else None)[0]

    def colorize_file(self, file: Path, name: str, hints: Sequence[Hint], options: OutputOptions) -> BinaryIO:
        """Colorizes a photo at full size, with the same result as ``colorgan colorize``.

        Args:
            file: the photo, in a private folder.
            name: its name in messages.
            hints: in pixels of the photo.
            options: strength, format and metadata of the result.

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
        colorized = self.predict_chroma(pixels, hints).apply_to(pixels, options.strength)
        with contextlib.ExitStack() as closed_on_error:
            result = closed_on_error.enter_context(tempfile.TemporaryFile(dir=file.parent))
            try:
                encode_photo(result, colorized, options.format, photo if options.metadata else None)
            except ValueError as error:
                raise ColorganError(f"cannot write {printable(name)}: {error}") from error
            result.seek(0)
            closed_on_error.pop_all()
            return result


def pixels_of(photo: Photo) -> SRGBArray:
    """Pixels at the photo's bit depth: (H, W) uint16 for 16-bit gray photos, (H, W, 3) uint8 for all others."""
    return photo.rgb if photo.gray16 is None else photo.gray16
