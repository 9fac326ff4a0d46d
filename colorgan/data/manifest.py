"""The manifest of a data set: each file, whether it was accepted, and what was changed or why it was left out.

It is stored as JSON Lines, one JSON object per file, in ASCII, so that any name survives and any tool reads it.

    {"split": "train", "file": "a.jpg", "status": "accepted"}
    {"split": "train", "file": "b.jpg", "status": "repaired", "note": "turned upright"}
    {"split": "train", "file": "c.jpg", "status": "left out", "note": "the file is cut short (12 bytes are missing)"}
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.files import atomic_write, open_regular
from colorgan.images import printable, problem_of

FILE_NAME = "photos.jsonl"
"""Name of the manifest in the folder of a training run."""

ACCEPTED, REPAIRED, LEFT_OUT = STATUSES = ("accepted", "repaired", "left out")

NO_COLOR, BEYOND_LIMIT = "it has no color", "it is beyond data.limit"
"""Why a readable photo was left out."""

_MAX_BYTES = 1 << 30


@dataclass(frozen=True, order=True)
class ManifestEntry:
    """One file of a data set.

    Attributes:
        split: ``train``, ``val`` or ``test``. A file that was left out belongs to the split of its folder.
        file: path relative to the folder of the split.
        status: ``accepted``; ``repaired``, if something had to be changed or ignored to read it; or ``left out``.
        note: what was changed, or why the file was left out.
    """

    split: str
    file: str
    status: str
    note: str = ""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.split:<5} {self.status:<8} {printable(self.file)}{note}"


def write_manifest(file: Path, entries: Iterable[ManifestEntry]) -> None:
    """Writes a manifest.

    Raises:
        ColorganError: if the file cannot be written.
    """
    try:
        with atomic_write(file) as temporary, temporary.open("w", encoding="ascii", newline="\n") as stream:
            for entry in entries:
                stream.write(json.dumps({name: value for name, value in asdict(entry).items() if value}) + "\n")
    except OSError as error:
        raise ColorganError(f"cannot write {printable(file)}: {error.strerror or error}") from error


def read_manifest(file: Path) -> list[ManifestEntry]:
    """Reads a manifest.

    Raises:
        ColorganError: if the file cannot be read, or is no manifest.
    """
    entries = []
    try:
        with open_regular(file) as stream:
            for line in stream.read(_MAX_BYTES).splitlines():
                entry = ManifestEntry(**json.loads(line))
                if not all(isinstance(value, str) for value in asdict(entry).values()) or entry.status not in STATUSES:
                    raise ValueError("unknown values")
                entries.append(entry)
    except OSError as error:
        raise ColorganError(f"cannot read the manifest {printable(file)}: {error.strerror or error}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ColorganError(
            f"{printable(file)} is no manifest: its line {len(entries) + 1} is not a JSON object with the keys split, "
            "file, status and note"
        ) from error
    return entries


def summarize(entries: Sequence[ManifestEntry]) -> list[str]:
    """The number of files of each status, and of each reason, most frequent first.

    Example:
        >>> entries = [ManifestEntry("train", f"{n}.jpg", LEFT_OUT, f"cut short ({n} bytes)") for n in range(2)]
        >>> summarize([ManifestEntry("val", "a.jpg", ACCEPTED), *entries])
        ['1 accepted', '0 repaired', '2 left out', '  2 cut short']
    """
    lines = []
    for status in STATUSES:
        notes = [entry.note for entry in entries if entry.status == status]
        lines.append(f"{len(notes):,} {status}")
        parts = Counter(part for note in notes for part in parts_of(note, status) if part)
        lines += [f"  {count:,} {printable(part)}" for part, count in parts.most_common()]
    return lines


def parts_of(note: str, status: str) -> list[str]:
    """The changes in the note of a repaired file, or the problem of one that was left out."""
    return [problem_of(note)] if status == LEFT_OUT else note.split("; ")
