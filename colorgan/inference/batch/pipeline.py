"""Colorizes files on all cores: threads read ahead, paint and write while the network runs, one batch at a time."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from colorgan.images import Metadata
from colorgan.inference.batch.jobs import Job
from colorgan.inference.batch.reader import LoadedPhoto, read_photos
from colorgan.inference.batch.result import BatchResult, Record
from colorgan.inference.batch.writer import PhotoWriter
from colorgan.inference.hints import Hint
from colorgan.inference.look import AS_PREDICTED, Look
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.small_image import working_shape
from colorgan.inference.temporal import TemporalSmoother
from colorgan.system.threads import available_cores

_MAX_THREADS = 16
_WINDOW_BATCHES = 4
"""Photos wait for others of the same working shape in a window of this many batches."""
_MAX_WINDOW_PIXELS = 32_000_000


@dataclass(frozen=True)
class BatchOptions:
    """Options of :func:`colorize_files`.

    Attributes:
        size: shorter side, in pixels, at which chroma is predicted. Default: the size of the model.
        batch_size: maximum number of photos per network call.
        look: strength, warmth and palette of the colors.
        hints: hints, for a batch of one photo.
        temporal: weight of the previous frame in temporal smoothing; 0 treats each photo separately.
        metadata: what the results keep of the metadata.
        overwrite: whether to replace existing files.
    """

    size: int | None = None
    batch_size: int = 8
    look: Look = AS_PREDICTED
    hints: Sequence[Hint] | None = None
    temporal: float = 0.0
    metadata: Metadata = "basic"
    overwrite: bool = False


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
    record = Record(BatchResult(), on_progress)
    smoother = TemporalSmoother(options.temporal) if options.temporal > 0 else None
    folder: Path | None = None
    num_threads = min(available_cores(), _MAX_THREADS)
    readers, writers = (
        ThreadPoolExecutor(num_threads),
        ThreadPoolExecutor(num_threads),
    )  # reading never waits in a queue
    try:
        writer = PhotoWriter(writers, options.look, options.overwrite, max(options.batch_size, 2 * num_threads), record)
        needed = _needed_jobs(jobs, options, record)
        photos = read_photos(needed, readers, num_threads, options.metadata, record)
        for batch in _batches(photos, options, options.size or model.size):
            predictions = model.predict_chroma(
                [photo.pixels for photo in batch],
                size=options.size,
                hints=None if options.hints is None else [options.hints] * len(batch),
                batch_size=options.batch_size,
            )
            while batch:  # no list keeps a photo that was written
                photo, prediction = batch.pop(0), predictions.pop(0)
                if smoother is not None:
                    if photo.job.source.parent != folder:  # each folder is a video
                        smoother.restart()
                        folder = photo.job.source.parent
                    prediction = smoother(prediction)
                if photo.is_skipped:
                    record.skipped()
                else:
                    writer.submit(photo, prediction)
                del photo
        writer.finish()
    finally:  # after Ctrl-C or on a full disk, photos that are being written are finished, and no others are begun
        for pool in (readers, writers):
            pool.shutdown(cancel_futures=True)
    record.result.scenes = smoother.scenes if smoother is not None else 0
    return record.result


def _needed_jobs(jobs: Iterable[Job], options: BatchOptions, record: Record) -> Iterator[tuple[Job, bool]]:
    """Yields the photos to read, each with whether its target exists."""
    for job in jobs:
        is_skipped = not options.overwrite and job.is_done
        if is_skipped and options.temporal == 0:
            record.skipped()
        else:  # smoothing needs the frames whose target exists as well
            yield job, is_skipped


def _batches(photos: Iterable[LoadedPhoto], options: BatchOptions, size: int) -> Iterator[list[LoadedPhoto]]:
    """Groups photos of the same working shape, which one network call colorizes; frames of a video stay in order.

    Args:
        photos: the photos; the window that waits is limited in both photos and pixels.
        options: the options.
        size: the working size.
    """
    waiting: dict[Hashable, list[LoadedPhoto]] = {}
    for photo in photos:
        is_large = photo.is_large
        key = None if options.temporal > 0 else (working_shape(photo.pixels.shape[:2], size), is_large)
        waiting.setdefault(key, []).append(photo)
        del photo
        if is_large or len(waiting[key]) == options.batch_size:
            yield waiting.pop(key)
        while _is_full(waiting, options.batch_size):
            yield waiting.pop(next(iter(waiting)))
    yield from waiting.values()


def _is_full(waiting: dict[Hashable, list[LoadedPhoto]], batch_size: int) -> bool:
    photos = [photo for group in waiting.values() for photo in group]
    num_pixels = sum(photo.num_pixels for photo in photos)
    return len(photos) >= _WINDOW_BATCHES * batch_size or num_pixels > _MAX_WINDOW_PIXELS
