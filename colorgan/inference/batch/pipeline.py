"""Colorizes files one batch at a time, reading ahead and writing behind, with only a few photos in memory."""

import errno
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from colorgan.color.cielab import SRGBArray
from colorgan.errors import ColorganError
from colorgan.images import Photo, UnreadableImage, printable, read_photo, write_photo
from colorgan.inference.batch.jobs import Job
from colorgan.inference.hint_file import ColorHint
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.temporal import TemporalSmoother

_LARGE_PHOTO_PIXELS = 16_000_000
"""Larger photos are read and written one at a time, so that the largest still fit into memory."""
_MAX_BATCH_PIXELS = 32_000_000
_MAX_PENDING_WRITES = 2
_FATAL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""Errors after which no other file can be written either."""


@dataclass(frozen=True)
class BatchOptions:
    """Options of :func:`colorize_files`.

    Attributes:
        size: shorter side, in pixels, at which chroma is predicted. Default: the size of the model.
        batch_size: maximum number of photos per network call.
        strength: factor on the chroma; 0 gives the gray photo, 1 the prediction.
        hints: hints, for a batch of one photo.
        temporal: weight of the previous frame in temporal smoothing; 0 treats each photo separately.
        metadata: whether to keep EXIF, XMP and resolution.
        overwrite: whether to replace existing files.
    """

    size: int | None = None
    batch_size: int = 8
    strength: float = 1.0
    hints: Sequence[ColorHint] | None = None
    temporal: float = 0.0
    metadata: bool = False
    overwrite: bool = False


@dataclass
class BatchResult:
    """Result of :func:`colorize_files`.

    Attributes:
        written: number of photos colorized.
        skipped: number of photos whose output file already existed.
        failures: an error message for each photo that could not be read or written.
        scenes: number of scenes found by temporal smoothing; 0 without it.
    """

    written: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)
    scenes: int = 0


@dataclass(frozen=True)
class _LoadedPhoto:
    """A photo in memory.

    Attributes:
        job: the source and target files.
        pixels: (H, W) or (H, W, 3), uint8 or uint16.
        metadata: the photo without its pixels, if its metadata is kept.
        is_skipped: whether the target exists, so that the photo is only needed for temporal smoothing.
    """

    job: Job
    pixels: SRGBArray
    metadata: Photo | None
    is_skipped: bool

    @property
    def num_pixels(self) -> int:
        height, width = self.pixels.shape[:2]
        return int(height) * int(width)

    @property
    def is_large(self) -> bool:
        return self.num_pixels > _LARGE_PHOTO_PIXELS


def colorize_files(
    model: PhotoColorizer,
    jobs: Sequence[Job],
    options: BatchOptions,
    on_progress: Callable[[], object] = lambda: None,
) -> BatchResult:
    """Colorizes photos from files into files.

    Existing files are skipped, so that an interrupted batch can be resumed. Memory use does not grow with the number of
    photos.

    Args:
        model: the model.
        jobs: source and target files.
        options: the options.
        on_progress: called after each photo.

    Returns:
        The number of files written and skipped, and an error message for each failure.

    Raises:
        ColorganError: if the options do not suit the model or the photo, or no more files can be written.
    """
    result = BatchResult()
    smoother = TemporalSmoother(options.temporal) if options.temporal > 0 else None
    folder: Path | None = None
    with ThreadPoolExecutor(1) as writer:
        pending: list[tuple[Job, Future[None]]] = []

        def finish_writes(max_pending: int = 0) -> None:
            while len(pending) > max_pending:
                job, future = pending.pop(0)
                _record_write(result, job, future)
                on_progress()

        photos = _read_photos(jobs, options, result, on_progress)
        for batch in _batches(photos, options.batch_size):
            predictions = model.predict_chroma(
                [photo.pixels for photo in batch],
                size=options.size,
                hints=None if options.hints is None else [options.hints] * len(batch),
                batch_size=options.batch_size,
            )
            for photo, prediction in zip(batch, predictions, strict=True):
                if smoother is not None:
                    if photo.job.source.parent != folder:  # each folder is a video
                        smoother.restart()
                        folder = photo.job.source.parent
                    prediction = smoother(prediction)
                if photo.is_skipped:
                    result.skipped += 1
                    on_progress()
                    continue
                colorized = prediction.apply_to(photo.pixels, options.strength)
                finish_writes(0 if photo.is_large else _MAX_PENDING_WRITES)
                pending.append((photo.job, writer.submit(write_photo, photo.job.target, colorized, photo.metadata)))
                if photo.is_large:
                    del colorized
                    finish_writes()
        finish_writes()
    result.scenes = smoother.scenes if smoother is not None else 0
    return result


def _read_photos(
    jobs: Sequence[Job], options: BatchOptions, result: BatchResult, on_progress: Callable[[], object]
) -> Iterator[_LoadedPhoto]:
    """Yields the photos in order, reading the next one in the background unless the current one is large."""

    def needed_jobs() -> Iterator[tuple[Job, bool]]:
        for job in jobs:
            is_skipped = not options.overwrite and job.target.is_file()
            if is_skipped and options.temporal == 0:
                result.skipped += 1
                on_progress()
            else:  # smoothing needs the frames whose target exists as well
                yield job, is_skipped

    with ThreadPoolExecutor(1) as reader:
        next_photo: Future[_LoadedPhoto] | None = None
        current: Job | None = None
        queue = needed_jobs()
        while True:
            if next_photo is None:
                following = next(queue, None)
                if following is None:
                    return
                current = following[0]
                next_photo = reader.submit(_load, *following, options.metadata)
            assert current is not None
            try:
                photo = next_photo.result()
            except (UnreadableImage, MemoryError) as error:
                next_photo = None
                result.failures.append(_read_error(current, error))
                on_progress()
                continue
            next_photo = None
            if not photo.is_large:
                following = next(queue, None)
                if following is not None:
                    current = following[0]
                    next_photo = reader.submit(_load, *following, options.metadata)
            yield photo
            del photo


def _load(job: Job, is_skipped: bool, keep_metadata: bool) -> _LoadedPhoto:
    photo = read_photo(job.source)
    pixels = photo.rgb if photo.gray16 is None else photo.gray16
    metadata = replace(photo, rgb=np.empty((0, 0, 3), np.uint8), gray16=None) if keep_metadata else None
    return _LoadedPhoto(job, pixels, metadata, is_skipped)


def _batches(photos: Iterator[_LoadedPhoto], batch_size: int) -> Iterator[list[_LoadedPhoto]]:
    """Groups photos into batches that are limited in both photos and pixels."""
    batch: list[_LoadedPhoto] = []
    num_pixels = 0
    for photo in photos:
        batch.append(photo)
        num_pixels += photo.num_pixels
        is_large = photo.is_large
        del photo
        if len(batch) == batch_size or num_pixels > _MAX_BATCH_PIXELS or is_large:
            yield batch
            batch, num_pixels = [], 0
    if batch:
        yield batch


def _record_write(result: BatchResult, job: Job, future: "Future[None]") -> None:
    """Waits for a write and records its success or failure."""
    try:
        future.result()
        result.written += 1
    except OSError as error:
        message = f"cannot write {printable(job.target)}: {(error.strerror or str(error)).lower()}"
        if error.errno in _FATAL_ERRNOS:
            raise ColorganError(
                f"{message}; files written so far are kept, run the same command again to continue"
            ) from error
        result.failures.append(message)
    except ValueError as error:
        result.failures.append(str(error))


def _read_error(job: Job, error: Exception) -> str:
    if isinstance(error, UnreadableImage):
        return str(error)
    return f"cannot read {printable(job.source)}: not enough memory"
