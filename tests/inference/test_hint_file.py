import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import skimage.color
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.inference.hint_file import MAX_HINTS, ColorHint, parse_hints, read_hints, write_hints
from colorgan.inference.hint_file import rasterize_hints as rasterize_lab
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.hints import NoHints, PointHints

SPACES = [RGB(), HSV(), HSV("angle", gray="value"), YCbCr(), Lab()]
every_space = pytest.mark.parametrize(
    "color_space", SPACES, ids=lambda color_space: f"{type(color_space).__name__}{color_space.init_args}"
)


def gray_photo(level: float = 0.5, height: int = 32, width: int = 48) -> Tensor:
    return torch.full((1, 3, height, width), level)


def rasterize_hints(
    hints: list[ColorHint], photo_size: tuple[int, int], working: Tensor, color_space: ColorSpace
) -> Tensor:
    """Hints as a network takes them, (1, C + 1, H, W)."""
    small = (working[0] * 65535).round().permute(1, 2, 0).numpy().astype(np.uint16)
    return PointHints().from_lab(torch.from_numpy(rasterize_lab(hints, photo_size, small))[None], color_space)


def lab(rgb: Tensor) -> list[float]:
    return skimage.color.rgb2lab(np.array(rgb.tolist(), dtype=float)).tolist()


# -- reading and writing -----------------------------------------------------------------------------------------------


def test_a_file_written_is_a_file_read(tmp_path: Path) -> None:
    hints = [ColorHint(412, 96.5, "#2e6b34", 8), ColorHint(0, 0, "RebeccaPurple", 0.25)]
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
def test_any_hints_survive_the_file(tmp_path_factory: pytest.TempPathFactory, hints: list[ColorHint]) -> None:
    path = tmp_path_factory.mktemp("hints") / "hints.json"
    write_hints(path, hints)
    assert read_hints(path) == hints


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('{"hints": []}', encoding="utf-8-sig")
    assert read_hints(tmp_path / "hints.json") == []


@pytest.mark.parametrize(
    ("color", "rgb"), [("#2E6b34", (46, 107, 52)), ("navy", (0, 0, 128)), ("Tomato", (255, 99, 71))]
)
def test_colors(color: str, rgb: tuple[int, int, int]) -> None:
    assert ColorHint(0, 0, color, 1).rgb == rgb


GOOD = {"x": 1, "y": 2, "color": "red", "radius": 3}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "this is not JSON (line 1, column 1: Expecting value)"),
        ('{"hints": [\n{"x": 1,}]}', "this is not JSON (line 2, column 9"),
        ("[" * 100_000, "this is not JSON that could hold hints"),
        (b"\xff\xfe\x00", "this is not JSON that could hold hints"),
        ('{"hints": [{"x": ' + "9" * 5000 + "}]}", "this is not JSON that could hold hints"),
        ("[]", "the file must be an object with a list called 'hints', received a list"),
        ("{}", "the file has no 'hints'"),
        ('{"hint": []}', "the file has the unknown key 'hint'; did you mean 'hints'"),
        ('{"hints": {}}', "'hints' must be a list, received an object"),
        ('{"hints": [3]}', "hint 1 must be an object with x, y, color and radius, received 3"),
        ({**GOOD, "colr": "red"}, "hint 2 has the unknown key 'colr'; did you mean 'color'"),
        ({**GOOD, "1234": "red"}, "hint 2 has the unknown key '1234'; valid names are x, y, color, radius"),
        ({"x": 1, "y": 2, "color": "red"}, "hint 2 has no 'radius'"),
        ({**GOOD, "x": "1"}, "hint 2: x must be a number of pixels, received '1'"),
        ({**GOOD, "x": True}, "hint 2: x must be a number of pixels, received True"),
        ({**GOOD, "y": None}, "hint 2: y must be a number of pixels, received None"),
        ({**GOOD, "y": [1]}, "hint 2: y must be a number of pixels, received a list"),
        ({**GOOD, "x": -1}, "hint 2: x must be a number of pixels, 0 or more, received -1"),
        ({**GOOD, "x": math.nan}, "hint 2: x must be a number of pixels, 0 or more, received not a finite number"),
        ({**GOOD, "x": 10**400}, "hint 2: x must be a number of pixels, 0 or more, received 1000000"),
        ({**GOOD, "radius": 0}, "hint 2: radius must be a number of pixels, above 0, received 0"),
        ({**GOOD, "radius": math.inf}, "hint 2: radius must be a number of pixels, above 0, received not a finite"),
        ({**GOOD, "color": "#ff00"}, "hint 2: color must be #rrggbb or a CSS name, received '#ff00'"),
        ({**GOOD, "color": "greem"}, "received 'greem'; did you mean 'green'"),
        ({**GOOD, "color": "rgb(1,2,3)"}, "hint 2: color must be #rrggbb or a CSS name, received 'rgb(1,2,3)'"),
        ({**GOOD, "color": 0xFF0000}, "hint 2: color must be #rrggbb or a CSS name, received 16711680"),
    ],
    ids=range(26),
)
def test_a_bad_file_is_explained_in_one_sentence(tmp_path: Path, content: str | bytes | dict, sentence: str) -> None:
    path = tmp_path / "hints.json"
    if isinstance(content, dict):
        content = json.dumps({"hints": [GOOD, content]})
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ColorganError) as error:
        read_hints(path)
    assert str(error.value).startswith(f"{path}: ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 160


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match="does not exist"):
        read_hints(tmp_path / "none.json")
    with pytest.raises(ColorganError, match="is a folder"):
        read_hints(tmp_path)
    with pytest.raises(ColorganError, match="cannot be written"):
        write_hints(tmp_path / "no folder" / "hints.json", [])
    (tmp_path / "large.json").write_bytes(b" " * (5 * 2**20))
    with pytest.raises(ColorganError, match="at most 4 MiB"):
        read_hints(tmp_path / "large.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ColorganError, match="is no regular file"):
        read_hints(tmp_path / "pipe.json")


def test_a_stranger_cannot_send_hints_without_end() -> None:
    with pytest.raises(ColorganError, match=f"page: at most {MAX_HINTS} hints"):
        parse_hints({"hints": [GOOD] * (MAX_HINTS + 1)}, "page")


# -- drawing -----------------------------------------------------------------------------------------------------------


def test_a_disc_lies_where_it_was_put() -> None:
    """At the photo's own size: all pixels whose middle is within the radius."""
    made = rasterize_hints([ColorHint(20, 10, "red", 4)], (48, 32), gray_photo(), Lab())
    down, right = torch.meshgrid(torch.arange(32) + 0.5, torch.arange(48) + 0.5, indexing="ij")
    expected = (down - 10) ** 2 + (right - 20) ** 2 <= 16
    assert made.shape == (1, 3, 32, 48)
    assert torch.equal(made[0, 2].bool(), expected)
    assert made[0, :2, ~expected].count_nonzero() == 0


def test_positions_are_those_of_the_photo_whatever_the_working_size() -> None:
    hint = ColorHint(600, 100, "red", 40)
    for shape in ((32, 64), (37, 61)):
        made = rasterize_hints([hint], (800, 400), gray_photo(0.5, *shape), Lab())
        rows, columns = made[0, -1].nonzero().double().T
        assert ((rows.mean() + 0.5) / shape[0]).item() == pytest.approx(0.25, abs=0.01)
        assert ((columns.mean() + 0.5) / shape[1]).item() == pytest.approx(0.75, abs=0.01)
        area = made[0, -1].mean().item() * 800 * 400
        assert area == pytest.approx(math.pi * 40**2, rel=0.2)


@pytest.mark.parametrize("place", [(0, 0), (799.9, 399.9), (0, 399.9), (799.9, 0), (123.4, 56.7)])
def test_a_hint_smaller_than_a_pixel_marks_the_pixel_it_lies_in(place: tuple[float, float]) -> None:
    made = rasterize_hints([ColorHint(*place, "red", 0.1)], (800, 400), gray_photo(0.5, 32, 64), Lab())
    assert made[0, -1].nonzero().tolist() == [[int(place[1] * 32 / 400), int(place[0] * 64 / 800)]]


def test_later_hints_cover_earlier_ones() -> None:
    big, small = ColorHint(24, 16, "red", 10), ColorHint(24, 16, "blue", 3)
    made = rasterize_hints([big, small], (48, 32), gray_photo(), Lab())
    only_big, only_small = (rasterize_hints([hint], (48, 32), gray_photo(), Lab()) for hint in (big, small))
    inside = only_small[0, -1].bool()
    assert torch.equal(made[0][:, inside], only_small[0][:, inside])
    assert torch.equal(made[0][:, ~inside], only_big[0][:, ~inside])


@every_space
def test_a_hint_enters_with_its_chroma_at_the_lightness_of_the_photo(color_space: ColorSpace) -> None:
    photo = gray_photo(0.4)
    made = rasterize_hints([ColorHint(24, 16, "#8a5040", 3)], (48, 32), photo, color_space)
    inside = made[0, -1].bool()
    lightness, a, b = lab(color_space.merge(color_space.split(photo)[0], made[:, :-1])[0, :, inside][:, 0])
    _, true_a, true_b = lab(torch.tensor([0x8A, 0x50, 0x40]) / 255)
    assert math.atan2(b, a) == pytest.approx(math.atan2(true_b, true_a), abs=0.05)
    if (
        not isinstance(color_space, HSV) or color_space.gray == "luma"
    ):  # with V as the gray, saturated colors come out darker
        exact = isinstance(color_space, RGB | Lab)  # the others merge with luma, which is not quite L*
        assert lightness == pytest.approx(lab(torch.tensor([0.4, 0.4, 0.4]))[0], abs=0.5 if exact else 3)
        assert (a, b) == pytest.approx((true_a, true_b), abs=0.5 if exact else 3)


@every_space
def test_a_hint_of_the_photos_own_color_is_that_of_training(color_space: ColorSpace) -> None:
    """Taken from a photo of one color, a user's hint is what PointHints would have drawn there."""
    level = 0x30 / 255, 0x70 / 255, 0x50 / 255
    photo = torch.tensor(level).view(1, 3, 1, 1).expand(-1, -1, 32, 48)
    made = rasterize_hints([ColorHint(24, 16, "#307050", 3)], (48, 32), photo, color_space)
    true = color_space.split(photo)[1]
    inside = made[0, -1].bool()
    torch.testing.assert_close(made[0, :-1, inside], true[0][:, inside], atol=2e-3, rtol=0)


@pytest.mark.parametrize("level", [0.0, 0.05, 0.95, 1.0])
def test_a_color_too_strong_for_the_lightness_keeps_its_hue(level: float) -> None:
    made = rasterize_hints([ColorHint(24, 16, "blue", 3)], (48, 32), gray_photo(level), Lab())
    a, b = (made[0, :2, 16, 24] * 110).tolist()
    _, blue_a, blue_b = lab(torch.tensor([0.0, 0.0, 1.0]))
    assert math.hypot(a, b) < math.hypot(blue_a, blue_b)
    if math.hypot(a, b) > 2:
        assert math.atan2(b, a) == pytest.approx(math.atan2(blue_b, blue_a), abs=0.1)
    if level in (0.0, 1.0):
        assert math.hypot(a, b) < 1
    merged = Lab().merge(Lab().split(gray_photo(level))[0], made[:, :2])
    clipped = (merged - Lab().merge(Lab().split(gray_photo(level))[0], made[:, :2], clip=False)).abs().max()
    assert clipped < 2e-3


def test_a_gray_hint_is_neutral() -> None:
    made = rasterize_hints([ColorHint(24, 16, "#808080", 3)], (48, 32), gray_photo(0.3), Lab())
    assert made[0, -1].any()
    assert made[0, :2].abs().max() < 1e-3


def test_no_hints_are_zeros() -> None:
    assert rasterize_hints([], (48, 32), gray_photo(), RGB()).shape == (1, 4, 32, 48)
    assert rasterize_hints([], (48, 32), gray_photo(), RGB()).count_nonzero() == 0
    assert NoHints().from_lab(torch.zeros(1, 4, 32, 48), RGB()).shape == (1, 0, 32, 48)


def test_hints_that_cannot_be_followed_are_refused() -> None:
    with pytest.raises(ColorganError, match=r"hint 2 lies at \(48, 3\), outside of the photo of 48 x 32 pixels"):
        rasterize_hints([ColorHint(47.9, 3, "red", 2), ColorHint(48, 3, "red", 2)], (48, 32), gray_photo(), Lab())
