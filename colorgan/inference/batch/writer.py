"""Paints and writes photos in threads, and counts them in order; large photos one at a time."""

import errno
from collections import deque
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np

from colorgan.color.cielab import SRGBArray
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
_LINE_SHARE = 100
"""The white line between before and after is this part of the photo's width."""
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
        overwrite: whether to replace existing files; photos that are submitted miss one of theirs at least.
        max_pending: maximum number of photos that wait or are being written.
        record: where the photos are counted.
    """

    def __init__(self, pool: Executor, look: Look, overwrite: bool, max_pending: int, record: Record) -> None:
        self._pool = pool
        self._look = look
        self._overwrite = overwrite
        self._max_pending = max_pending
        self._record = record
        self._pending: deque[tuple[Job, int, Future[None]]] = deque()

    def submit(self, photo: LoadedPhoto, prediction: ChromaPrediction) -> None:
        """Takes over a photo; waits for earlier ones if too many are pending, and for this one if it is large.

        Raises:
            ColorganError: if no more files can be written.
        """
        self._wait(self._max_pending - 1, _MAX_PENDING_PIXELS - photo.num_pixels)
        task = self._pool.submit(self._paint, photo, prediction)
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

    def _paint(self, photo: LoadedPhoto, prediction: ChromaPrediction) -> None:
        num_threads = None if photo.num_pixels > _PIXELS_FOR_ALL_CORES else 1
        after = prediction.apply_to(photo.pixels, self._look, num_threads=num_threads)
        job = photo.job
        if self._overwrite or not job.target.is_file():
            write_photo(job.target, after, photo.metadata)
        if job.side_by_side is not None and (self._overwrite or not job.side_by_side.is_file()):
            write_photo(job.side_by_side, _side_by_side(photo.pixels, after), photo.metadata)


def _side_by_side(before: SRGBArray, after: SRGBArray) -> SRGBArray:
    """The photo before and after, with a white line between them."""
    height, width = after.shape[:2]
    line = np.full((height, max(2, width // _LINE_SHARE), 3), np.iinfo(after.dtype).max, after.dtype)
    gray = before if before.ndim == 3 else before[..., None].repeat(3, axis=2)
    return np.concatenate([gray, line, after], axis=1)
