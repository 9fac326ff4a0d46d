"""The page's arithmetic with colors, against scikit-image, and its named colors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import ImageColor
from playwright.sync_api import Page
from skimage.color import deltaE_ciede2000, rgb2lab

COLORS = [f"#{value:06x}" for value in np.random.default_rng(0).integers(0, 1 << 24, 150)]
COLORS += ["#000000", "#ffffff", "#808080", "#ff0000", "#0000ff", "#00ff00"]


def lab_of(color: str) -> np.ndarray:
    return rgb2lab(np.array([[ImageColor.getrgb(color)]], np.uint8))[0, 0]


@pytest.fixture
def run(open_page: Callable[..., Page]) -> Callable[..., Any]:
    """Calls a function of a module of the page for each of a list of arguments."""
    page = open_page()

    def call(module: str, expression: str, arguments: Any) -> Any:
        script = f"""async (list) => {{
            const module = await import("/page/lib/{module}.js");
            return list.map((x) => module.{expression});
        }}"""
        return page.evaluate(script, arguments)

    return call


def test_lab_agrees_with_scikit_image(run: Callable[..., Any]) -> None:
    expected = np.array([lab_of(color) for color in COLORS])
    assert np.abs(np.array(run("lab", "toLab(x)", COLORS)) - expected).max() < 0.05
    assert run("lab", "fromLab(module.toLab(x))", COLORS) == COLORS


def test_difference_agrees_with_scikit_image(run: Callable[..., Any]) -> None:
    pairs = list(zip(COLORS, COLORS[1:] + COLORS[:1], strict=True)) + [(color, color) for color in COLORS]
    expected = [float(deltaE_ciede2000(lab_of(one), lab_of(two))) for one, two in pairs]
    assert run("lab", "difference(x[0], x[1])", pairs) == pytest.approx(expected, abs=0.02)


def test_color_at_a_lightness_keeps_its_hue(run: Callable[..., Any]) -> None:
    cases = [(color, lightness) for color in COLORS for lightness in (8, 50, 92)]
    shown = run("lab", "atLightness(x[0], x[1])", cases)
    for (color, lightness), result in zip(cases, map(lab_of, shown), strict=True):
        original = lab_of(color)
        assert result[0] == pytest.approx(lightness, abs=0.8)
        chroma = np.hypot(*result[1:])
        assert chroma <= np.hypot(*original[1:]) + 1.5
        if chroma > 8:
            turn = np.angle(complex(*result[1:]) / complex(*original[1:]), deg=True)
            assert abs(turn) < 8  # 8-bit rounding of dark colors


def test_everyday_colors_have_names_of_their_own(run: Callable[..., Any]) -> None:
    groups = run("everyday_colors", "EVERYDAY_COLORS", [0])[0]
    names = [name for group in groups for name in group["colors"]]
    colors = [color for group in groups for color in group["colors"].values()]
    assert len(names) == len(set(names)) > 150
    assert len(colors) == len(set(colors))
    assert len({group["group"] for group in groups}) == len(groups) >= 12
    plain = {name.lower().replace(" ", "").replace("-", "") for name in names}
    assert plain.isdisjoint(ImageColor.colormap)
    assert run("color_names", "parseColor(x)", names) == colors
    assert run("color_names", "nameOf(x)", colors) == names


def test_skin_tones_are_those_of_all_people(run: Callable[..., Any]) -> None:
    skin = next(group for group in run("everyday_colors", "EVERYDAY_COLORS", [0])[0] if group["group"] == "Skin")
    lab = np.array([lab_of(color) for color in skin["colors"].values()])
    lightness = np.sort(lab[:, 0])
    assert lightness[0] < 25
    assert lightness[-1] > 85
    assert np.diff(lightness).max() < 8  # no gap
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    assert 35 < hue.min() < hue.max() < 75


def test_typed_colors(run: Callable[..., Any]) -> None:
    colors = {
        "denim": "#4f6a8f",
        " Yellow  Gold ": "#c9a24b",
        "post box red": "#b8232b",
        "robin's breast": "#c85a2b",
        "DarkSlateGrey": "#2f4f4f",
        "#4F6A8F": "#4f6a8f",
        "4f6a8f": "#4f6a8f",
        "#f80": "#ff8800",
        "rgb(10, 20, 30)": "#0a141e",
        "hsl(120 100% 25%)": "#008000",
    }
    assert run("color_names", "parseColor(x)", list(colors)) == list(colors.values())
    others = ["blurple", "#12345", "denim2", "rgba(10, 20, 30, .5)", "transparent", "canvas", "var(--accent)", "", "#"]
    assert run("color_names", "parseColor(x)", others) == [None] * len(others)


def test_names_mean_the_same_in_a_file_of_hints(run: Callable[..., Any]) -> None:
    css = run("css_colors", "CSS_COLORS", [0])[0]
    assert len(css) > 130
    for entry in css:
        assert ImageColor.getrgb(entry["name"]) == ImageColor.getrgb(entry["color"])


def test_completions_put_the_closest_first(run: Callable[..., Any]) -> None:
    found = run("color_names", "completions(x).map((entry) => entry.name)", ["den", "skin", "brick", "#4f", "xyz"])
    assert found[0][0] == "denim"
    assert "dark denim" in found[0]
    assert len(found[1]) == 8
    assert all("skin" in name for name in found[1])
    assert found[2][:3] == ["red brick", "old brick", "yellow brick"]
    assert found[3:] == [[], []]
