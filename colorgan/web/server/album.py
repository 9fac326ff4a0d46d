"""Colorizes many photos into a zip archive that is written to disk photo by photo."""

import os
import shutil
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from colorgan.errors import ColorganError
from colorgan.inference.look import AS_PREDICTED, Look
from colorgan.web.server.colorization_service import ColorizationService, OutputOptions
from colorgan.web.server.file_names import archive_path, safe_path
from colorgan.web.server.temporary_folder import check_space

MAX_PHOTOS = 5000
_MAX_BYTES = 16 * 2**30
_CHUNK_SIZE = 1 << 20
_FAILURES_NAME = "not colorized.txt"


class Album:
    """A folder of photos that are colorized one by one into an archive.

    Args:
        folder: private folder for the archive and for uploads in progress.
        service: the model.
        options: format and metadata of all photos.
        look: strength, warmth and palette of their colors.
        mix: see :meth:`ColorizationService.predict_chroma`.

    Attributes:
        folder: the private folder.
        options: format and metadata of all photos.
        archive: path of the archive, which is complete after :meth:`close`.
    """

    def __init__(
        self,
        folder: Path,
        service: ColorizationService,
        options: OutputOptions,
        look: Look = AS_PREDICTED,
        mix: Sequence[float] | None = None,
    ) -> None:
        self.folder = folder
        self.archive = folder / "colorized.zip"
        self._service = service
        self.options = options
        self._look = look
        self._mix = mix
        self._paths: set[str] = set()
        self._failures: list[str] = []
        self._closed = False

    def check_open(self) -> None:
        """Checks that another photo may be added.

        Raises:
            ColorganError: if the archive is closed or full.
        """
        if self._closed:
            raise ColorganError("this archive is already complete; start a new one for further photos")
        if len(self._paths) + len(self._failures) >= MAX_PHOTOS:
            raise ColorganError(f"an archive holds at most {MAX_PHOTOS} photos; start a new one for the others")
        if self.archive.exists() and self.archive.stat().st_size > _MAX_BYTES:
            raise ColorganError(
                f"this archive has reached {_MAX_BYTES // 2**30} GiB; start a new one for the other photos"
            )

    def add(self, file: Path, name: str) -> str:
        """Colorizes a photo and appends it to the archive.

        Args:
            file: the photo on disk.
            name: path of the photo in the uploaded folder.

        Returns:
            The path of the colorized photo in the archive.

        Raises:
            ColorganError: if the photo cannot be colorized; the failure is also listed in the archive.
            OSError: if the disk is full; the archive is left unchanged.
        """
        return self.add_colorized(
            name,
            lambda: self._service.colorize_file(file, safe_path(name), self.options, look=self._look, mix=self._mix),
        )

    def add_colorized(self, name: str, colorize: Callable[[], BinaryIO]) -> str:
        """Appends a photo with hints and a look of its own to the archive.

        Args:
            name: path of the photo in the uploaded folder.
            colorize: colorizes it into a file in the format of the archive.

        Returns:
            The path of the colorized photo in the archive.

        Raises:
            ColorganError: as :meth:`add`.
            OSError: as :meth:`add`.
        """
        self.check_open()
        try:
            with colorize() as colorized:
                path = archive_path(name, self.options.format, self._paths)
                self._append(colorized, path)
        except (ColorganError, MemoryError) as error:
            out_of_memory = isinstance(error, MemoryError)
            message = f"cannot colorize {safe_path(name)}: not enough memory" if out_of_memory else str(error)
            self.record_failure(message)
            raise ColorganError(message) from error
        self._paths.add(path.casefold())
        return path

    def _append(self, file: BinaryIO, path: str) -> None:
        """Appends a file, after checking for free space: a partial write would corrupt the archive."""
        check_space(self.folder, os.fstat(file.fileno()).st_size)
        entry = zipfile.ZipInfo(path, time.localtime()[:6])
        with zipfile.ZipFile(self.archive, "a") as archive, archive.open(entry, "w", force_zip64=True) as stream:
            shutil.copyfileobj(file, stream, _CHUNK_SIZE)

    def record_failure(self, message: str) -> None:
        """Records why a photo is missing from the archive."""
        self._failures.append(message)

    def close(self) -> Path:
        """Completes the archive and adds a list of the photos that could not be colorized.

        Returns:
            The path of the archive.

        Raises:
            ColorganError: if the archive contains no photo.
        """
        if not self._paths:
            raise ColorganError("none of the photos could be colorized, so there is no archive")
        if not self._closed and self._failures:
            with zipfile.ZipFile(self.archive, "a") as archive:
                archive.writestr(_FAILURES_NAME, "".join(f"{message}\n" for message in self._failures))
        self._closed = True
        return self.archive
