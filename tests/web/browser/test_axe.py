"""axe-core finds nothing, in every state of the page and in both themes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.conftest import DESKTOP, PHONE, accessibility_problems, click_photo, load_photo


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path, size: dict[str, int], theme: str
) -> None:
    page = open_page(size, theme=theme)
    assert accessibility_problems(page) == []
    load_photo(page, gray_photo)
    assert accessibility_problems(page) == []
    click_photo(page, 0.5, 0.5)
    expect(page.locator("#suggested-colors .swatch").first).to_be_visible()
    click_photo(page, 0.2, 0.2)
    expect(page.locator("#used-colors .swatch").first).to_be_visible()
    expect(page.locator("#suggested-colors")).not_to_have_class("swatches loading")
    assert accessibility_problems(page) == []
    page.locator("#color-text").fill("yellow")  # the photo may be too dark for it
    page.keyboard.press("Enter")
    expect(page.locator("#shown-color")).to_be_visible()
    page.locator("#stage").focus()
    for key in ("b", "l", "h"):
        page.keyboard.press(key)
        expect(page.locator(".tool[aria-pressed=true]")).to_have_attribute("aria-keyshortcuts", key)
        assert accessibility_problems(page) == []
    page.keyboard.press("b")
    page.locator("#add-hint").click()
    page.keyboard.press("l")
    page.locator("#add-hint").click()
    expect(page.locator(".hint.area")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("+")
    page.locator("#comparison-slider").focus()
    page.keyboard.press("PageUp")
    assert accessibility_problems(page) == []
    page.click("#show-about")
    assert accessibility_problems(page) == []
    page.keyboard.press("Escape")

    broken = tmp_path / "broken.jpg"
    broken.write_text("no photo")
    page.set_input_files("#photos-input", broken)
    expect(page.get_by_role("alert")).to_be_visible()
    assert accessibility_problems(page) == []
