"""Choosing a color: names, codes, everyday colors, the loupe, saved colors and suggestions."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Page, Route, expect
from skimage.color import rgb2lab

from tests.web.browser.conftest import PHONE, click_photo, displayed_colors, load_photo, updated_colors


def add_hint(page: Page, x: float = 0.5, y: float = 0.5) -> None:
    click_photo(page, x, y)
    expect(page.locator("#selected-hint")).to_be_visible()


def point_on_photo(page: Page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("#hint-layer").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_typed_names_are_completed(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    add_hint(page)
    field = page.get_by_role("combobox", name="Color, as a name or a code")
    field.fill("den")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_have_text(re.compile("denim.*Denim and cloth"))
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "")
    updated_colors(page, lambda: page.keyboard.press("Enter"))
    expect(page.locator("#hint-color")).to_have_value("#4f6a8f")
    expect(field).to_have_value("denim")

    field.fill("terra")
    updated_colors(page, lambda: options.first.click())
    expect(page.locator("#hint-color")).to_have_value("#c06a45")
    field.fill("1f4f73")
    updated_colors(page, lambda: page.keyboard.press("Enter"))
    expect(field).to_have_value("deep sea")
    field.fill("#123456")
    updated_colors(page, lambda: field.blur())
    expect(field).to_have_value("#123456")


def test_what_is_no_color_is_said(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    add_hint(page)
    color = page.locator("#hint-color").input_value()
    field = page.locator("#color-text")
    field.fill("blurple")
    page.keyboard.press("Enter")
    expect(page.locator("#color-problem")).to_have_text(
        "“blurple” is no color known here. Type a name, such as denim or teal, or a code, such as #4f6a8f."
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#hint-color")).to_have_value(color)
    field.fill("blur")
    expect(page.locator("#color-problem")).not_to_be_visible()
    page.keyboard.press("Escape")
    expect(field).to_have_value(color)
    expect(page.locator("#selected-hint")).to_be_visible()
    field.fill("blurple")
    add_hint(page, 0.2, 0.2)
    expect(page.locator("#color-problem")).not_to_be_visible()


def test_everyday_colors_are_shown_as_light_as_the_place(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    swatch = page.locator("#everyday-colors .swatch")
    page.select_option("#everyday-group", "Sky and water")
    shown = "(swatch) => getComputedStyle(swatch).getPropertyValue('--shown')"
    expect(swatch.first).to_have_attribute("title", "clear sky, #5f97d0")
    assert swatch.first.evaluate(shown) == "#5f97d0"
    expect(page.locator("#lightness-note")).not_to_be_visible()

    add_hint(page, 0.75, 0.25)
    expect(page.locator("#lightness-note")).to_be_visible()
    gray = rgb2lab(np.asarray(Image.open(gray_photo).convert("RGB")))[37:44, 117:124, 0]
    for index in range(swatch.count()):
        color = ImageColor.getrgb(swatch.nth(index).evaluate(shown))
        assert rgb2lab(np.array([[color]], np.uint8))[0, 0, 0] == pytest.approx(gray.mean(), abs=3)

    before = displayed_colors(page)[38:42, 118:122]
    after = updated_colors(page, lambda: swatch.first.click())[38:42, 118:122]
    assert after[..., 2].mean() < before[..., 2].mean() - 10  # blue
    expect(page.locator("#color-text")).to_have_value("clear sky")
    page.locator("#hint-recolor").check()
    expect(page.locator("#lightness-note")).not_to_be_visible()
    assert swatch.first.evaluate(shown) == "#5f97d0"


def test_arrow_keys_go_through_swatches(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    swatches = page.locator("#everyday-colors .swatch")
    assert page.locator("#everyday-colors .swatch[tabindex='0']").count() == 1
    page.locator("#everyday-group").focus()
    page.keyboard.press("Tab")
    expect(swatches.first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(swatches.last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(swatches.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#color-text")).to_have_value("fair skin")
    add_hint(page)
    expect(page.locator("#hint-color")).to_have_value("#dfc1af")  # the next hint has it


def test_loupe_picks_what_is_shown(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    add_hint(page, 0.3, 0.8)
    colorized = page.locator("#colorized").evaluate(
        """async (image) => {
            const { colorAt } = await import("/page/lib/images.js");
            return colorAt(image, 0.75, 0.25);
        }"""
    )
    page.click("#pick-color")
    expect(page.locator(".eyedropper")).to_be_focused()
    page.mouse.move(*point_on_photo(page, 0.75, 0.25))
    expect(page.locator(".loupe")).to_be_visible()
    updated_colors(page, lambda: page.mouse.click(*point_on_photo(page, 0.75, 0.25)))
    picked = page.locator("#hint-color").input_value()
    assert np.abs(np.subtract(ImageColor.getrgb(picked), ImageColor.getrgb(colorized))).max() < 12
    expect(page.locator(".eyedropper")).to_have_count(0)
    expect(page.locator(".hint")).to_have_count(1)
    expect(page.locator("#pick-color")).to_be_focused()

    page.click("#show-before")
    page.click("#pick-color")
    updated_colors(page, lambda: page.mouse.click(*point_on_photo(page, 0.75, 0.25)))
    red, green, blue = ImageColor.getrgb(page.locator("#hint-color").input_value())
    assert red == green == blue  # the original is gray


def test_loupe_works_with_the_keyboard(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    add_hint(page, 0.3, 0.8)
    color = page.locator("#hint-color").input_value()
    page.locator("#pick-color").focus()
    page.keyboard.press("Enter")
    status = page.locator(".eyedropper [role=status]")
    expect(status).to_have_text(re.compile("#[0-9a-f]{6}"))
    middle = status.text_content()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(status).not_to_have_text(middle or "")
    page.keyboard.press("Escape")
    expect(page.locator(".eyedropper")).to_have_count(0)
    expect(page.locator("#hint-color")).to_have_value(color)
    expect(page.locator("#pick-color")).to_be_focused()
    page.keyboard.press("Enter")
    expect(status).to_have_text(re.compile("#[0-9a-f]{6}"))
    page.keyboard.press("Enter")
    expect(page.locator(".eyedropper")).to_have_count(0)
    assert page.locator("#hint-color").input_value() in (middle or "")


def test_loupe_follows_a_finger(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page(PHONE)
    load_photo(page, gray_photo)
    page.locator("#pick-color").tap()
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", point_on_photo(page, 0.4, 0.9))
    touch("touchMove", point_on_photo(page, 0.5, 0.85))
    finger = point_on_photo(page, 0.6, 0.8)
    touch("touchMove", finger)
    loupe = page.locator(".loupe")
    expect(loupe).to_be_visible()
    page.wait_for_function(  # the finger does not hide it
        "(y) => document.querySelector('.loupe').getBoundingClientRect().bottom < y - 20", arg=finger[1]
    )
    color = (page.locator(".loupe span").text_content() or "").strip()
    touch("touchEnd")
    expect(page.locator(".eyedropper")).to_have_count(0)
    expect(page.locator("#color-text")).to_have_value(color)
    expect(page.locator(".hint")).to_have_count(0)
    assert page.evaluate("scrollY") == 0
    page.wait_for_timeout(400)  # Chromium does not count a tap right after other touches
    page.locator("#pick-color").tap()
    page.get_by_role("button", name="Cancel").tap()
    expect(page.locator(".eyedropper")).to_have_count(0)
    expect(page.locator("#color-text")).to_have_value(color)


def test_saved_colors_survive_a_reload(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    expect(page.locator("#save-color")).to_be_disabled()
    for name in ("oak", "denim"):
        page.locator("#color-text").fill(name)
        page.keyboard.press("Enter")
        page.click("#save-color")
        expect(page.locator("#save-color")).to_have_attribute("aria-pressed", "true")
    saved = page.locator("#saved-colors .swatch")
    expect(saved).to_have_count(2)
    page.reload()
    load_photo(page, gray_photo)
    expect(saved).to_have_count(2)
    expect(saved.first).to_have_attribute("aria-label", "denim, #4f6a8f")
    saved.last.click()
    expect(page.locator("#color-text")).to_have_value("oak")
    page.click("#save-color")
    expect(saved).to_have_count(1)
    page.evaluate("localStorage.setItem('colorgan.saved-colors', 'broken')")
    page.reload()
    load_photo(page, gray_photo)
    expect(saved).to_have_count(0)


def test_suggestions_differ_from_each_other_and_from_the_photo(
    open_page: Callable[..., Page], gray_photo: Path
) -> None:
    page = open_page()
    load_photo(page, gray_photo)

    def answer(route: Route) -> None:
        there = page.evaluate("document.querySelector('.hint')?.getAttribute('aria-label').match(/#\\w{6}/)[0]")
        near = "#{:02x}{:02x}{:02x}".format(*(min(255, value + 3) for value in ImageColor.getrgb(there)))
        colors = [near, "#7a4a3a", "#7b4b3b", "#3a6a7a", "#7a4a3c"]
        suggestions = [{"color": color, "reason": f"number {index}"} for index, color in enumerate(colors)]
        route.fulfill(json={"suggestions": suggestions})

    page.route("**/suggestions", answer)
    add_hint(page)
    suggested = page.locator("#suggested-colors .swatch")
    expect(suggested).to_have_count(2)
    assert [suggested.nth(index).get_attribute("data-color") for index in range(2)] == ["#7a4a3a", "#3a6a7a"]
    suggested.first.click()
    expect(suggested).to_have_count(2)  # they stay, to be compared
    expect(suggested.first).to_have_attribute("aria-pressed", "true")

    page.unroute("**/suggestions")
    page.route("**/suggestions", lambda route: route.fulfill(body=json.dumps({"suggestions": []})))
    add_hint(page, 0.2, 0.2)
    expect(page.locator("#suggested-colors")).to_have_count(0)
