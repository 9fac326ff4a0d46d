"""The contact sheet of variants, from which the user picks one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.browser.conftest import displayed_colors, load_photo, updated_colors

MEAN_COLORS = """(images) => images.map((image) => {
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
})"""


def open_variants(page: Page) -> None:
    page.click("#show-variants")
    expect(page.locator("#variants img")).to_have_count(6, timeout=15_000)


def test_variant_is_picked_and_undone(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    predicted = displayed_colors(page)
    open_variants(page)
    means = page.locator("#variants img").evaluate_all(MEAN_COLORS)
    assert len({tuple(mean) for mean in means}) == 6
    expect(page.locator("#variants .variant", has_text="(now)")).to_have_count(1)
    labels = page.locator("#variants .variant").all_inner_texts()
    assert len(set(labels)) == 6
    picked = updated_colors(page, lambda: page.locator("#variants .variant", has_text="Muted").click())
    expect(page.locator("#variants")).not_to_be_visible()
    expect(page.locator("#show-variants")).to_be_focused()
    assert np.abs(picked[..., 1:]).mean() < 0.8 * np.abs(predicted[..., 1:]).mean()
    expect(page.locator("#strength")).not_to_have_value("100")
    undone = updated_colors(page, lambda: page.click("#undo"))
    assert np.abs(undone - predicted).max() < 0.01
    expect(page.locator("#strength")).to_have_value("100")


def test_variants_keep_the_reference(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    updated_colors(page, lambda: page.get_by_role("button", name="Take the colors of Dahlia").click())
    open_variants(page)
    expect(page.locator("#variants .variant", has_text="(now)")).to_have_count(1)
    use = page.get_by_role("checkbox", name="Give the photo these colors")
    updated_colors(page, lambda: page.locator("#variants .variant").nth(2).click())
    expect(use).to_be_checked()
    open_variants(page)
    updated_colors(page, lambda: page.locator("#variants .variant", has_text="Without the reference").click())
    expect(use).not_to_be_checked()
    expect(page.get_by_role("alert")).not_to_be_visible()


def test_waiting_and_closing(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    waiting: list[Route] = []
    page.route("**/variants", lambda route: route.continue_() if waiting else waiting.append(route))
    page.click("#show-variants")
    expect(page.locator("#variants")).to_contain_text("The model is at work")
    expect(page.locator(".variants")).to_have_attribute("aria-busy", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#variants")).not_to_be_visible()
    open_variants(page)
    waiting[0].fulfill(json={"variants": []})  # the late answer to the request that was given up
    page.wait_for_timeout(200)
    expect(page.locator("#variants img")).to_have_count(6, timeout=15_000)


def test_error_is_told_in_the_dialog(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.route("**/variants", lambda route: route.fulfill(status=422, json={"error": "the model has no idea"}))
    page.click("#show-variants")
    expect(page.locator("#variants").get_by_role("alert")).to_contain_text("The model has no idea.")
    page.unroute("**/variants")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#variants img")).to_have_count(6, timeout=15_000)
    expect(page.locator("#variants").get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("key", ["Enter", " "])
def test_variants_work_with_the_keyboard(open_page: Callable[..., Page], gray_photo: Path, key: str) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.locator("#show-variants").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#variants img")).to_have_count(6, timeout=15_000)
    page.locator("#variants .variant").nth(2).focus()
    updated_colors(page, lambda: page.keyboard.press(key))
    expect(page.locator("#variants")).not_to_be_visible()
    expect(page.locator("#undo")).to_be_enabled()
