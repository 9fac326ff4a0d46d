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

COLOR_SPACES = [RGB(), HSV(), HSV("angle", gray="value"), YCbCr(), Lab()]
every_color_space = pytest.mark.parametrize(
    "color_space", COLOR_SPACES, ids=lambda color_space: f"{type(color_space).__name__}{color_space.init_args}"
)


def gray_photo(level: float = 0.5, height: int = 32, width: int = 48) -> Tensor:
    return torch.full((1, 3, height, width), level)


def rasterize_hints(
    hints: list[ColorHint], photo_size: tuple[int, int], working: Tensor, color_space: ColorSpace
) -> Tensor:
    """Hints in the network's representation, (1, C + 1, H, W)."""
    small = (working[0] * 65535).round().permute(1, 2, 0).numpy().astype(np.uint16)
    return PointHints().from_lab(torch.from_numpy(rasterize_lab(hints, photo_size, small))[None], color_space)


def lab(rgb: Tensor) -> list[float]:
    return skimage.color.rgb2lab(np.array(rgb.tolist(), dtype=float)).tolist()


# -- reading and writing -----------------------------------------------------------------------------------------------


def test_written_file_is_read_back(tmp_path: Path) -> None:
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
    ids=range(27),
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


# -- rasterizing -------------------------------------------------------------------------------------------------------


def test_disk_covers_the_pixels_within_its_radius() -> None:
    rasterized = rasterize_hints([ColorHint(20, 10, "red", 4)], (48, 32), gray_photo(), Lab())
    y, x = torch.meshgrid(torch.arange(32) + 0.5, torch.arange(48) + 0.5, indexing="ij")
    expected = (y - 10) ** 2 + (x - 20) ** 2 <= 16
    assert rasterized.shape == (1, 3, 32, 48)
    assert torch.equal(rasterized[0, 2].bool(), expected)
    assert rasterized[0, :2, ~expected].count_nonzero() == 0


def test_positions_scale_with_the_working_size() -> None:
    hint = ColorHint(600, 100, "red", 40)
    for shape in ((32, 64), (37, 61)):
        rasterized = rasterize_hints([hint], (800, 400), gray_photo(0.5, *shape), Lab())
        rows, columns = rasterized[0, -1].nonzero().double().T
        assert ((rows.mean() + 0.5) / shape[0]).item() == pytest.approx(0.25, abs=0.01)
        assert ((columns.mean() + 0.5) / shape[1]).item() == pytest.approx(0.75, abs=0.01)
        area = rasterized[0, -1].mean().item() * 800 * 400
        assert area == pytest.approx(math.pi * 40**2, rel=0.2)


@pytest.mark.parametrize("position", [(0, 0), (799.9, 399.9), (0, 399.9), (799.9, 0), (123.4, 56.7)])
def test_hint_smaller_than_a_pixel_covers_that_pixel(position: tuple[float, float]) -> None:
    rasterized = rasterize_hints([ColorHint(*position, "red", 0.1)], (800, 400), gray_photo(0.5, 32, 64), Lab())
    assert rasterized[0, -1].nonzero().tolist() == [[int(position[1] * 32 / 400), int(position[0] * 64 / 800)]]


def test_later_hints_cover_earlier_ones() -> None:
    big, small = ColorHint(24, 16, "red", 10), ColorHint(24, 16, "blue", 3)
    rasterized = rasterize_hints([big, small], (48, 32), gray_photo(), Lab())
    only_big, only_small = (rasterize_hints([hint], (48, 32), gray_photo(), Lab()) for hint in (big, small))
    inside = only_small[0, -1].bool()
    assert torch.equal(rasterized[0][:, inside], only_small[0][:, inside])
    assert torch.equal(rasterized[0][:, ~inside], only_big[0][:, ~inside])


@every_color_space
def test_hint_has_its_own_chroma_and_the_lightness_of_the_photo(color_space: ColorSpace) -> None:
    photo = gray_photo(0.4)
    rasterized = rasterize_hints([ColorHint(24, 16, "#8a5040", 3)], (48, 32), photo, color_space)
    inside = rasterized[0, -1].bool()
    lightness, a, b = lab(color_space.merge(color_space.split(photo)[0], rasterized[:, :-1])[0, :, inside][:, 0])
    _, expected_a, expected_b = lab(torch.tensor([0x8A, 0x50, 0x40]) / 255)
    assert math.atan2(b, a) == pytest.approx(math.atan2(expected_b, expected_a), abs=0.05)
    if not isinstance(color_space, HSV) or color_space.gray == "luma":  # with V as gray, saturated colors become darker
        exact = isinstance(color_space, RGB | Lab)  # the others use luma, which differs from L*
        assert lightness == pytest.approx(lab(torch.tensor([0.4, 0.4, 0.4]))[0], abs=0.5 if exact else 3)
        assert (a, b) == pytest.approx((expected_a, expected_b), abs=0.5 if exact else 3)


@every_color_space
def test_hint_of_the_photos_color_matches_training_hints(color_space: ColorSpace) -> None:
    """A hint with the color of a single-color photo equals what PointHints samples from that photo."""
    level = 0x30 / 255, 0x70 / 255, 0x50 / 255
    photo = torch.tensor(level).view(1, 3, 1, 1).expand(-1, -1, 32, 48)
    rasterized = rasterize_hints([ColorHint(24, 16, "#307050", 3)], (48, 32), photo, color_space)
    target = color_space.split(photo)[1]
    inside = rasterized[0, -1].bool()
    torch.testing.assert_close(rasterized[0, :-1, inside], target[0][:, inside], atol=2e-3, rtol=0)


@pytest.mark.parametrize("level", [0.0, 0.05, 0.95, 1.0])
def test_color_outside_the_gamut_keeps_its_hue(level: float) -> None:
    rasterized = rasterize_hints([ColorHint(24, 16, "blue", 3)], (48, 32), gray_photo(level), Lab())
    a, b = (rasterized[0, :2, 16, 24] * 110).tolist()
    _, blue_a, blue_b = lab(torch.tensor([0.0, 0.0, 1.0]))
    assert math.hypot(a, b) < math.hypot(blue_a, blue_b)
    if math.hypot(a, b) > 2:
        assert math.atan2(b, a) == pytest.approx(math.atan2(blue_b, blue_a), abs=0.1)
    if level in (0.0, 1.0):
        assert math.hypot(a, b) < 1
    merged = Lab().merge(Lab().split(gray_photo(level))[0], rasterized[:, :2])
    clipping = (merged - Lab().merge(Lab().split(gray_photo(level))[0], rasterized[:, :2], clip=False)).abs().max()
    assert clipping < 2e-3


def test_gray_hint_is_neutral() -> None:
    rasterized = rasterize_hints([ColorHint(24, 16, "#808080", 3)], (48, 32), gray_photo(0.3), Lab())
    assert rasterized[0, -1].any()
    assert rasterized[0, :2].abs().max() < 1e-3


def test_without_hints_all_planes_are_zero() -> None:
    assert rasterize_hints([], (48, 32), gray_photo(), RGB()).shape == (1, 4, 32, 48)
    assert rasterize_hints([], (48, 32), gray_photo(), RGB()).count_nonzero() == 0
    assert NoHints().from_lab(torch.zeros(1, 4, 32, 48), RGB()).shape == (1, 0, 32, 48)


def test_hint_outside_the_photo_is_refused() -> None:
    with pytest.raises(ColorganError, match=r"hint 2 is at \(48, 3\), outside the photo of 48 x 32 pixels"):
        rasterize_hints([ColorHint(47.9, 3, "red", 2), ColorHint(48, 3, "red", 2)], (48, 32), gray_photo(), Lab())
