"""Colors files one after the other: reading ahead, in batches, writing behind, and never more than a few at a time."""

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

_LARGE = 16_000_000
"""Photos with more pixels are read and written one at a time, so that the largest fit into memory."""
_BATCH_PIXELS = 32_000_000
_WAITING = 2
_NO_MORE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True)
class Options:
    """How photos are colored.

    Attributes:
        size: shorter side in pixels at which the color is predicted; the model's own by default.
        batch: how many photos go through the network together, at most.
        strength: 0 gives the gray photo, 1 the predicted colors.
        hints: for the one photo that is colored.
        temporal: weight of the frame before; 0 treats every photo by itself.
        metadata: whether EXIF, XMP and resolution are kept.
        overwrite: whether files that are there are replaced.
    """

    size: int | None = None
    batch: int = 8
    strength: float = 1.0
    hints: Sequence[ColorHint] | None = None
    temporal: float = 0.0
    metadata: bool = False
    overwrite: bool = False


@dataclass
class Outcome:
    """What has become of the photos.

    Attributes:
        written: how many were colored.
        kept: how many had been colored before.
        failures: a sentence for each that could not be read or written.
        scenes: how many scenes there were, if the colors were kept steady.
    """

    written: int = 0
    kept: int = 0
    failures: list[str] = field(default_factory=list)
    scenes: int = 0


@dataclass(frozen=True)
class _Loaded:
    job: Job
    pixels: SRGBArray
    source: Photo | None
    wanted: bool

    @property
    def large(self) -> bool:
        return self.area > _LARGE

    @property
    def area(self) -> int:
        height, width = self.pixels.shape[:2]
        return int(height) * int(width)


def colorize_files(
    model: PhotoColorizer,
    jobs: Sequence[Job],
    options: Options,
    tick: Callable[[], object] = lambda: None,
) -> Outcome:
    """Colors photos into files.

    A file that is there is left as it is, so that interrupted work goes on where it stopped. Memory does not grow with
    the number of photos.

    Args:
        model: what colors.
        jobs: which file becomes which.
        options: how.
        tick: called after each photo.

    Returns:
        How many were written, and what could not be.

    Raises:
        ColorganError: if the options do not suit the model or the photo, or nothing more can be written.
    """
    outcome = Outcome()
    steadier = TemporalSmoother(options.temporal) if options.temporal > 0 else None
    folder: Path | None = None
    with ThreadPoolExecutor(1) as writer:
        waiting: list[tuple[Job, Future[None]]] = []

        def settle(most: int = 0) -> None:
            while len(waiting) > most:
                job, writing = waiting.pop(0)
                _note(outcome, job, writing)
                tick()

        for batch in _batches(_read(jobs, options, steadier is not None, outcome, tick), options.batch):
            looks = model.predict_chroma(
                [loaded.pixels for loaded in batch],
                size=options.size,
                hints=None if options.hints is None else [options.hints] * len(batch),
                batch=options.batch,
            )
            for loaded, look in zip(batch, looks, strict=True):
                if steadier is not None:
                    if loaded.job.source.parent != folder:  # each folder is a film
                        steadier.restart()
                        folder = loaded.job.source.parent
                    look = steadier(look)
                if not loaded.wanted:
                    outcome.kept += 1
                    tick()
                    continue
                painted = look.apply_to(loaded.pixels, options.strength)
                settle(0 if loaded.large else _WAITING)
                waiting.append((loaded.job, writer.submit(write_photo, loaded.job.target, painted, loaded.source)))
                if loaded.large:
                    del painted
                    settle()
        settle()
    outcome.scenes = steadier.scenes if steadier is not None else 0
    return outcome


def _read(
    jobs: Sequence[Job],
    options: Options,
    film: bool,
    outcome: Outcome,
    tick: Callable[[], object],
) -> Iterator[_Loaded]:
    """Reads the photos in turn, the next one while the last is worked on, unless that one is large."""

    def needed() -> Iterator[tuple[Job, bool]]:
        for job in jobs:
            wanted = options.overwrite or not job.target.is_file()
            if wanted or film:  # the colors of a later frame depend on those of the frames that are there
                yield job, wanted
            else:
                outcome.kept += 1
                tick()

    with ThreadPoolExecutor(1) as reader:
        ahead: Future[_Loaded] | None = None
        current: Job | None = None
        queue = needed()
        while True:
            if ahead is None:
                following = next(queue, None)
                if following is None:
                    return
                current = following[0]
                ahead = reader.submit(_load, *following, options.metadata)
            assert current is not None
            try:
                loaded = ahead.result()
            except (UnreadableImage, MemoryError) as error:
                ahead = None
                outcome.failures.append(_sentence(current, error))
                tick()
                continue
            ahead = None
            if not loaded.large:
                following = next(queue, None)
                if following is not None:
                    current = following[0]
                    ahead = reader.submit(_load, *following, options.metadata)
            yield loaded
            del loaded


def _load(job: Job, wanted: bool, metadata: bool) -> _Loaded:
    photo = read_photo(job.source)
    pixels = photo.rgb if photo.gray16 is None else photo.gray16
    nothing = np.empty((0, 0, 3), np.uint8)
    return _Loaded(job, pixels, replace(photo, rgb=nothing, gray16=None) if metadata else None, wanted)


def _batches(photos: Iterator[_Loaded], most: int) -> Iterator[list[_Loaded]]:
    """Photos that go through the network together: so many at most, and not too many pixels."""
    batch: list[_Loaded] = []
    pixels = 0
    for loaded in photos:
        batch.append(loaded)
        pixels += loaded.area
        large = loaded.large
        del loaded
        if len(batch) == most or pixels > _BATCH_PIXELS or large:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _note(outcome: Outcome, job: Job, writing: "Future[None]") -> None:
    """Counts a file that was written, or says why it was not."""
    try:
        writing.result()
        outcome.written += 1
    except OSError as error:
        reason = f"cannot write {printable(job.target)}: {(error.strerror or str(error)).lower()}"
        if error.errno in _NO_MORE:
            raise ColorganError(f"{reason}; what is written stays, and the same command goes on from there") from error
        outcome.failures.append(reason)
    except ValueError as error:
        outcome.failures.append(str(error))


def _sentence(job: Job, error: Exception) -> str:
    if isinstance(error, UnreadableImage):
        return str(error)
    return f"cannot read {printable(job.source)}: not enough memory"
