"""Which file is colored into which: inputs named on the command line, mirrored into the output folder."""

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
    """One photo to color.

    Attributes:
        source: the photo.
        target: the file to write.
        name: the photo as messages call it: below the folder that was named.
    """

    source: Path
    target: Path
    name: str


def plan(inputs: Sequence[Path], output: Path, ending: str = ".png") -> list[Job]:
    """Decides where each photo goes.

    The tree of a folder is mirrored below ``output`` (below a folder of its name, if several inputs are given). Photos
    whose names differ only in their endings keep them: ``a.jpg`` and ``a.tif`` become ``a.jpg.png`` and ``a.tif.png``.
    What lies in the output folder already is no input.

    Args:
        inputs: photos and folders of photos.
        output: the folder to write to; or, for a single photo, the file, if it ends in .png or .jpg.
        ending: of the files to write.

    Returns:
        The jobs, in the order of their names, frame 2 before frame 10.

    Raises:
        ColorganError: if a folder is not there or contains no photos, or two photos would be written to the same file.
    """
    if len(inputs) == 1 and output.suffix.lower() in FORMATS and not output.is_dir():
        if inputs[0].is_dir():
            raise ColorganError(f"{printable(inputs[0])} is a folder; give a folder for it to be colored into")
        _refuse_itself(inputs[0], output)
        return [Job(inputs[0], output, printable(inputs[0]))]
    if output.exists() and not output.is_dir():
        raise ColorganError(f"{printable(output)} is a file; give a folder to write to")
    if output.suffix.lower() in extensions() and not output.is_dir():
        raise ColorganError(
            f"{printable(output)} looks like a file name; give a folder to write to or, for one photo, "
            f"a file name ending in {' or '.join(FORMATS)}"
        )
    found = {source: below for place in inputs for source, below in _photos(place, output, len(inputs) > 1)}
    stems = Counter(str(below.with_suffix("")).casefold() for below in found.values())
    jobs: dict[str, Job] = {}
    for source, below in sorted(found.items(), key=lambda item: _natural(item[1])):
        alone = stems[str(below.with_suffix("")).casefold()] == 1
        target = output / (below.with_suffix(ending) if alone else below.with_name(below.name + ending))
        job = Job(source, target, printable(below))
        other = jobs.setdefault(str(target).casefold(), job)
        if other is not job:
            raise ColorganError(
                f"{printable(other.source)} and {printable(source)} would both be written to {printable(target)}; "
                "colorize them one after the other into different folders"
            )
    return list(jobs.values())


def _photos(place: Path, output: Path, several: bool) -> Iterable[tuple[Path, Path]]:
    """The photos that an input names, and where they go below the output folder."""
    if not place.is_dir():
        _refuse_itself(place, output / place.name)
        yield place, Path(place.name)
        return
    if output.exists() and output.samefile(place):
        raise ColorganError(f"{printable(output)} is the folder of the photos themselves; choose another --output")
    try:
        photos = list_photos(place)
    except (FileNotFoundError, ValueError) as error:
        raise ColorganError(str(error)) from error
    base = Path(place.resolve().name) if several else Path()
    inside = output.resolve().is_relative_to(place.resolve())
    for photo in photos:
        if not (inside and photo.resolve().is_relative_to(output.resolve())):
            yield photo, base / photo.relative_to(place)


def _refuse_itself(source: Path, target: Path) -> None:
    if source.exists() and target.exists() and source.samefile(target):
        raise ColorganError(f"{printable(source)} would be written over itself; choose another --output")


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sorts numbers within names by their value."""
    parts = _DIGITS.split(path.as_posix())
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part]
