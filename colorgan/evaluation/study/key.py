"""The key of a study: which photo of each pair is real, and what the other one is. The page does not contain it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from colorgan.errors import ColorganError
from colorgan.files import open_regular, write_text
from colorgan.files.plain import check_plain
from colorgan.images import printable

PAGE, KEY, ANSWERS = "study.html", "key.json", "answers"
"""What the folder of a study contains: the page, the key, and the folder of the answers."""

FORMAT = "colorgan study key, version 1"
_MAX_BYTES = 16 << 20

Kind = Literal["practice", "test", "vigilance"]


@dataclass(frozen=True)
class Pair:
    """A pair of photos.

    Attributes:
        kind: ``practice`` comes first, with feedback; ``vigilance`` shows whether participants pay attention.
        photo: name of the reference photo.
        system: name of the system; empty for vigilance, where the photo has opposite colors.
        real: position of the real photo in the page, 0 or 1.
    """

    kind: Kind
    photo: str
    system: str
    real: int


@dataclass(frozen=True)
class StudyKey:
    """The key of a study.

    Attributes:
        study: digest of the study, which its answers name.
        title: heading of the study.
        systems: names of the systems.
        record: how the study was made.
        pairs: by the name of the pair in the page.
    """

    study: str
    title: str
    systems: tuple[str, ...]
    record: Mapping[str, Any]
    pairs: Mapping[str, Pair]

    def write(self, file: Path) -> None:
        """Writes the key as JSON."""
        content = {
            "format": FORMAT,
            "study": self.study,
            "title": self.title,
            "systems": list(self.systems),
            "record": dict(self.record),
            "pairs": {name: vars(pair) for name, pair in self.pairs.items()},
        }
        write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_key(folder: Path) -> StudyKey:
    """Reads the key of a study.

    Args:
        folder: folder of the study.

    Raises:
        ColorganError: if the folder has no key, or it is damaged.
    """
    file = folder / KEY
    if not file.exists():
        raise ColorganError(f"{printable(file)} is missing; give the folder that `colorgan study` has written")
    content = read_json(file, _MAX_BYTES)
    try:
        if content["format"] != FORMAT:
            raise ColorganError(f"{printable(file)} is no key of this version of colorgan ({FORMAT})")
        pairs = {
            str(name): Pair(entry["kind"], str(entry["photo"]), str(entry["system"]), int(entry["real"]))
            for name, entry in content["pairs"].items()
        }
        key = StudyKey(
            str(content["study"]), str(content["title"]), tuple(map(str, content["systems"])), content["record"], pairs
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ColorganError):
            raise
        raise ColorganError(f"{printable(file)} is damaged ({error!r}); make the study again") from error
    is_valid = isinstance(key.record, dict) and all(
        pair.kind in get_args(Kind) and pair.real in (0, 1) and (pair.kind == "vigilance" or pair.system in key.systems)
        for pair in pairs.values()
    )
    if not is_valid:
        raise ColorganError(f"{printable(file)} is damaged: a pair has an unknown kind or system; make the study again")
    return key


def read_json(file: Path, max_bytes: int) -> Any:
    """Reads JSON that anyone may have written, within limits.

    Args:
        file: a regular file.
        max_bytes: its maximum size.

    Raises:
        ColorganError: if it cannot be read, is too large or no JSON; the message names the file.
    """
    try:
        with open_regular(file) as stream:
            content = stream.read(max_bytes + 1)
    except OSError as error:
        raise ColorganError(f"{printable(file)} cannot be read: {error.strerror or error}") from error
    if len(content) > max_bytes:
        raise ColorganError(f"{printable(file)} is larger than {max_bytes / 1e6:.3g} MB, so it is no file of a study")
    try:
        document = json.loads(content.decode("utf-8-sig"))
        check_plain(document, printable(file))
    except ColorganError:
        raise
    except (ValueError, RecursionError) as error:
        raise ColorganError(f"{printable(file)} is no JSON; send the file as the page saved it") from error
    return document
