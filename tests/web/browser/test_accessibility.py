"""The page with a keyboard, with a screen reader, and on a phone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.helpers import picture
from tests.web.browser.conftest import PHONE, click_photo, displayed_colors, fits_viewport, load_photo


def test_everything_works_with_the_keyboard(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    expect(page.locator("#photo-name")).to_be_focused()
    page.locator("#comparison-slider").focus()
    expect(page.locator("#comparison-slider")).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#comparison-slider")).to_have_attribute("aria-valuenow", "12")
    page.keyboard.press("End")
    expect(page.locator("#comparison-slider")).to_have_attribute("aria-valuetext", "100% original")
    page.keyboard.press("Home")

    page.locator("#add-hint").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".hint")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hint")).to_have_attribute("data-x", "86.4")
    expect(page.locator(".hint")).to_have_attribute("data-y", "80.6")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".hint")).to_have_attribute("data-x", "159.9")
    page.keyboard.press("Delete")
    expect(page.locator(".hint")).to_have_count(0)
    expect(page.locator("#add-hint")).to_be_focused()

    chroma = np.hypot(*np.moveaxis(displayed_colors(page)[..., 1:], -1, 0)).mean()
    page.locator("#strength").focus()
    page.keyboard.press("Home")
    expect(page.locator("#strength-value")).to_have_text("0%")
    assert chroma > 5
    assert np.hypot(*np.moveaxis(displayed_colors(page)[..., 1:], -1, 0)).mean() < 1

    page.locator("#show-about").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#about")).to_be_visible()
    expect(page.locator("#model-limits li")).to_have_text("It knows nothing.")
    page.keyboard.press("Escape")
    expect(page.locator("#about")).not_to_be_visible()


def test_controls_have_labels_and_images_have_alt_texts(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    click_photo(page, 0.5, 0.5)
    expect(page.locator("#suggested-colors .swatch").first).to_be_visible()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [role=slider], [role=group]")]
            .filter((control) => control.checkVisibility())
            .filter((control) => !(control.ariaLabel || control.textContent.trim() || control.labels?.length
                || control.getAttribute("aria-labelledby"))).map((control) => control.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("img:not([alt])").count() == 0
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 560}], ids=["390", "320"])
def test_page_fits_a_phone(open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path, size: dict) -> None:
    page = open_page(size)
    assert fits_viewport(page)
    load_photo(page, gray_photo)
    click_photo(page, 0.4, 0.4)
    expect(page.locator("#suggested-colors .swatch").first).to_be_visible()
    assert fits_viewport(page)
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input[type=color]")]
            .filter((control) => control.checkVisibility() && !control.matches(".hint"))
            .filter((control) => control.getBoundingClientRect().height < 32).map((control) => control.outerHTML)"""
    )
    assert too_small == []
    panorama = tmp_path / "panorama with a very long name that does not end soon.png"
    picture(2, 20, 900).save(panorama)
    load_photo(page, panorama)
    assert fits_viewport(page)
    page.locator("#show-about").click()
    assert fits_viewport(page)
