"""Paints and writes photos in threads, and counts them in order; large photos one at a time."""

import errno
from collections import deque
from concurrent.futures import Executor, Future
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.images import printable, write_photo
from colorgan.inference.batch.jobs import Job
from colorgan.inference.batch.reader import LoadedPhoto
from colorgan.inference.batch.result import Record
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.look import Look

_MAX_PENDING_PIXELS = 32_000_000
_PIXELS_FOR_ALL_CORES = 1_000_000
"""Larger photos are painted by several threads each, so that a single one is done sooner."""
_FATAL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""Errors after which no other file can be written either."""


def write_failure(file: Path, error: OSError) -> str:
    """The message about a file that cannot be written.

    Raises:
        ColorganError: with the same message, if no other file can be written either.
    """
    message = f"cannot write {printable(file)}: {(error.strerror or str(error)).lower()}"
    if error.errno in _FATAL_ERRNOS:
        raise ColorganError(
            f"{message}; files written so far are kept, run the same command again to continue"
        ) from error
    return message


class PhotoWriter:
    """Paints and writes photos behind the caller, with only a few of them in memory.

    Args:
        pool: the threads.
        look: what to make of the predictions.
        max_pending: maximum number of photos that wait or are being written.
        record: where the photos are counted.
    """

    def __init__(self, pool: Executor, look: Look, max_pending: int, record: Record) -> None:
        self._pool = pool
        self._look = look
        self._max_pending = max_pending
        self._record = record
        self._pending: deque[tuple[Job, int, Future[None]]] = deque()

    def submit(self, photo: LoadedPhoto, prediction: ChromaPrediction) -> None:
        """Takes over a photo; waits for earlier ones if too many are pending, and for this one if it is large.

        Raises:
            ColorganError: if no more files can be written.
        """
        self._wait(self._max_pending - 1, _MAX_PENDING_PIXELS - photo.num_pixels)
        task = self._pool.submit(_paint, photo, prediction, self._look)
        self._pending.append((photo.job, photo.num_pixels, task))
        if photo.is_large:
            self.finish()

    def finish(self) -> None:
        """Waits for all photos.

        Raises:
            ColorganError: if no more files can be written.
        """
        self._wait(0, 0)

    def _wait(self, max_pending: int, max_pixels: int) -> None:
        """Waits for the oldest photos until at most this many, with at most this many pixels, are pending."""
        while len(self._pending) > max_pending or (
            self._pending and sum(num_pixels for _, num_pixels, _ in self._pending) > max_pixels
        ):
            job, _, task = self._pending.popleft()
            try:
                task.result()
            except OSError as error:
                self._record.failed(write_failure(job.target, error))
            except ValueError as error:
                self._record.failed(str(error))
            else:
                self._record.written()


def _paint(photo: LoadedPhoto, prediction: ChromaPrediction, look: Look) -> None:
    num_threads = None if photo.num_pixels > _PIXELS_FOR_ALL_CORES else 1
    write_photo(photo.job.target, prediction.apply_to(photo.pixels, look, num_threads=num_threads), photo.metadata)
