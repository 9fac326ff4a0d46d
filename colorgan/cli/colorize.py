"""``colorgan colorize``: colorizes photos, folders of photos and video frames of any size."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from colorgan.cli.parsing.options import SHIPPED_MODEL, ModelOptions, Option, Range
from colorgan.errors import ColorganError, one_line, plural

if TYPE_CHECKING:
    from colorgan.inference import PhotoColorizer
    from colorgan.inference.batch import BatchOptions, BatchResult, Job
    from colorgan.inference.film import FilmResult
    from colorgan.inference.variants import Variant

_FILM_WEIGHT = 0.8
"""Weight of the previous picture in films: it reduces flicker to a third."""


def colorize(
    photos: Annotated[Sequence[Path], Option(metavar="PHOTO|FOLDER|FILM")],
    *,
    output: Annotated[Path, Option(("-o", "--output"), "PATH")] = Path("colorized"),
    model: ModelOptions = SHIPPED_MODEL,
    hints: Annotated[Path | None, Option(metavar="hints.json")] = None,
    reach: Annotated[float, Range(0, 2), Option(metavar="0..2", rare=True)] = 1.0,
    batch: Annotated[int, Range(1, 1024), Option(metavar="N", rare=True)] = 8,
    strength: Annotated[float, Range(0, 2), Option(metavar="0..2")] = 1.0,
    warmth: Annotated[float, Range(-1, 1), Option(metavar="-1..1")] = 0.0,
    reference: Annotated[Path | None, Option(metavar="PHOTO")] = None,
    temporal: Annotated[float | None, Range(0, 0.99), Option(metavar="0..0.99")] = None,
    side_by_side: bool = False,
    grid: bool = False,
    variants: bool = False,
    format: Literal["same", "png", "jpg", "webp"] = "same",
    metadata: Annotated[Literal["basic", "all", "none"], Option(rare=True)] = "basic",
    overwrite: bool = False,
) -> int:
    """Colorize photos, folders of photos and films.

    The result has the same size and the same lightness. Existing files are skipped unless you give --overwrite, so an
    interrupted run continues where it stopped.

    Args:
        photos: photos, folders of photos, and films (mp4, mov, mkv and others).
        output: folder to write to, or, for one photo or film, the file, such as new.png.
        model: the models, their working size and their device.
        hints: color hints, for a single photo.
        reach: how far hints spread that do not name their reach: 0 is the mark alone, 2 the most.
        batch: maximum number of photos per network call.
        strength: strength of the colors: 0 is gray, 1 is as predicted, and beyond that it is a matter of taste.
        warmth: -1 is cold, 1 is warm.
        reference: a color photo whose palette the results take.
        temporal: for films and their frames: weight of the previous frame's colors; restarts at cuts (default: 0.8 for
            films, 0 for photos).
        side_by_side: also write a picture of each photo before and after.
        grid: also write contact sheets of the photos before and after.
        variants: for a single photo: also write a sheet of six different answers, and print the options of each.
        format: file format: same is that of the photo, or png if it cannot be written; png and webp are lossless.
        metadata: what to keep: basic is dates, camera, descriptions and color profile; all is also the place (GPS).
        overwrite: replace existing files.

    Returns:
        0; 1 if any photo could not be read or written, or a folder could not be opened.

    Raises:
        ColorganError: for invalid input, before any work is done.

    Examples:
        colorgan colorize old.jpg
            writes colorized/old.jpg
        colorgan colorize albums -o colorized --grid
            a folder and its subfolders, with sheets of before and after
        colorgan colorize old.jpg -o new.png --hints hints.json
            with colors that you know
        colorgan colorize grandpa.mp4
            a film, with its sound
    """
    from tqdm import tqdm

    from colorgan.images import printable
    from colorgan.inference import Look, Palette
    from colorgan.inference.batch import (
        SIDE_BY_SIDE,
        BatchOptions,
        check_variant_sheet,
        colorize_files,
        plan_jobs,
        write_sheets,
        write_variant_sheet,
    )
    from colorgan.inference.film import require_film_library
    from colorgan.inference.hints import read_hints

    plan = plan_jobs(photos, output, None if format == "same" else f".{format}", side_by_side=side_by_side)
    jobs = plan.jobs
    if plan.films:
        require_film_library()
    if reach != 1 and hints is None:
        raise ColorganError("--reach is that of hints: give them too, with --hints")
    for option, is_given in (("--hints", hints is not None), ("--variants", variants)):
        if is_given and (len(jobs) != 1 or plan.films):
            also = f" and {plural(len(plan.films), 'film')}" if plan.films else ""
            raise ColorganError(f"{option} applies to a single photo, received {plural(len(jobs), 'photo')}{also}")
    if variants:
        check_variant_sheet(jobs[0], overwrite)
    options = BatchOptions(
        size=model.size,
        batch_size=batch,
        look=Look(strength, warmth, None if reference is None else Palette.read(reference)),
        hints=None if hints is None else read_hints(hints, reach),
        temporal=temporal or 0.0,
        metadata=metadata,
        overwrite=overwrite,
    )
    colorizer = model.open()
    with tqdm(total=len(jobs), unit="photo", disable=None if jobs else True) as progress:
        try:
            result = colorize_files(colorizer, jobs, options, progress.update)
        except KeyboardInterrupt as interruption:
            interruption.add_note("run the same command again to continue")
            raise
    result.failures[:0] = plan.failures
    film_options = replace(options, temporal=_FILM_WEIGHT if temporal is None else temporal)
    films = _colorize_films(colorizer, plan.films, film_options, model, result)
    jobs = [*plan.jobs, *plan.films]
    folder = output if output.is_dir() else output.parent
    sheets = write_sheets(plan.jobs, folder, overwrite) if grid else []
    for image in plan.unsupported:
        print(f"note: left out {printable(image.path)}: {image.reason}", file=sys.stderr)
    for message in result.failures:
        print(one_line(f"error: {message}"), file=sys.stderr)
    if len(jobs) > 1 or not result.failures:  # or the error has said it all
        print(_summary(result, films, len(jobs)))
    if side_by_side and plan.jobs and (result.written or result.skipped):
        before_after = jobs[0].side_by_side if len(jobs) == 1 else output / SIDE_BY_SIDE
        print(f"side by side: {printable(before_after or output)}")
    for sheet in sheets:
        print(f"sheet: {printable(sheet)}")
    if variants and not result.failures:
        sheet, answers = write_variant_sheet(colorizer, jobs[0], options, [path.name for path in model.checkpoint])
        print(f"variants: {printable(sheet)}; to get one, give these options instead of yours for strength and so on:")
        for number, answer in enumerate(answers, start=1):
            print(f"  {number}  {answer.label:<22}  {_options_of(answer, reference, model.mix)}")
    if result.written or result.skipped or films:
        print(printable(jobs[0].target if len(jobs) == 1 else output))
    return 1 if result.failures else 0


def _options_of(variant: "Variant", reference: Path | None, mix: Sequence[float]) -> str:
    """The options with which the command makes a variant."""
    from colorgan.images import printable

    look = variant.look
    options = [f"--strength {look.strength:g}"] if look.strength != 1 else []
    options += [f"--warmth {look.warmth:g}"] if look.warmth else []
    options += [f"--reference {printable(reference)}"] if look.reference and reference else []
    if variant.mix is not None:
        mix = variant.mix[1:] if len(variant.mix) == 2 else variant.mix
    return " ".join(options + [f"--mix {weight:g}" for weight in mix]) or "(none of them)"


def _colorize_films(
    colorizer: "PhotoColorizer",
    films: "Sequence[Job]",
    options: "BatchOptions",
    model: ModelOptions,
    result: "BatchResult",
) -> "list[FilmResult]":
    """Colorizes the films; those that exist and those that fail are counted in the result."""
    if not films:
        return []
    from tqdm import tqdm

    from colorgan.inference.film import colorize_film

    key = f"{[str(path.absolute()) for path in model.checkpoint]} {list(model.mix)}"
    done = []
    for film in films:
        if film.target.is_file() and not options.overwrite:
            result.skipped += 1
            continue
        with tqdm(unit="picture", disable=None, desc=film.source.name[:30]) as progress:

            def start(total: int | None, resumed: int, progress: "tqdm[Any]" = progress) -> None:
                progress.total, progress.initial = total, resumed
                progress.update(resumed)

            try:
                done.append(colorize_film(colorizer, film, options, key, start, progress.update))
            except ColorganError as error:
                result.failures.append(str(error))
            except KeyboardInterrupt as interruption:
                interruption.add_note("run the same command again to continue")
                raise
    return done


def _summary(result: "BatchResult", films: "Sequence[FilmResult]", num_jobs: int) -> str:
    if num_jobs == result.skipped == 1:
        return "colorized nothing: the result exists already (--overwrite replaces it)"
    parts = [f"colorized {plural(result.written, 'photo')}"] if result.written or not films else []
    if films:
        pictures, scenes = sum(film.pictures for film in films), sum(film.scenes for film in films)
        what = f"{plural(pictures, 'picture')}, {plural(scenes, 'scene')}" if scenes else plural(pictures, "picture")
        parts.append(f"colorized {plural(len(films), 'film')} ({what})")
    if result.skipped:
        parts.append(f"skipped {plural(result.skipped, 'existing file')} (--overwrite replaces them)")
    if result.failures:
        parts.append(f"{len(result.failures):,} failed (see above)")
    if result.scenes:
        parts.append(plural(result.scenes, "scene"))
    return "; ".join(parts)
