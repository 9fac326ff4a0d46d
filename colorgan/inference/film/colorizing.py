"""Colorizes a film picture by picture, smoothed over time, in parts that an interrupted run continues."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from colorgan.errors import ColorganError
from colorgan.inference.batch.jobs import Job
from colorgan.inference.batch.pipeline import BatchOptions
from colorgan.inference.batch.writer import write_failure
from colorgan.inference.film.joining import check_sound, join
from colorgan.inference.film.parts import PICTURES_PER_PART, Format, PaintedPicture, PartFolder
from colorgan.inference.film.reading import Film, Picture, open_film
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.temporal import SmootherState, TemporalSmoother
from colorgan.system.threads import available_cores, map_ahead

_MAX_BATCH_PIXELS = 16_000_000
_MAX_THREADS = 4


@dataclass(frozen=True)
class FilmResult:
    """What became of a film.

    Attributes:
        pictures: number of its pictures.
        resumed: how many of them an earlier run had colorized.
        scenes: number of scenes, by its cuts; 0 without smoothing.
    """

    pictures: int
    resumed: int
    scenes: int


@dataclass(frozen=True)
class _Colored:
    """A picture whose colors are known.

    Attributes:
        picture: the picture.
        prediction: its colors.
        state: state of the smoothing after it.
    """

    picture: Picture
    prediction: ChromaPrediction
    state: SmootherState | None


def colorize_film(
    model: PhotoColorizer,
    job: Job,
    options: BatchOptions,
    key: str = "",
    on_start: Callable[[int | None, int], object] = lambda total, done: None,
    on_progress: Callable[[], object] = lambda: None,
) -> FilmResult:
    """Colorizes a film from a file into a file.

    Pictures, their times, sound and subtitles are kept. After an interruption, the same call continues with the last
    finished part, with the same result as if there had been none.

    Args:
        model: the model.
        job: source and target.
        options: size, look, smoothing and metadata.
        key: names the model; parts of an earlier run with another key, other options or another source are discarded.
        on_start: called with the expected number of pictures, if it is known, and how many are done.
        on_progress: called after each picture.

    Raises:
        ColorganError: if PyAV is not installed, the film cannot be read, or the result cannot be written.
    """
    with open_film(job.source) as film:
        check_sound(job.source, job.target)
        try:
            parts = PartFolder(job.target, _full_key(key, job, options))
            resumed, state = parts.progress()
            on_start(film.expected_pictures, resumed)
            smoother = TemporalSmoother(options.temporal) if options.temporal > 0 else None
            if smoother is not None and state is not None:
                smoother.restore(state)
            count = _write_parts(model, film, resumed, smoother, options, parts, on_progress)
            join(parts.files(), job.source, job.target, options.metadata)
        except OSError as error:
            raise ColorganError(write_failure(job.target, error)) from error
        parts.remove()
    return FilmResult(count, resumed, smoother.scenes if smoother is not None else 0)


def _full_key(key: str, job: Job, options: BatchOptions) -> str:
    """What the pictures depend on, in a text."""
    status, look, palette = job.source.stat(), options.look, hashlib.sha256()
    if look.reference is not None:
        for values in (look.reference.means, look.reference.covariances):
            palette.update(values.tobytes())
    parts = (key, status.st_size, status.st_mtime_ns, options.size, options.temporal, look.strength, look.warmth)
    return " ".join(map(str, (*parts, palette.hexdigest())))


def _write_parts(
    model: PhotoColorizer,
    film: Film,
    start: int,
    smoother: TemporalSmoother | None,
    options: BatchOptions,
    parts: PartFolder,
    on_progress: Callable[[], object],
) -> int:
    """Writes the parts from picture ``start`` on, and returns the number of all pictures."""
    film_format = Format(film.rate, film.time_base, film.pixel_aspect)

    def paint(colored: _Colored) -> PaintedPicture:
        picture = colored.picture
        rgb: npt.NDArray[np.uint8] = colored.prediction.apply_to(picture.rgb, options.look, num_threads=1)  # type: ignore[assignment]
        return PaintedPicture(picture.time, rgb, colored.state)

    def counted(pictures: Iterator[PaintedPicture]) -> Iterator[PaintedPicture]:
        for picture in pictures:
            on_progress()
            yield picture

    colored = _colored(model, film, start, smoother, options)
    painted = counted(map_ahead(paint, colored, min(available_cores(), _MAX_THREADS)))
    while count := parts.write(start, itertools.islice(painted, PICTURES_PER_PART), film_format):
        start += count
    return start


def _colored(
    model: PhotoColorizer, film: Film, start: int, smoother: TemporalSmoother | None, options: BatchOptions
) -> Iterator[_Colored]:
    pictures = film.pictures(start)
    for first in pictures:
        height, width = first.rgb.shape[:2]
        size = max(1, min(options.batch_size, _MAX_BATCH_PIXELS // (height * width)))
        batch = [first, *itertools.islice(pictures, size - 1)]
        predictions = model.predict_chroma(
            [picture.rgb for picture in batch], size=options.size, batch_size=options.batch_size
        )
        for picture, prediction in zip(batch, predictions, strict=True):
            smoothed = prediction if smoother is None else smoother(prediction)
            yield _Colored(picture, smoothed, None if smoother is None else smoother.state)
