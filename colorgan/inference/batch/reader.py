"""Reads photos ahead in threads, in order; large photos one at a time."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from colorgan.color.cielab import SRGBArray
from colorgan.images import Metadata, Photo, UnreadableImage, chosen_metadata, printable, read_photo, read_size
from colorgan.inference.batch.jobs import Job
from colorgan.inference.batch.result import Record

_LARGE_PHOTO_PIXELS = 16_000_000
"""Larger photos are read and written one at a time, so that the largest still fit into memory."""


@dataclass(frozen=True)
class LoadedPhoto:
    """A photo in memory.

    Attributes:
        job: the source and target files.
        pixels: (H, W) or (H, W, 3), uint8 or uint16.
        metadata: the photo without its pixels, with the metadata that the result keeps.
        is_skipped: whether the result exists, so that the photo is only needed for temporal smoothing.
    """

    job: Job
    pixels: SRGBArray
    metadata: Photo
    is_skipped: bool

    @property
    def num_pixels(self) -> int:
        """Height times width."""
        height, width = self.pixels.shape[:2]
        return int(height) * int(width)

    @property
    def is_large(self) -> bool:
        """Whether the photo is read and written while no other is."""
        return self.num_pixels > _LARGE_PHOTO_PIXELS


@dataclass(frozen=True)
class _Reading:
    """A photo that a thread is reading."""

    job: Job
    is_large: bool
    photo: "Future[LoadedPhoto]"


def read_photos(
    jobs: Iterable[tuple[Job, bool]], pool: Executor, num_ahead: int, metadata: Metadata, record: Record
) -> Iterator[LoadedPhoto]:
    """Yields the photos in order while threads read the next ones.

    A large photo is read only when it is asked for, and no other is read before the one after it is asked for.

    Args:
        jobs: the photos, each with :attr:`LoadedPhoto.is_skipped`.
        pool: the threads.
        num_ahead: maximum number of photos that are read ahead.
        metadata: what the results keep of the metadata.
        record: where photos that cannot be read are counted.
    """
    queue = ((job, is_skipped, _is_large(job)) for job, is_skipped in jobs)
    upcoming = next(queue, None)
    readings: deque[_Reading] = deque()
    while upcoming or readings:
        while upcoming and _may_start(readings, upcoming[-1], num_ahead):
            job, is_skipped, is_large = upcoming
            readings.append(_Reading(job, is_large, pool.submit(_load, job, is_skipped, metadata)))
            upcoming = next(queue, None)
        reading = readings.popleft()
        try:
            photo = reading.photo.result()
        except (UnreadableImage, MemoryError) as error:
            record.failed(_message(reading.job, error))
            continue
        del reading
        yield photo
        del photo


def _may_start(readings: "deque[_Reading]", is_large: bool, num_ahead: int) -> bool:
    return not readings or (len(readings) < num_ahead and not is_large and not readings[0].is_large)


def _is_large(job: Job) -> bool:
    try:
        width, height = read_size(job.source)
    except UnreadableImage:  # reported when the photo is read
        return False
    return width * height > _LARGE_PHOTO_PIXELS


def _load(job: Job, is_skipped: bool, metadata: Metadata) -> LoadedPhoto:
    photo = read_photo(job.source)
    pixels = photo.rgb if photo.gray16 is None else photo.gray16
    return LoadedPhoto(job, pixels, chosen_metadata(photo, metadata), is_skipped)


def _message(job: Job, error: Exception) -> str:
    if isinstance(error, UnreadableImage):
        return str(error)
    return f"cannot read {printable(job.source)}: not enough memory"
