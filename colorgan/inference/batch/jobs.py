"""Plans a batch: which photos to colorize, and which file to write for each."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.images import FORMATS, extensions, list_photos, printable

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Job:
    """A photo to colorize.

    Attributes:
        source: the photo.
        target: the file to write.
        name: name of the photo in messages: its path relative to the input folder.
    """

    source: Path
    target: Path
    name: str


def plan_jobs(inputs: Sequence[Path], output: Path, suffix: str = ".png") -> list[Job]:
    """Determines the output file of each photo.

    The tree of an input folder is mirrored below ``output`` (in a subfolder of its name, if there are several inputs).
    Photos whose names differ only in their suffix keep it: ``a.jpg`` and ``a.tif`` become ``a.jpg.png`` and
    ``a.tif.png``. Files in the output folder are not inputs.

    Args:
        inputs: photos and folders of photos.
        output: the folder to write to; for a single photo, also a file name ending in .png, .jpg or .webp.
        suffix: suffix of the files to write.

    Returns:
        The jobs, in natural order of their names (frame 2 before frame 10).

    Raises:
        ColorganError: if a folder is missing or contains no photos, or two photos would be written to the same file.
    """
    if len(inputs) == 1 and output.suffix.lower() in FORMATS and not output.is_dir():
        if inputs[0].is_dir():
            raise ColorganError(f"{printable(inputs[0])} is a folder; give a folder as --output")
        _check_not_same(inputs[0], output)
        return [Job(inputs[0], output, printable(inputs[0]))]
    if output.exists() and not output.is_dir():
        raise ColorganError(f"{printable(output)} is a file; give a folder to write to")
    if output.suffix.lower() in extensions() and not output.is_dir():
        raise ColorganError(
            f"{printable(output)} looks like a file name; give a folder to write to or, for one photo, "
            f"a file name ending in {', '.join(FORMATS)}"
        )
    found = {source: relative for path in inputs for source, relative in _find_photos(path, output, len(inputs) > 1)}
    stems = Counter(str(relative.with_suffix("")).casefold() for relative in found.values())
    jobs: dict[str, Job] = {}
    for source, relative in sorted(found.items(), key=lambda item: _natural_key(item[1])):
        unique = stems[str(relative.with_suffix("")).casefold()] == 1
        target = output / (relative.with_suffix(suffix) if unique else relative.with_name(relative.name + suffix))
        job = Job(source, target, printable(relative))
        other = jobs.setdefault(str(target).casefold(), job)
        if other is not job:
            raise ColorganError(
                f"{printable(other.source)} and {printable(source)} would both be written to {printable(target)}; "
                "colorize them separately, into different folders"
            )
    return list(jobs.values())


def _find_photos(path: Path, output: Path, several_inputs: bool) -> Iterable[tuple[Path, Path]]:
    """Yields the photos of an input, each with its path relative to the output folder."""
    if not path.is_dir():
        _check_not_same(path, output / path.name)
        yield path, Path(path.name)
        return
    if output.exists() and output.samefile(path):
        raise ColorganError(f"{printable(output)} is the folder of the photos; choose another --output")
    try:
        photos = list_photos(path)
    except (FileNotFoundError, ValueError) as error:
        raise ColorganError(str(error)) from error
    base = Path(path.resolve().name) if several_inputs else Path()
    output_is_inside = output.resolve().is_relative_to(path.resolve())
    for photo in photos:
        if not (output_is_inside and photo.resolve().is_relative_to(output.resolve())):
            yield photo, base / photo.relative_to(path)


def _check_not_same(source: Path, target: Path) -> None:
    if source.exists() and target.exists() and source.samefile(target):
        raise ColorganError(f"{printable(source)} would be overwritten by its own result; choose another --output")


def _natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that orders numbers within names by value."""
    parts = _DIGITS.split(path.as_posix())
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part]
