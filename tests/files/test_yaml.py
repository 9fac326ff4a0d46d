import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from colorgan.files.yaml import MAX_BYTES, MAX_DEPTH, YAMLError, parse_yaml, read_yaml

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
MERGED_LAUGHS = "a0: &a0 {x: 1, y: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n" + "".join(
    f"a{level}: &a{level} {{one: *a{level - 1}, two: *a{level - 1}, <<: *a{level - 1}}}\n" for level in range(1, 14)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("[010, 0x1f, 0o17, 0b11, 1_000, -3]", [10, 31, 15, 3, 1000, -3]),
        ("[1e-4, 2.0E+4, .5, 1., -.inf]", [1e-4, 2e4, 0.5, 1.0, float("-inf")]),
        ("[true, off, null, ~, none]", [True, False, None, None, "none"]),
        ("[00:12:00:00, 1:30, 2021-13-45, 1.5.2, =]", ["00:12:00:00", "1:30", "2021-13-45", "1.5.2", "="]),
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}", {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}}),
        ("a: &a [1]\nb: *a", {"a": [1], "b": [1]}),
        ("z: &z {x: 1}\na: &a {<<: *z, x: 2}\nb: {<<: *a}", {"z": {"x": 1}, "a": {"x": 2}, "b": {"x": 2}}),
        ("{<<: [{x: 1}, {x: 2, y: 2}], z: 3}", {"x": 1, "y": 2, "z": 3}),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert parse_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: 2\na: 1", 3, "'a' is given twice; the first is in line 1"),
        ("a:\n  b: 1\n  'b': 2", 3, "'b' is given twice"),
        ("[1]: 2", 1, "a key must be a text or a number"),
        ("no: 1", 1, "put it in quotes"),
        ("a: !!python/object/apply:os.system [ls]", 1, "the tag !!python/object/apply:os.system is not supported"),
        ("a: !!bool maybe", 1, "the tag !!bool is not supported"),
        ("a: ! x", 1, "the tag ! is not supported"),
        ("a: " + "9" * 5000, 1, "99999999999999999999… is not a number"),
        ("[" * 100_000, 1, "nested more than 50 deep"),
        ("- " * 100_000, 1, "nested more than 50 deep"),
        ("a: &a [*a]", 1, "*a is inside of what it repeats"),
        (LAUGHS, 5, "more than 50,000 values"),
        (MERGED_LAUGHS, 8, "more than 50,000 values"),
        ("a: {<<: 1}", 1, "<< takes a mapping"),
        ("a: &a {<<: *a}", 1, "*a is inside of what it repeats"),
        ("a: *x", 1, "has no anchor"),
        ("a:\n\tb: 1", 2, "a tab"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("a: b: c", 1, "a colon is not expected here"),
        ("a: [1, 2", 1, "a bracket is not closed"),
        ("a: 'b", 1, "a quotation mark is not closed"),
        ("a: 1\n  b: 2", 2, "check the indentation"),
        ("a:\n  - 1\n b: 2", 3, "the indentation does not fit"),
        ("a: 1\nb\nc: 2", 3, "a colon is missing"),
        ("a: @b", 1, "must be in quotes"),
        ("a: 1\nb: \x1b[31m", 2, "the control character U+001B is not allowed"),
        ("%YAML 3.0\n---\na: 1", 1, "not valid YAML"),
    ],
)
def test_refused_in_one_sentence_that_names_the_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(YAMLError) as caught:
        parse_yaml(text, "my.yaml")
    message = str(caught.value)
    assert message.startswith(f"my.yaml, line {line}: ")
    assert problem in message
    assert "\n" not in message
    assert len(message) < 200


def test_nesting_up_to_the_limit() -> None:
    value = parse_yaml("[" * (MAX_DEPTH - 1) + "1" + "]" * (MAX_DEPTH - 1))
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == 1


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_gives_a_value_or_one_sentence(text: str) -> None:
    message = ""
    try:
        parse_yaml(text)
    except YAMLError as error:
        message = str(error)
    assert "\n" not in message


_KEYS = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1).map("k".__add__)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
        max_leaves=10,
    )
)
def test_reads_what_pyyaml_writes(value: Any) -> None:
    text = yaml.safe_dump(value)
    expected = yaml.safe_load(text)
    assert expected == value
    if not any(isinstance(leaf, str) for leaf in _leaves(value)):  # PyYAML does not quote the text 1e-4
        assert parse_yaml(text) == value


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return _leaves(list(value.values()))
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, list) else [value]


def test_only_regular_files_of_a_reasonable_size_are_read(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    with file.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(YAMLError, match=r"big\.yaml has more than 1,048,576 bytes"):
        read_yaml(file)
    with pytest.raises(YAMLError, match="it is a folder.; give a YAML file"):
        read_yaml(tmp_path)
    with pytest.raises(YAMLError, match="cannot be read .not a regular file"):
        read_yaml(os.devnull)
    file.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(YAMLError, match="it is not a text in UTF-8"):
        read_yaml(file)
    with pytest.raises(FileNotFoundError):
        read_yaml(tmp_path / "missing.yaml")
    file.write_text("\ufeffa: é", encoding="utf-8")
    assert read_yaml(file) == {"a": "é"}


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(YAMLError, match="cannot be read .not a regular file"):
        read_yaml(tmp_path / "pipe.yaml")
