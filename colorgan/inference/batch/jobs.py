"""Plans a batch: which photos to colorize, and which file to write for each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.files import resolved
from colorgan.images import FORMATS, UnreadableImage, extensions, find_photos, printable
from colorgan.inference.batch.targets import choose_targets

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


@dataclass(frozen=True)
class Plan:
    """The jobs of a batch, and what was left out of it.

    Attributes:
        jobs: the jobs, in natural order of their names (frame 2 before frame 10).
        failures: an error message for each folder that cannot be opened, and each photo without a file of its own.
        unsupported: images in the input folders whose format is not supported.
    """

    jobs: list[Job]
    failures: list[str] = field(default_factory=list)
    unsupported: list[UnreadableImage] = field(default_factory=list)


def plan_jobs(inputs: Sequence[Path], output: Path, suffix: str = ".png") -> Plan:
    """Determines the output file of each photo.

    The tree of an input folder is mirrored below ``output`` (in a subfolder of its name, if there are several inputs).
    For names, see :func:`~colorgan.inference.batch.targets.choose_targets`. Files in the output folder are not inputs.

    Args:
        inputs: photos and folders of photos.
        output: the folder to write to; for a single photo, also a file name ending in .png, .jpg or .webp.
        suffix: suffix of the files to write.

    Raises:
        ColorganError: if a folder is missing or contains no photos, or a photo would be overwritten by its result.
    """
    if len(inputs) == 1 and output.suffix.lower() in FORMATS and not output.is_dir():
        if inputs[0].is_dir():
            raise ColorganError(f"{printable(inputs[0])} is a folder; give a folder as --output")
        _check_not_same(inputs[0], output)
        return Plan([Job(inputs[0], output, printable(inputs[0]))])
    if output.exists() and not output.is_dir():
        raise ColorganError(f"{printable(output)} is a file; give a folder to write to")
    if output.suffix.lower() in extensions() and not output.is_dir():
        raise ColorganError(
            f"{printable(output)} looks like a file name; give a folder to write to or, for one photo, "
            f"a file name ending in {', '.join(FORMATS)}"
        )
    plan = Plan([])
    found = {
        source: relative for path in inputs for source, relative in _find_photos(path, output, len(inputs) > 1, plan)
    }
    targets: dict[Path, Path] = {}
    for source, name in zip(found, choose_targets(list(found.values()), suffix), strict=True):
        target = output / name
        other = targets.setdefault(target, source)
        if other is not source:
            plan.failures.append(
                f"{printable(other)} and {printable(source)} would both be written to {printable(target)}; only the "
                "first was, so colorize the second into another folder"
            )
    jobs = [Job(source, target, printable(found[source])) for target, source in targets.items()]
    plan.jobs.extend(sorted(jobs, key=lambda job: _natural_key(found[job.source])))
    return plan


def _find_photos(path: Path, output: Path, several_inputs: bool, plan: Plan) -> Iterator[tuple[Path, Path]]:
    """Yields the photos of an input, each with its path relative to the output folder."""
    if not path.is_dir():
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
    if source.is_file() and target.is_file() and source.samefile(target):
        raise ColorganError(f"{printable(source)} would be overwritten by its own result; choose another --output")


def _natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that orders numbers within names by value."""
    parts = _DIGITS.split(path.as_posix())
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part]
