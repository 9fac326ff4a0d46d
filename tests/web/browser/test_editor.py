"""The editor of a single photo: colorize, hint, undo, save and download, and its errors."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from skimage.color import rgb2lab

from colorgan.inference.hints import read_hints
from tests.web.browser.conftest import click_photo, displayed_colors, load_photo, updated_colors

RED = "#d02030"


def test_photo_is_colorized_hinted_undone_and_downloaded(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    expect(page.locator("#photo-size")).to_have_text("160 \u00d7 160")
    assert page.locator("#original").get_attribute("alt") == "rocket.png, original"
    assert page.locator("#colorized").get_attribute("alt") == "rocket.png, colorized"
    unhinted = displayed_colors(page)
    spot, far = (slice(38, 42), slice(118, 122)), (slice(80, 160), slice(0, 80))

    updated_colors(page, lambda: click_photo(page, 0.75, 0.25))
    expect(page.locator(".hint")).to_be_focused()
    expect(page.locator(".hint")).to_have_attribute("aria-label", re.compile("^Hint 1 of 1: #"))
    hinted = updated_colors(page, lambda: page.locator("#hint-color").fill(RED))
    assert hinted[spot][..., 1].mean() > unhinted[spot][..., 1].mean() + 20
    assert abs(hinted[spot][..., 0].mean() - unhinted[spot][..., 0].mean()) < 2
    assert np.median(np.abs(hinted[far] - unhinted[far])) < 1  # the hint spreads, but not everywhere

    page.select_option("#format", "png")
    with page.expect_download() as download_info:
        page.click("#download")
    assert download_info.value.suggested_filename == "rocket-colorized.png"
    download_info.value.save_as(tmp_path / "out.png")
    downloaded = np.asarray(Image.open(tmp_path / "out.png"))
    assert downloaded.shape == (160, 160, 3)
    assert np.abs(rgb2lab(downloaded) - hinted).mean() < 2

    with page.expect_download() as download_info:
        page.click("#save-hints")
    assert download_info.value.suggested_filename == "rocket-hints.json"
    download_info.value.save_as(tmp_path / "hints.json")
    (hint,) = read_hints(tmp_path / "hints.json")
    assert hint.color == RED
    assert (hint.x, hint.y) == pytest.approx((120, 40), abs=1)

    updated_colors(page, lambda: page.keyboard.press("Control+z"))
    undone = updated_colors(page, lambda: page.keyboard.press("Control+z"))
    assert np.abs(undone - unhinted).max() < 0.01
    expect(page.locator(".hint")).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()
    updated_colors(page, lambda: page.keyboard.press("Control+Shift+Z"))
    redone = updated_colors(page, lambda: page.click("#redo"))
    assert np.abs(redone - hinted).max() < 0.01

    updated_colors(page, lambda: page.click("#remove-hints"))
    loaded = updated_colors(page, lambda: page.set_input_files("#hints-input", tmp_path / "hints.json"))
    assert np.abs(loaded - hinted).max() < 0.01


def test_hints_are_recolored_from_suggestions_dragged_and_deleted(
    open_page: Callable[..., Page], gray_photo: Path
) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    click_photo(page, 0.5, 0.5)
    suggested = page.locator("#suggested-colors .swatch")
    expect(suggested.first).to_have_attribute("title", re.compile("more saturated"))
    color = suggested.nth(1).get_attribute("data-color")
    updated_colors(page, lambda: suggested.nth(1).click())
    expect(suggested.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#hint-color")).to_have_value(color or "")

    box = page.locator(".hint").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100, y - 60, steps=4)
    page.mouse.up()
    moved = page.locator(".hint").bounding_box()
    assert moved is not None
    assert (moved["x"] - box["x"], moved["y"] - box["y"]) == pytest.approx((100, -60), abs=2)
    expect(page.locator(".hint")).to_have_count(1)

    click_photo(page, 0.1, 0.9)
    expect(page.locator(".hint")).to_have_count(2)
    expect(page.locator("#used-colors .swatch")).to_have_count(1)
    page.locator("#hint-size").focus()
    page.keyboard.press("End")
    expect(page.locator("#hint-size-value")).to_have_text("13 px")
    page.click("#delete-hint")
    expect(page.locator(".hint")).to_have_count(1)
    expect(page.locator(".hint")).to_be_focused()


def test_invalid_file_shows_an_error_and_keeps_the_open_photo(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    file = tmp_path / "holiday.jpg"
    file.write_text("not a photo")
    page.set_input_files("#photos-input", file)
    expect(page.get_by_role("alert")).to_contain_text(
        "Cannot read holiday.jpg: not an image in a supported format (JPEG, "
    )
    expect(page.locator("#start")).to_be_visible()
    load_photo(page, gray_photo)
    expect(page.get_by_role("alert")).not_to_be_visible()
    file.write_bytes(bytes(2_000_001))
    page.set_input_files("#photos-input", file)
    expect(page.get_by_role("alert")).to_contain_text(
        "Cannot upload holiday.jpg: the photo exceeds the limit of 2 MB; send a smaller one."
    )
    expect(page.locator("#photo-name")).to_have_text("rocket.png")
    page.get_by_label("Close this message").click()
    expect(page.get_by_role("alert")).not_to_be_visible()
    file.write_text('{"hints": [{"x": 500, "y": 3, "color": "red", "radius": 3}]}')
    page.set_input_files("#hints-input", file)
    expect(page.get_by_role("alert")).to_contain_text("Hints file holiday.jpg: hint 1 lies outside this photo")


def test_expired_photo_is_uploaded_again(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page(session_lifetime=0.5)
    load_photo(page, gray_photo)
    page.wait_for_timeout(1500)
    updated_colors(page, lambda: click_photo(page, 0.5, 0.5))
    expect(page.get_by_role("alert")).not_to_be_visible()


def test_unreachable_server_shows_an_error(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.route("**/api/**", lambda route: route.abort())
    click_photo(page, 0.5, 0.5)
    expect(page.get_by_role("alert")).to_contain_text("Cannot reach the server; check that colorgan is still running")
