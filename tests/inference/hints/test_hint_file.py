import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorgan.errors import ColorganError
from colorgan.inference.hints import (
    MAX_HINTS,
    ColorArea,
    ColorHint,
    ColorStroke,
    hint_entry,
    parse_hints,
    read_hints,
    write_hints,
)


def test_written_file_is_read_back(tmp_path: Path) -> None:
    hints = [
        ColorHint(412, 96.5, "#2e6b34", 8, reach=0.5, recolor=True),
        ColorHint(0, 0, "RebeccaPurple"),
        ColorStroke([(1, 2.5), (3, 4)], "navy", 3),
        ColorArea([(0, 0), (9, 0), (9, 9)], "gold", recolor=True),
    ]
    write_hints(tmp_path / "hints.json", hints)
    assert read_hints(tmp_path / "hints.json") == hints
    write_hints(tmp_path / "hints.json", [])
    assert read_hints(tmp_path / "hints.json") == []
    assert [path.name for path in tmp_path.iterdir()] == ["hints.json"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            ColorHint,
            st.floats(0, 1e5),
            st.integers(0, 100_000),
            st.from_regex("#[0-9a-fA-F]{6}", fullmatch=True),
            st.floats(0.01, 1e4),
        )
    )
)
def test_arbitrary_hints_round_trip(tmp_path_factory: pytest.TempPathFactory, hints: list[ColorHint]) -> None:
    path = tmp_path_factory.mktemp("hints") / "hints.json"
    write_hints(path, hints)
    assert read_hints(path) == hints


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('{"hints": []}', encoding="utf-8-sig")
    assert read_hints(tmp_path / "hints.json") == []


@pytest.mark.parametrize(
    ("color", "rgb"), [("#2E6b34", (46, 107, 52)), ("navy", (0, 0, 128)), ("Tomato", (255, 99, 71))]
)
def test_color_names_and_hex_codes(color: str, rgb: tuple[int, int, int]) -> None:
    assert ColorHint(0, 0, color, 1).rgb == rgb


GOOD = {"x": 1, "y": 2, "color": "red", "radius": 3}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is not valid JSON (line 1, column 1: Expecting value)"),
        ('{"hints": [\n{"x": 1,}]}', "the file is not valid JSON (line 2, column "),  # 9, or 8 since Python 3.13
        ("[" * 100_000, "the file is not valid JSON for hints"),
        (b"\xff\xfe\x00", "the file is not valid JSON for hints"),
        ('{"hints": [{"x": ' + "9" * 5000 + "}]}", "the file is not valid JSON for hints"),
        ("3", "the file must be an object with a list called 'hints', received 3"),
        ("{}", "the file has no 'hints'"),
        ('{"hint": []}', "the file has the unknown key 'hint'; did you mean 'hints'"),
        ('{"hints": {}}', "'hints' must be a list, received an object"),
        ('{"hints": [3]}', "hint 1 must be an object with x, y and color, or with a stroke or an area, received 3"),
        ({**GOOD, "colr": "red"}, "hint 2 has the unknown key 'colr'; did you mean 'color'"),
        (
            {**GOOD, "1234": "red"},
            "hint 2 has the unknown key '1234'; valid names are x, y, color, radius, reach",
        ),
        ({"x": 1, "y": 2}, "hint 2 has no 'color'"),
        ({"stroke": [[1, 2]], "x": 1, "color": "red"}, "hint 2 has the unknown key 'x'"),
        ({"stroke": [], "color": "red"}, "hint 2: stroke must have from 1 to 10000 points, received 0"),
        ({"stroke": 5, "color": "red"}, "hint 2: stroke must be a list of points [x, y], received 5"),
        ({"stroke": [[1, 2], [3]], "color": "red"}, "a list of points [x, y], received a list among them"),
        (
            {"stroke": [[1, math.nan]], "color": "red"},
            "each coordinate of stroke must be a number of pixels",
        ),
        ({"area": [[1, 2], [3, 4]], "color": "red"}, "hint 2: area must have from 3 to 10000 points, received 2"),
        ({"area": [[1, 2], [3, 4], [1, 5]], "color": "red", "reach": 1}, "hint 2 has the unknown key 'reach'"),
        ({**GOOD, "reach": 2.1}, "hint 2: reach must be a number from 0 to 2, received 2.1"),
        ({**GOOD, "reach": "far"}, "hint 2: reach must be a number from 0 to 2, received 'far'"),
        ({**GOOD, "recolor": 1}, "hint 2: recolor must be true or false, received 1"),
        ({**GOOD, "x": "1"}, "hint 2: x must be a number of pixels, received '1'"),
        ({**GOOD, "x": True}, "hint 2: x must be a number of pixels, received True"),
        ({**GOOD, "y": None}, "hint 2: y must be a number of pixels, received None"),
        ({**GOOD, "y": [1]}, "hint 2: y must be a number of pixels, received a list"),
        ({**GOOD, "x": -1}, "hint 2: x must be a number of pixels, 0 or more, received -1"),
        ({**GOOD, "x": math.nan}, "hint 2: x must be a number of pixels, 0 or more, received NaN"),
        ({**GOOD, "y": math.inf}, "hint 2: y must be a number of pixels, 0 or more, received Infinity"),
        ({**GOOD, "x": 10**400}, "hint 2: x must be a number of pixels, 0 or more, received 1000000"),
        ({**GOOD, "radius": 0}, "hint 2: radius must be a number of pixels, above 0, received 0"),
        ({**GOOD, "radius": math.inf}, "hint 2: radius must be a number of pixels, above 0, received Infinity"),
        ({**GOOD, "color": "#ff00"}, "hint 2: color must be #rrggbb or a CSS name, received '#ff00'"),
        ({**GOOD, "color": "greem"}, "received 'greem'; did you mean 'green'"),
        ({**GOOD, "color": "rgb(1,2,3)"}, "hint 2: color must be #rrggbb or a CSS name, received 'rgb(1,2,3)'"),
        ({**GOOD, "color": 0xFF0000}, "hint 2: color must be #rrggbb or a CSS name, received 16711680"),
    ],
    ids=range(37),
)
def test_invalid_files_are_explained_in_one_line(tmp_path: Path, content: str | bytes | dict, message: str) -> None:
    path = tmp_path / "hints.json"
    if isinstance(content, dict):
        content = json.dumps({"hints": [GOOD, content]})
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ColorganError) as error:
        read_hints(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 160


def test_unusable_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match="does not exist"):
        read_hints(tmp_path / "none.json")
    with pytest.raises(ColorganError, match="cannot be read .it is a folder"):
        read_hints(tmp_path)
    with pytest.raises(ColorganError, match="cannot be written"):
        write_hints(tmp_path / "no folder" / "hints.json", [])
    (tmp_path / "large.json").write_bytes(b" " * (5 * 2**20))
    with pytest.raises(ColorganError, match="exceeds the limit of 4 MiB"):
        read_hints(tmp_path / "large.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ColorganError, match="cannot be read .not a regular file"):
        read_hints(tmp_path / "pipe.json")


def test_number_of_hints_is_limited() -> None:
    with pytest.raises(ColorganError, match=f"page: at most {MAX_HINTS} hints are allowed, received {MAX_HINTS + 1}"):
        parse_hints({"hints": [GOOD] * (MAX_HINTS + 1)}, "page")


def test_all_points_together_are_limited() -> None:
    stroke = {"stroke": [[index, index] for index in range(3000)], "color": "red"}
    assert len(parse_hints([stroke] * 3)) == 3
    with pytest.raises(ColorganError, match="hint 4: all hints together may have at most 10000 points"):
        parse_hints([stroke] * 4)


def test_a_bare_list_is_a_hint_file(tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text(json.dumps([GOOD]))
    assert read_hints(tmp_path / "hints.json") == [ColorHint(1, 2, "red", 3)]


def test_what_is_left_out_is_not_written() -> None:
    assert hint_entry(ColorHint(1, 2, "red")) == {"x": 1, "y": 2, "color": "red"}
    assert hint_entry(ColorStroke([[1, 2]], "red", reach=0)) == {"stroke": ((1, 2),), "color": "red", "reach": 0}
