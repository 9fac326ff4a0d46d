"""axe-core finds nothing while colors are chosen, and in the dialogs of the look, in both themes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.browser.conftest import DESKTOP, PHONE, accessibility_problems, click_photo, fits_viewport, load_photo

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
SMALL_TARGETS = """() => [...document.querySelectorAll(
        "#selected-hint :is(button, select, input), #look :is(button, label), :is(dialog, .eyedropper) button, " +
        "[role=option]"
    )]
    .filter((control) => control.checkVisibility() && control.type !== "checkbox")
    .map((control) => [control.outerHTML.slice(0, 90), control.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.9 || box.width < 43.9).map(([name]) => name)"""


def check(page: Page, size: dict[str, int]) -> None:
    assert accessibility_problems(page) == []
    assert fits_viewport(page)
    if size is PHONE:
        assert page.evaluate(SMALL_TARGETS) == []


@THEMES
@SIZES
def test_axe_finds_nothing_while_a_color_is_chosen(
    open_page: Callable[..., Page], gray_photo: Path, size: dict[str, int], theme: str
) -> None:
    page = open_page(size, theme=theme)
    load_photo(page, gray_photo)
    click_photo(page, 0.5, 0.5)
    expect(page.locator("#lightness-note")).to_be_visible()
    page.click("#save-color")
    field = page.locator("#color-text")
    field.fill("den")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_be_visible()
    check(page, size)
    field.fill("blurple")
    page.keyboard.press("Enter")
    expect(page.locator("#color-problem")).to_be_visible()
    check(page, size)
    page.keyboard.press("Escape")
    page.click("#pick-color")
    expect(page.locator(".loupe")).to_be_visible()
    check(page, size)


@THEMES
@SIZES
def test_axe_finds_nothing_in_the_look(
    open_page: Callable[..., Page], gray_photo: Path, size: dict[str, int], theme: str
) -> None:
    page = open_page(size, theme=theme)
    load_photo(page, gray_photo)
    check(page, size)
    page.locator("#strength").fill("150")
    page.get_by_role("button", name="Take the colors of Dahlia").click()
    expect(page.locator("#reference-colors .swatch").first).to_be_visible()
    page.click("#change-reference")
    check(page, size)
    page.click("#pick-from-reference")
    expect(page.locator(".loupe")).to_be_visible()
    check(page, size)
    page.keyboard.press("Escape")

    waiting: list[Route] = []
    page.route("**/variants", lambda route: waiting.append(route))
    page.click("#show-variants")
    expect(page.locator(".variants")).to_have_attribute("aria-busy", "true")
    check(page, size)
    waiting[0].fulfill(status=422, json={"error": "the model has no idea"})
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    check(page, size)
    page.unroute("**/variants")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#variants img")).to_have_count(6, timeout=15_000)
    check(page, size)
