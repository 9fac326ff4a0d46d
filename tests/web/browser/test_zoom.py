"""Zoom, pan and comparison: wheel, keys, buttons, double-click, and full resolution."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.web.browser.conftest import click_photo, draw, load_photo, position_on, shown_pixels


def width_of(page: Page) -> float:
    box = page.locator("#photo").bounding_box()
    assert box is not None
    return box["width"]


def chroma(pixels: np.ndarray) -> float:
    """Difference between the channels, away from the edges, which the page around them may touch."""
    pixels = pixels[2:-2, 2:-2]
    return float((pixels.max(axis=-1) - pixels.min(axis=-1)).mean())


def test_wheel_zooms_around_the_pointer_and_shift_wheel_pans(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    fitting = width_of(page)
    point = position_on(page, 0.7, 0.4)
    page.mouse.move(*point)
    page.mouse.wheel(0, -400)
    expect(page.locator("#zoom-fit")).to_have_attribute("aria-pressed", "false")
    assert width_of(page) > 1.5 * fitting
    assert position_on(page, 0.7, 0.4) == pytest.approx(point, abs=1)
    before = position_on(page, 0, 0)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 30)
    page.keyboard.up("Shift")
    page.wait_for_timeout(100)
    after = position_on(page, 0, 0)
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((-30, 0), abs=1)
    page.mouse.wheel(0, 4000)
    expect(page.locator("#zoom-fit")).to_have_attribute("aria-pressed", "true")
    assert width_of(page) == pytest.approx(fitting, abs=1)
    expect(page.locator(".hint")).to_have_count(0)


def test_photo_is_panned_by_hand_middle_button_and_arrow_keys(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    for _ in range(4):
        page.click("#zoom-in")

    def moved_by(action: Callable[[], object]) -> tuple[float, float]:
        before = position_on(page, 0, 0)
        action()
        page.wait_for_timeout(100)
        after = position_on(page, 0, 0)
        return after[0] - before[0], after[1] - before[1]

    x, y = position_on(page, 0.5, 0.5)

    def drag(button: str) -> None:
        page.mouse.move(x, y)
        page.mouse.down(button=button)  # type: ignore[arg-type]
        page.mouse.move(x - 50, y - 30, steps=3)
        page.mouse.up(button=button)  # type: ignore[arg-type]

    assert moved_by(lambda: drag("middle")) == pytest.approx((-50, -30), abs=1)
    page.keyboard.press("h")
    expect(page.locator("#tool-hand")).to_have_attribute("aria-pressed", "true")
    assert moved_by(lambda: drag("left")) == pytest.approx((-50, -30), abs=1)
    page.locator("#stage").focus()
    assert moved_by(lambda: page.keyboard.press("ArrowLeft")) == pytest.approx((60, 0), abs=1)
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    assert position_on(page, 0, 0)[0] == pytest.approx(stage["x"], abs=1)  # no farther than the edge
    expect(page.locator(".hint")).to_have_count(0)


def test_keys_and_buttons_zoom(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    fitting = width_of(page)
    page.keyboard.press("+")
    page.keyboard.press("=")
    assert width_of(page) == pytest.approx(1.4 * 1.4 * fitting, rel=0.01)
    page.keyboard.press("-")
    assert width_of(page) == pytest.approx(1.4 * fitting, rel=0.01)
    page.keyboard.press("1")
    expect(page.locator("#zoom-percent")).to_have_text("100%")
    assert width_of(page) == pytest.approx(160, abs=1)
    page.keyboard.press("0")
    assert width_of(page) == pytest.approx(fitting, abs=1)
    page.click("#zoom-actual")
    assert width_of(page) == pytest.approx(160, abs=1)
    page.click("#zoom-in")
    assert width_of(page) == pytest.approx(1.4 * 160, abs=1)
    page.click("#zoom-out")
    page.click("#zoom-fit")
    assert width_of(page) == pytest.approx(fitting, abs=1)
    page.select_option("#format", "png")
    page.locator("#format").focus()
    page.keyboard.press("1")  # there, keys choose
    assert width_of(page) == pytest.approx(fitting, abs=1)


@pytest.mark.parametrize("delay", [40, 350], ids=["fast", "slow"])
@pytest.mark.parametrize("tool", ["dot", "stroke", "area", "hand"])
def test_double_click_zooms_and_adds_no_hint(
    open_page: Callable[..., Page], gray_photo: Path, delay: int, tool: str
) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.click(f"#tool-{tool}")
    fitting = width_of(page)
    point = position_on(page, 0.3, 0.6)

    def double_click() -> None:
        page.mouse.click(*point)
        page.wait_for_timeout(delay)
        page.mouse.click(*point)

    double_click()
    expect(page.locator("#zoom-fit")).to_have_attribute("aria-pressed", "false")
    assert width_of(page) > 2 * fitting
    assert position_on(page, 0.3, 0.6) == pytest.approx(point, abs=1)
    page.wait_for_timeout(600)
    double_click()
    expect(page.locator("#zoom-fit")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(600)
    expect(page.locator(".hint")).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator("#redo")).to_be_disabled()


def test_24_megapixels_are_shown_at_full_resolution(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(max_pixels=30_000_000)
    pixels = np.full((4000, 6000), 120, np.uint8)
    pixels[::2] = 180  # lines of one pixel, which no preview has
    pixels[:, 3000:] = pixels[:, 3000:] // 2
    Image.fromarray(pixels).save(tmp_path / "large.png")
    load_photo(page, tmp_path / "large.png")
    flat = shown_pixels(page, "#photo")
    assert np.abs(np.diff(flat[100:200, 100:200].mean(axis=(1, 2)))).max() < 8
    page.mouse.dblclick(*position_on(page, 0.25, 0.5))
    expect(page.locator("#zoom-percent")).to_have_text("100%")
    expect(page.locator(".detail")).to_have_count(2, timeout=30_000)
    expect(page.locator(".detail.lightness")).to_have_count(0, timeout=30_000)

    def lines() -> np.ndarray:
        page.evaluate("Promise.all([...document.querySelectorAll('.detail')].map((image) => image.decode()))")
        return shown_pixels(page, "#stage")[200:300, 200:300]

    assert np.abs(np.diff(lines().mean(axis=(1, 2)))).min() > 40
    assert chroma(lines()) > 5
    page.locator("#comparison-slider").focus()
    page.keyboard.press("End")
    assert np.abs(np.diff(lines().mean(axis=(1, 2)))).min() > 40
    assert chroma(lines()) == 0
    page.keyboard.press("Home")

    colored = page.locator("#colorized ~ .detail").get_attribute("src")
    page.locator("#strength").focus()
    page.keyboard.press("Home")  # the part is colorized anew, and stays sharp until it comes
    expect(page.locator("#colorized ~ .detail.lightness")).to_have_count(1)
    assert np.abs(np.diff(lines().mean(axis=(1, 2)))).min() > 40
    expect(page.locator(".detail.lightness")).to_have_count(0, timeout=30_000)
    expect(page.locator("#colorized ~ .detail")).not_to_have_attribute("src", colored or "")
    assert np.abs(np.diff(lines().mean(axis=(1, 2)))).min() > 40
    assert chroma(lines()) < 1
    page.keyboard.press("0")
    expect(page.locator(".detail")).to_have_count(0)


def test_original_is_shown_while_it_is_held(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")
    assert chroma(shown_pixels(page, "#photo")) > 10
    page.hover("#hold-compare")
    page.mouse.down()
    assert chroma(shown_pixels(page, "#photo")) == 0
    page.mouse.up()
    assert chroma(shown_pixels(page, "#photo")) > 10
    for key in ("c", "Enter"):
        page.locator("#hold-compare").focus()
        page.keyboard.down(key)
        expect(page.locator("#hold-compare")).to_have_attribute("aria-pressed", "true")
        assert chroma(shown_pixels(page, "#photo")) == 0
        page.keyboard.up(key)
        assert chroma(shown_pixels(page, "#photo")) > 10
    expect(page.locator("#comparison-slider")).to_have_attribute("aria-valuenow", "0")


def test_divider_is_moved_below_the_photo(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    handle, photo = page.locator("#comparison-slider").bounding_box(), page.locator("#photo").bounding_box()
    assert handle is not None
    assert photo is not None
    assert handle["y"] >= photo["y"] + photo["height"]
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(photo["x"] + photo["width"] / 2, y, steps=5)
    page.mouse.up()
    expect(page.locator("#comparison-slider")).to_have_attribute("aria-valuenow", re.compile("^(49|50|51)$"))
    half = round(photo["width"] / 2)
    pixels = shown_pixels(page, "#photo")
    assert chroma(pixels[:, : half - 10]) == 0
    assert chroma(pixels[:, half + 10 :]) > 10
    click_photo(page, 0.5, 0.5)  # on the divider, which is in nobody's way
    expect(page.locator(".hint")).to_have_count(1)
    draw(page, [(0.5, 0.5), (0.7, 0.5)])
    expect(page.locator(".hint")).to_have_attribute("data-x", re.compile("^1(11|12)"))
