"""The answers of participants. They come from strangers, so nothing in them is taken for granted."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError
from colorgan.evaluation.study.key import StudyKey, read_json
from colorgan.files import write_text
from colorgan.images import printable

FORMAT = "colorgan study answers, version 1"
MAX_BYTES = 1 << 20
"""Maximum size of a file of answers: 80 bytes for each of 10,000."""

_MAX_FILES = 10_000
_MAX_MILLISECONDS = 24 * 3600 * 1000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Answer:
    """A choice between the two photos of a pair.

    Attributes:
        pair: name of the pair.
        first: which of its photos was shown first, at the left or above, 0 or 1.
        chosen: which was taken for the real one, 0 or 1.
        milliseconds: from the appearance of the photos to the choice.
    """

    pair: str
    first: int
    chosen: int
    milliseconds: int


@dataclass(frozen=True)
class Participant:
    """The answers of one participant.

    Attributes:
        name: drawn by the page, or given in its address.
        answers: in the order of the pairs.
    """

    name: str
    answers: tuple[Answer, ...]


def parse_answers(data: Any, key: StudyKey, source: str = "the answers") -> Participant:
    """Checks the answers of a participant.

    Args:
        data: the decoded JSON.
        key: the key of the study.
        source: name of the data in messages.

    Raises:
        ColorganError: if they have another form, belong to another study, name an unknown pair, or name
            the same photo twice.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ColorganError(f"{source}: these are no answers to a study; send the file as the page saved it")
    if data.get("study") != key.study:
        raise ColorganError(f"{source}: these are answers to another study, or to another version of this one")
    name, entries = data.get("participant"), data.get("answers")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ColorganError(f"{source}: participant must be 1 to 64 letters, digits, hyphens or underscores")
    if not isinstance(entries, list) or not 1 <= len(entries) <= len(key.pairs):
        raise ColorganError(f"{source}: answers must be a list of 1 to {len(key.pairs)} choices")
    answers, seen = [], set()
    for number, entry in enumerate(entries, start=1):
        answer = _parse_answer(entry, key, f"{source}: answer {number}")
        pair = key.pairs[answer.pair]
        if (pair.kind, pair.photo) in seen:
            raise ColorganError(f"{source}: answer {number} is a second one to the same photo")
        seen.add((pair.kind, pair.photo))
        answers.append(answer)
    return Participant(name, tuple(answers))


def _parse_answer(entry: Any, key: StudyKey, source: str) -> Answer:
    if not isinstance(entry, dict) or entry.keys() != {"pair", "first", "chosen", "milliseconds"}:
        raise ColorganError(f"{source} must have the keys pair, first, chosen and milliseconds")
    pair, first, chosen, milliseconds = (entry[name] for name in ("pair", "first", "chosen", "milliseconds"))
    if not isinstance(pair, str) or pair not in key.pairs:
        raise ColorganError(f"{source} names a pair that the study does not have")
    for name, value in (("first", first), ("chosen", chosen)):
        if type(value) is not int or value not in (0, 1):
            raise ColorganError(f"{source}: {name} must be 0 or 1")
    if type(milliseconds) is not int or not 0 <= milliseconds <= _MAX_MILLISECONDS:
        raise ColorganError(f"{source}: milliseconds must be a whole number, at most those of a day")
    return Answer(pair, first, chosen, milliseconds)


def read_answers(files: Iterable[Path], key: StudyKey) -> tuple[list[Participant], list[str]]:
    """Reads files of answers. A file that is invalid does not keep the others from being read.

    Args:
        files: the files; of several with the same answers of the same participant, one counts.
        key: the key of the study.

    Returns:
        The participants in the order of their names, and a sentence on each file that was left out.
    """
    found: dict[str, Participant] = {}
    left_out = []
    for file in files:
        try:
            participant = parse_answers(read_json(file, MAX_BYTES), key, printable(file))
        except ColorganError as error:
            left_out.append(str(error).replace(printable(file), printable(file.name)))
            continue
        earlier = found.setdefault(participant.name, participant)
        if earlier != participant:
            left_out.append(f"{printable(file.name)}: participant {participant.name} has other answers in another file")
    return [found[name] for name in sorted(found)], left_out


def answer_files(places: Sequence[Path]) -> list[Path]:
    """The files among some files and folders.

    Args:
        places: files, and folders whose ``.json`` files are meant.

    Raises:
        ColorganError: if one of them does not exist, or there is no file.
    """
    files: list[Path] = []
    for place in places:
        if place.is_dir():
            files += sorted(place.glob("*.json"))
        elif place.exists():
            files.append(place)
        else:
            raise ColorganError(f"there are no answers at {printable(place)}")
    if not files:
        raise ColorganError(f"there are no answers (*.json) in {', '.join(map(printable, places))}")
    return files


class AnswerFolder:
    """Stores the answers that a server receives, one file per participant.

    Args:
        folder: the folder, which is made if needed.
        key: the key of the study.
    """

    def __init__(self, folder: Path, key: StudyKey) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._key = folder, key

    def add(self, data: Any) -> Path:
        """Checks answers and stores them; what is stored is written anew, not the bytes that were received.

        Args:
            data: the decoded JSON.

        Raises:
            ColorganError: if they are invalid, the participant has other answers already, or the folder is full.
        """
        participant = parse_answers(data, self._key)
        file = self.folder / f"{participant.name}.json"
        if file.exists():
            if parse_answers(read_json(file, MAX_BYTES), self._key) != participant:
                raise ColorganError(
                    f"participant {participant.name} has answered already; reload the page to take part"
                )
            return file
        if sum(1 for _ in self.folder.iterdir()) >= _MAX_FILES:
            raise ColorganError(f"this study has {_MAX_FILES:,} participants already; thank you")
        content = {
            "format": FORMAT,
            "study": self._key.study,
            "participant": participant.name,
            "answers": [asdict(answer) for answer in participant.answers],
        }
        write_text(file, json.dumps(content, indent=1) + "\n")
        return file
