"""Plans a batch: which photos and films to colorize, and which file to write for each."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from colorgan.errors import ColorganError, did_you_mean
from colorgan.files import resolved
from colorgan.images import FILM_EXTENSIONS, FORMATS, UnreadableImage, extensions, find_photos, printable
from colorgan.inference.batch.targets import choose_targets

FILM_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Maps the file extensions of films that can be written to FFmpeg's names of their formats."""

SIDE_BY_SIDE = "side_by_side"
"""Subfolder of the output folder for pictures before and after."""

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Job:
    """A photo or film to colorize.

    Attributes:
        source: the photo.
        target: the file to write.
        name: name of the photo in messages: its path relative to the input folder.
        side_by_side: file to write with the photo before and after, if there is to be one.
    """

    source: Path
    target: Path
    name: str
    side_by_side: Path | None = None

    @property
    def is_done(self) -> bool:
        """Whether all of its files exist."""
        return self.target.is_file() and (self.side_by_side is None or self.side_by_side.is_file())


@dataclass(frozen=True)
class Plan:
    """The jobs of a batch, and what was left out of it.

    Attributes:
        jobs: the photos, in natural order of their names (frame 2 before frame 10).
        films: the films, in the order in which they were given.
        failures: an error message for each folder that cannot be opened, and each photo without a file of its own.
        unsupported: images in the input folders whose format is not supported.
    """

    jobs: list[Job] = field(default_factory=list)
    films: list[Job] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unsupported: list[UnreadableImage] = field(default_factory=list)


def plan_jobs(inputs: Sequence[Path], output: Path, suffix: str | None = None, *, side_by_side: bool = False) -> Plan:
    """Determines the output file of each photo and each film.

    The tree of an input folder is mirrored below ``output`` (in a subfolder of its name, if there are several inputs).
    For names, see :func:`~colorgan.inference.batch.targets.choose_targets`. Files in the output folder are not inputs.

    Args:
        inputs: photos, folders of photos, and films.
        output: the folder to write to; for a single photo or film, also the name of the file.
        suffix: suffix of the photos to write. Default: the format of each photo.
        side_by_side: whether to write photos before and after, in a subfolder ``side_by_side`` or, for a single file,
            beside it.

    Raises:
        ColorganError: if a folder is missing or contains no photos, or a photo would be overwritten by its result.
    """
    plan = Plan(failures=[f"there is no photo or folder {_similar(path)}" for path in inputs if _is_missing(path)])
    present = [path for path in inputs if not _is_missing(path)]
    if not present:
        raise ColorganError("; ".join(plan.failures))
    if len(inputs) == 1 and output.suffix.lower() in {*FORMATS, *FILM_FORMATS} and not output.is_dir():
        job = _single_job(inputs[0], output, side_by_side)
        (plan.films if _is_film(job.source) else plan.jobs).append(job)
        return plan
    if output.exists() and not output.is_dir():
        raise ColorganError(f"{printable(output)} is a file; give a folder to write to")
    if output.suffix.lower() in extensions() | FILM_EXTENSIONS and not output.is_dir():
        raise ColorganError(
            f"{printable(output)} looks like a file name; give a folder to write to or, for one photo, "
            f"a file name ending in {', '.join(FORMATS)}"
        )
    found = {
        source: relative for path in present for source, relative in _find_photos(path, output, len(inputs) > 1, plan)
    }
    jobs: list[Job] = []
    for films in (False, True):
        chosen = {source: relative for source, relative in found.items() if _is_film(source) == films}
        names = map(_film_name, chosen.values()) if films else choose_targets(list(chosen.values()), suffix)
        jobs = _with_files_of_their_own(zip(chosen.items(), names, strict=True), output, plan)
        if films:
            plan.films.extend(jobs)
            continue
        if side_by_side:
            jobs = [replace(job, side_by_side=output / SIDE_BY_SIDE / job.target.relative_to(output)) for job in jobs]
        plan.jobs.extend(sorted(jobs, key=lambda job: _natural_key(found[job.source])))
    return plan


def _single_job(source: Path, target: Path, side_by_side: bool) -> Job:
    """The job of one file whose result was given a name."""
    if source.is_dir():
        raise ColorganError(f"{printable(source)} is a folder; give a folder as --output")
    formats = FILM_FORMATS if _is_film(source) else FORMATS
    if target.suffix.lower() not in formats:
        kind = "film" if _is_film(source) else "photo"
        raise ColorganError(
            f"{printable(source)} is a {kind}; give a folder as --output, or a file name ending in {', '.join(formats)}"
        )
    _check_not_same(source, target)
    beside = target.with_name(f"{target.stem}_{SIDE_BY_SIDE}{target.suffix}") if side_by_side else None
    return Job(source, target, printable(source), None if _is_film(source) else beside)


def _with_files_of_their_own(
    chosen: Iterable[tuple[tuple[Path, Path], PurePath]], output: Path, plan: Plan
) -> list[Job]:
    """The jobs whose targets differ; the others are failures of the plan."""
    jobs: dict[Path, Job] = {}
    for (source, relative), name in chosen:
        target = output / name
        other = jobs.setdefault(target, Job(source, target, printable(relative)))
        if other.source is not source:
            plan.failures.append(
                f"{printable(other.source)} and {printable(source)} would both be written to {printable(target)}; only "
                "the first was, so colorize the second into another folder"
            )
    return list(jobs.values())


def _is_film(path: Path) -> bool:
    return path.suffix.lower() in FILM_EXTENSIONS


def _film_name(path: Path) -> Path:
    return path if path.suffix.lower() in FILM_FORMATS else path.with_suffix(".mkv")


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # reported when it is read
        return False
    return False


def _similar(path: Path) -> str:
    """The path, and a file of a similar name in the same folder."""
    try:
        names = [each.name for each in path.parent.iterdir()]
    except OSError:
        names = []
    stems = {Path(name).stem.lower() for name in names}
    similar = difflib.get_close_matches(path.stem.lower()[:80], stems)  # equal suffixes make no names similar
    names = [name for name in names if name.isprintable() and Path(name).stem.lower() in similar]
    return printable(path) + (did_you_mean(path.name, names) or "; give the path of a photo, a folder or a film")


def _find_photos(path: Path, output: Path, several_inputs: bool, plan: Plan) -> Iterator[tuple[Path, Path]]:
    """Yields the photos of an input, each with its path relative to the output folder."""
    try:
        is_folder = path.is_dir()
    except OSError:  # in a folder that cannot be opened; reported when it is read
        is_folder = False
    if not is_folder:
        _check_not_same(path, output / path.name)
        yield path, Path(path.name)
        return
    if output.exists() and output.samefile(path):
        raise ColorganError(f"{printable(output)} is the folder of the photos; choose another --output")
    listing = find_photos(path)
    plan.failures.extend(map(str, listing.unopened))
    plan.unsupported.extend(listing.unsupported)
    base = Path(resolved(path).name) if several_inputs else Path()
    output_is_inside = resolved(output).is_relative_to(resolved(path))
    for photo in listing.photos:
        if not (output_is_inside and _is_inside(photo, output)):
            yield photo, base / photo.relative_to(path)


def _is_inside(photo: Path, folder: Path) -> bool:
    try:
        return resolved(photo).is_relative_to(resolved(folder))
    except (OSError, RuntimeError):  # a link that leads to itself, which is reported when it is read
        return False


def _check_not_same(source: Path, target: Path) -> None:
    if os.access(source, os.F_OK) and target.is_file() and source.samefile(target):
        raise ColorganError(f"{printable(source)} would be overwritten by its own result; choose another --output")


def _natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that orders numbers within names by value."""
    parts = _DIGITS.split(path.as_posix())
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part]
