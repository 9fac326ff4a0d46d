"""The tools: strokes, areas and dots with color, size, reach and recoloring; selecting, moving and deleting hints."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from colorgan.inference.hints import ColorArea, ColorHint, ColorStroke
from tests.web.browser.conftest import (
    click_photo,
    displayed_colors,
    draw,
    load_photo,
    position_on,
    saved_hints,
    shown_pixels,
    updated_colors,
)

RED, BLUE = "#d02030", "#2040d0"
CIRCLE = [(0.5 + 0.2 * math.cos(angle), 0.5 + 0.2 * math.sin(angle)) for angle in np.linspace(0, 6.2, 20)]


def fill_color(page: Page, color: str) -> None:
    page.locator("#hint-color").fill(color)


def test_stroke_is_painted_in_the_chosen_color(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.click("#tool-stroke")
    expect(page.locator("#hint-options-title")).to_have_text("Next stroke")
    expect(page.locator("#color-text")).to_have_value("")
    expect(page.locator("#color-text")).to_have_attribute("placeholder", "as in the photo")
    fill_color(page, RED)
    page.locator("#hint-reach").fill("0")
    before = displayed_colors(page)
    after = updated_colors(page, lambda: draw(page, [(0.2, 0.3), (0.5, 0.3), (0.5, 0.7)]))
    expect(page.locator(".hint.stroke")).to_have_attribute("aria-label", re.compile(f"^Stroke 1 of 1: {RED}"))
    expect(page.locator("#hint-options-title")).to_have_text("Stroke 1")
    redder = (after - before)[..., 1]
    assert redder[48, 40:70].min() > 10
    assert redder[60:100, 80].min() > 10
    assert np.abs(redder[130:, 130:]).max() < 3
    (stroke,) = saved_hints(page, tmp_path)
    assert isinstance(stroke, ColorStroke)
    assert (stroke.color, stroke.radius, stroke.reach, stroke.recolor) == (RED, pytest.approx(3.2), 0, False)
    assert len(stroke.stroke) < 8  # straight lines need few points
    corners = [(32, 48), (80, 48), (80, 112)]
    assert [min(math.dist(corner, point) for point in stroke.stroke) < 1 for corner in corners] == [True] * 3

    page.keyboard.press("Control+z")
    expect(page.locator(".hint")).to_have_count(0)
    page.keyboard.press("Control+y")
    expect(page.locator(".hint")).to_have_count(1)


def test_lasso_fills_an_area(open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.keyboard.press("l")
    expect(page.locator("#hint-size")).not_to_be_visible()  # nothing spreads from an area
    expect(page.locator("#hint-reach")).not_to_be_visible()
    before = displayed_colors(page)
    updated_colors(page, lambda: draw(page, CIRCLE))
    after = updated_colors(page, lambda: fill_color(page, BLUE))
    assert (before - after)[70:90, 70:90, 2].min() > 20
    assert np.abs((after - before)[:30, :, 2]).max() < 5
    (area,) = saved_hints(page, tmp_path)
    assert isinstance(area, ColorArea)
    assert np.mean(area.area, axis=0) == pytest.approx((80, 80), abs=6)
    click_photo(page, 0.1, 0.1)
    draw(page, [(0.1, 0.1), (0.105, 0.1)])
    page.wait_for_timeout(400)
    expect(page.locator(".hint")).to_have_count(1)  # a slip of the hand is no area


def test_reach_size_and_recolor_change_the_selected_hint(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    click_photo(page, 0.5, 0.5)
    expect(page.locator(".hint")).to_be_focused()
    expect(page.locator("#hint-reach")).to_have_value("100")
    page.locator("#hint-reach").focus()
    page.keyboard.press("End")
    expect(page.locator("#hint-reach-value")).to_have_text("200%")
    expect(page.locator("#hint-reach")).to_have_attribute("aria-valuetext", "200%")
    page.locator("#hint-size").focus()
    page.keyboard.press("End")
    expect(page.locator("#hint-size")).to_have_attribute("aria-valuetext", "13 px")
    page.check("#hint-recolor")
    (dot,) = saved_hints(page, tmp_path)
    assert isinstance(dot, ColorHint)
    assert (dot.radius, dot.reach, dot.recolor) == (pytest.approx(12.8), 2, True)
    page.keyboard.press("Control+z")
    expect(page.locator("#hint-recolor")).not_to_be_checked()
    page.locator("#hint-reach").focus()
    page.keyboard.press("Home")
    expect(page.locator("#hint-reach")).to_have_attribute("aria-valuetext", "mark only")
    click_photo(page, 0.2, 0.2)  # the next hint has the same reach and size
    expect(page.locator(".hint")).to_have_count(2)
    assert [hint.reach for hint in saved_hints(page, tmp_path)] == [0, 0]
    sliders = page.locator("input[type=range], [role=slider]").all()
    assert [slider.get_attribute("aria-valuetext") for slider in sliders if slider.is_visible()].count(None) == 0


def test_hints_of_all_kinds_are_selected_moved_and_deleted(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    click_photo(page, 0.1, 0.1)
    expect(page.locator(".hint")).to_have_count(1)
    page.keyboard.press("b")
    draw(page, [(0.2, 0.2), (0.4, 0.2), (0.6, 0.2)])
    page.keyboard.press("l")
    draw(page, CIRCLE)
    expect(page.locator(".hint")).to_have_count(3)
    _, stroke, area = saved_hints(page, tmp_path)

    marker = page.locator(".hint.stroke").bounding_box()
    assert marker is not None
    x, y = marker["x"] + marker["width"] / 2, marker["y"] + marker["height"] / 2
    scale = position_on(page, 1, 1)[0] - position_on(page, 0, 0)[0]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.1 * scale, y + 0.05 * scale, steps=4)
    page.mouse.up()
    expect(page.locator(".hint.stroke")).to_be_focused()
    page.locator(".hint.area").focus()
    page.keyboard.press("Shift+ArrowUp")
    _, moved_stroke, moved_area = saved_hints(page, tmp_path)
    assert np.subtract(moved_stroke.vertices, stroke.vertices) == pytest.approx(
        np.tile([16, 8], (len(stroke.vertices), 1)), abs=0.7
    )
    assert np.subtract(moved_area.vertices, area.vertices) == pytest.approx(
        np.tile([0, -6.4], (len(area.vertices), 1)), abs=0.1
    )

    page.keyboard.press("h")  # with the hand, a click on the stroke itself selects it
    page.mouse.click(*position_on(page, 0.62, 0.25))
    expect(page.locator(".hint.stroke")).to_have_attribute("aria-pressed", "true")
    page.mouse.click(*position_on(page, 0.95, 0.95))
    expect(page.locator(".hint[aria-pressed=true]")).to_have_count(0)
    page.mouse.click(*position_on(page, 0.5, 0.55))
    expect(page.locator(".hint.area")).to_have_attribute("aria-pressed", "true")

    page.locator("#strength").focus()  # Delete works wherever the focus is …
    page.keyboard.press("Delete")
    expect(page.locator(".hint")).to_have_count(2)
    page.locator("#color-text").focus()  # … except where text is typed
    page.keyboard.press("Delete")
    page.keyboard.press("Backspace")
    page.keyboard.press("b")
    expect(page.locator("#color-text")).to_have_value("b")
    expect(page.locator(".hint")).to_have_count(2)
    expect(page.locator("#tool-hand")).to_have_attribute("aria-pressed", "true")
    page.locator(".hint.dot").focus()
    page.keyboard.press("Backspace")
    expect(page.locator(".hint")).to_have_count(1)


def test_keyboard_adds_each_kind_in_the_center(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    for key in "dbl":
        page.keyboard.press(key)
        page.locator("#add-hint").focus()
        page.keyboard.press("Enter")
    hints = saved_hints(page, tmp_path)
    assert [type(hint) for hint in hints] == [ColorHint, ColorStroke, ColorArea]
    assert [np.mean(hint.vertices, axis=0).tolist() for hint in hints] == [pytest.approx([80, 80], abs=0.2)] * 3
    page.keyboard.press("Escape")
    expect(page.locator(".hint[aria-pressed=true]")).to_have_count(0)


def test_a_drawing_is_given_up_with_escape(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.click("#tool-stroke")
    page.mouse.move(*position_on(page, 0.2, 0.2))
    page.mouse.down()
    page.mouse.move(*position_on(page, 0.6, 0.6), steps=4)
    expect(page.locator(".outline.drawing")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".outline.drawing")).to_have_count(0)
    page.mouse.up()
    page.wait_for_timeout(400)
    expect(page.locator(".hint")).to_have_count(0)


def test_markers_show_the_color_below_them(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    updated_colors(page, lambda: click_photo(page, 0.5, 0.5))
    displayed_colors(page)
    page.mouse.move(5, 5)
    with_marker = shown_pixels(page, "#photo")
    page.evaluate("document.querySelector('#hint-layer').style.visibility = 'hidden'")
    without = shown_pixels(page, "#photo")
    height, width = without.shape[:2]
    center = slice(height // 2 - 3, height // 2 + 3), slice(width // 2 - 3, width // 2 + 3)
    assert np.abs(with_marker[center] - without[center]).max() == 0
    assert (np.abs(with_marker - without).max(axis=-1) > 20).mean() < 0.01  # a thin ring and the size


def test_page_says_when_a_place_cannot_show_the_color(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    darkest = displayed_colors(page)[8:152, 8:152, 0]
    y, x = (index + 8 for index in divmod(int(darkest.argmin()), darkest.shape[1]))
    click_photo(page, x / 160, y / 160)
    expect(page.locator(".hint")).to_be_focused()
    fill_color(page, "#ffee00")
    advice = page.locator("#shown-color")
    expect(advice).to_contain_text(re.compile("^This place is too dark for #ffee00"))
    page.click("#use-recolor")
    expect(page.locator("#hint-recolor")).to_be_checked()
    expect(advice).not_to_be_visible()
    page.keyboard.press("Control+z")
    expect(advice).to_be_visible()
    page.click("#use-nearest")
    expect(page.locator("#hint-color")).not_to_have_value("#ffee00")
    expect(advice).not_to_be_visible()
    page.wait_for_timeout(600)
    expect(advice).not_to_be_visible()
