"""Answers of strangers are checked, and what is wrong with them is said in one sentence."""

import json
import os

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.study.answers import AnswerFolder, answer_files, parse_answers, read_answers
from colorgan.evaluation.study.key import Pair, StudyKey
from tests.evaluation.study.people import answers_of

PAIRS = {
    "p1": Pair("practice", "a.jpg", "one", 0),
    "t1": Pair("test", "b.jpg", "one", 0),
    "t2": Pair("test", "b.jpg", "two", 1),
    "t3": Pair("test", "c.jpg", "one", 1),
    "v1": Pair("vigilance", "d.jpg", "", 1),
}
KEY = StudyKey("0123456789abcdef", "A study", ("one", "two"), {"photos": {"count": 2}}, PAIRS)
RATES = {"one": 0.0, "two": 1.0}


def valid(name="anna"):
    return answers_of(KEY, name, RATES)


def test_valid_answers_are_read():
    participant = parse_answers(valid(), KEY)
    assert participant.name == "anna"
    assert len(participant.answers) == 4  # each photo once
    assert all(PAIRS[answer.pair].real == answer.chosen for answer in participant.answers if answer.pair != "t2")


ANSWER = {"pair": "t1", "first": 0, "chosen": 1, "milliseconds": 900}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: [], "are no answers"),
        (lambda data: {**data, "format": "x"}, "are no answers"),
        (lambda data: {**data, "study": "other"}, "answers to another study"),
        (lambda data: {**data, "participant": "../../etc/passwd"}, "participant must be"),
        (lambda data: {**data, "participant": "a" * 65}, "participant must be"),
        (lambda data: {**data, "participant": "a\n"}, "participant must be"),
        (lambda data: {**data, "participant": None}, "participant must be"),
        (lambda data: {**data, "answers": {}}, "answers must be a list"),
        (lambda data: {**data, "answers": []}, "answers must be a list of 1 to 5"),
        (lambda data: {**data, "answers": [ANSWER] * 6}, "answers must be a list of 1 to 5"),
        (lambda data: {**data, "answers": [ANSWER, ANSWER]}, "answer 2 is a second one to the same photo"),
        (lambda data: {**data, "answers": [ANSWER, {**ANSWER, "pair": "t2"}]}, "a second one to the same photo"),
        (lambda data: {**data, "answers": [{**ANSWER, "pair": "t9"}]}, "names a pair that the study does not have"),
        (lambda data: {**data, "answers": [{**ANSWER, "pair": ["t1"]}]}, "names a pair that the study does not have"),
        (lambda data: {**data, "answers": [{**ANSWER, "chosen": True}]}, "chosen must be 0 or 1"),
        (lambda data: {**data, "answers": [{**ANSWER, "first": 2}]}, "first must be 0 or 1"),
        (lambda data: {**data, "answers": [{**ANSWER, "milliseconds": -1}]}, "milliseconds must be"),
        (lambda data: {**data, "answers": [{**ANSWER, "milliseconds": 1e400}]}, "milliseconds must be"),
        (lambda data: {**data, "answers": [{**ANSWER, "real": 1}]}, "must have the keys"),
        (lambda data: {**data, "answers": ["x"]}, "must have the keys"),
    ],
)
def test_invalid_answers_are_refused(change, message):
    with pytest.raises(ColorganError, match=message):
        parse_answers(change(valid()), KEY)


def test_files_are_read_and_the_rest_goes_on(tmp_path):
    (tmp_path / "anna.json").write_text(json.dumps(valid()))
    (tmp_path / "copy.json").write_text(json.dumps(valid()))
    (tmp_path / "ben.json").write_text(json.dumps(valid("ben")))
    other = valid("ben")
    other["answers"] = other["answers"][:2]
    (tmp_path / "c_ben.json").write_text(json.dumps(other))
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "huge.json").write_bytes(b"[" + b"1," * (1 << 19) + b"1]")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xff"}')
    (tmp_path / "digits.json").write_text("9" * 5000)
    os.mkfifo(tmp_path / "pipe.json")
    participants, left_out = read_answers(answer_files([tmp_path]), KEY)
    assert [participant.name for participant in participants] == ["anna", "ben"]
    expected = {
        "c_ben.json": "other answers in another file",
        "deep.json": "is no JSON",
        "digits.json": "is no JSON",
        "huge.json": "larger than 1.05 MB",
        "latin.json": "is no JSON",
        "pipe.json": "not a regular file",
    }
    assert [sentence.split(" ")[0].rstrip(":") for sentence in left_out] == list(expected)
    assert all(reason in sentence for reason, sentence in zip(expected.values(), left_out, strict=True))
    assert not any(str(tmp_path) in sentence for sentence in left_out)


def test_missing_places_are_named(tmp_path):
    with pytest.raises(ColorganError, match="there are no answers at .*nowhere"):
        answer_files([tmp_path / "nowhere"])
    with pytest.raises(ColorganError, match=r"there are no answers \(\*.json\) in"):
        answer_files([tmp_path])


def test_folder_stores_what_it_checked(tmp_path, monkeypatch):
    folder = AnswerFolder(tmp_path / "answers", KEY)
    file = folder.add(valid() | {"more": "x" * 1000})
    assert file == tmp_path / "answers" / "anna.json"
    stored = json.loads(file.read_text())
    assert stored == valid()
    assert folder.add(valid()) == file  # sent twice
    changed = valid()
    changed["answers"][0]["chosen"] = 1 - changed["answers"][0]["chosen"]
    with pytest.raises(ColorganError, match="anna has answered already"):
        folder.add(changed)
    assert json.loads(file.read_text()) == valid()
    with pytest.raises(ColorganError, match="participant must be"):
        folder.add(valid("../anna"))
    monkeypatch.setattr("colorgan.evaluation.study.answers._MAX_FILES", 1)
    with pytest.raises(ColorganError, match="participants already"):
        folder.add(valid("ben"))
    assert [path.name for path in tmp_path.rglob("*.json")] == ["anna.json"]
