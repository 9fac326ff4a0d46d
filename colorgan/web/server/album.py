"""Many photos, colored one by one into an archive that grows on disk and not in memory."""

import errno
import os
import shutil
import time
import zipfile
from pathlib import Path
from typing import BinaryIO

from colorgan.errors import ColorganError
from colorgan.web.server.names import place_in_archive, safe_path
from colorgan.web.server.workpiece import Colorist, Wishes, color_file

MOST_PHOTOS = 5000
_MOST_BYTES = 16 * 2**30
_SPARE_BYTES = 16 << 20
_CHUNK = 1 << 20
_LEFT_OUT = "not colored.txt"


class Album:
    """A folder's photos on their way through the model.

    Args:
        folder: a private one, for the archive.
        colorist: what colors.
        wishes: how the photos are wanted.

    Attributes:
        folder: the private folder, where photos may lie until they are colored.
        archive: the archive, complete once :meth:`close` was called.
    """

    def __init__(self, folder: Path, colorist: Colorist, wishes: Wishes) -> None:
        self.folder = folder
        self.archive = folder / "colored.zip"
        self._colorist = colorist
        self._wishes = wishes
        self._places: set[str] = set()
        self._failures: list[str] = []
        self._closed = False

    def check_open(self) -> None:
        """Refuses another photo where there are too many, or the archive was handed out.

        Raises:
            ColorganError: saying which.
        """
        if self._closed:
            raise ColorganError("this archive is complete already; send further photos as another one")
        if len(self._places) + len(self._failures) >= MOST_PHOTOS:
            raise ColorganError(f"an archive holds at most {MOST_PHOTOS} photos; send the others as another one")
        if self.archive.exists() and self.archive.stat().st_size > _MOST_BYTES:
            raise ColorganError(
                f"this archive has reached {_MOST_BYTES // 2**30} GiB; send the other photos as another one"
            )

    def add(self, file: Path, name: str) -> str:
        """Colors a photo into the archive.

        Args:
            file: the photo.
            name: its path in the folder that was sent.

        Returns:
            Its place in the archive.

        Raises:
            ColorganError: if it cannot be colored, which the archive will say as well.
            OSError: if the disk is full; the archive stays as it was.
        """
        self.check_open()
        try:
            with color_file(file, safe_path(name), (), self._colorist, self._wishes) as colored:
                place = place_in_archive(name, self._wishes.kind, self._places)
                self._append(colored, place)
        except (ColorganError, MemoryError) as error:
            short = isinstance(error, MemoryError)
            sentence = f"cannot color {safe_path(name)}: not enough memory" if short else str(error)
            self.leave_out(sentence)
            raise ColorganError(sentence) from error
        self._places.add(place.casefold())
        return place

    def _append(self, colored: BinaryIO, place: str) -> None:
        """Adds a file, unless that could end half-way and damage what is there."""
        if shutil.disk_usage(self.folder).free < os.fstat(colored.fileno()).st_size + _SPARE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        entry = zipfile.ZipInfo(place, time.localtime()[:6])
        with zipfile.ZipFile(self.archive, "a") as archive, archive.open(entry, "w", force_zip64=True) as stream:
            shutil.copyfileobj(colored, stream, _CHUNK)

    def leave_out(self, sentence: str) -> None:
        """Notes why a photo is not in the archive."""
        self._failures.append(sentence)

    def close(self) -> Path:
        """Completes the archive with a list of the photos that are not in it.

        Returns:
            The archive.

        Raises:
            ColorganError: if no photo could be colored.
        """
        if not self._places:
            raise ColorganError("none of the photos could be colored, so that there is no archive")
        if not self._closed and self._failures:
            with zipfile.ZipFile(self.archive, "a") as archive:
                archive.writestr(_LEFT_OUT, "".join(f"{sentence}\n" for sentence in self._failures))
        self._closed = True
        return self.archive
