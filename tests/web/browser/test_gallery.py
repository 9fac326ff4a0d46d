"""The gallery of an album: thumbnails, progress, errors, editing one photo, and downloads of one, some or all."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.helpers import picture
from tests.web.browser.conftest import (
    DESKTOP,
    PHONE,
    Servers,
    accessibility_problems,
    click_photo,
    fits_viewport,
    updated_colors,
)

RED = "#d02030"
ALL_DONE = "4 of 5 photos colorized, 1 not."


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder with four photos in gray, one of them in a folder of its own, a broken one, and two other files."""
    folder = tmp_path / "album"
    (folder / "sea").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "b.png", "c.png", "sea/d.png")):
        picture(number, 60, 90).convert("L").save(folder / name)
    (folder / "broken.jpg").write_text("no photo")
    (folder / "notes.txt").write_text("text")
    (folder / ".hidden.jpg").write_text("text")
    return folder


def open_album(page: Page, folder: Path) -> None:
    page.set_input_files("#folder-input", folder)
    expect(page.locator("#album-status")).to_have_text(ALL_DONE, timeout=30_000)


def tile(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=f"Edit album/{name}, ")


def chroma(page: Page, name: str) -> float:
    """Mean distance between the largest and the smallest of red, green and blue in a thumbnail."""
    value: float = (
        tile(page, name)
        .locator("img")
        .evaluate(
            """async (image) => {
            await image.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            let sum = 0;
            for (let i = 0; i < data.length; i += 4) {
                const rgb = data.slice(i, i + 3);
                sum += Math.max(...rgb) - Math.min(...rgb);
            }
            return (4 * sum) / data.length;
        }"""
        )
    )
    return value


def download(page: Page, press: Callable[[], None], file: Path) -> str:
    """Downloads a file, and returns its name."""
    with page.expect_download() as download_info:
        press()
    download_info.value.save_as(file)
    return download_info.value.suggested_filename


def test_photos_are_gray_at_once_and_colored_as_they_come(open_page: Callable[..., Page], album: Path) -> None:
    page = open_page()
    held: list[Any] = []
    page.route("**/api/photos", lambda route: held.append(route))
    page.set_input_files("#folder-input", album)
    expect(page.locator("#album-title")).to_have_text("album")
    expect(page.locator("#album-skipped")).to_have_text("2 other files skipped.")
    expect(page.locator("#gallery img")).to_have_count(4)
    expect(page.locator("#album-status")).to_have_text("Colorizing, 0 of 5 done.")
    expect(tile(page, "a.jpg")).to_have_attribute("aria-label", "Edit album/a.jpg, being colorized")
    assert chroma(page, "a.jpg") < 2
    assert chroma(page, "sea/d.png") < 2
    assert len(held) == 1  # one request at a time
    held[0].continue_()
    expect(tile(page, "a.jpg")).to_have_attribute("aria-label", "Edit album/a.jpg, colorized")
    expect(page.locator("#album-status")).to_have_text("Colorizing, 1 of 5 done.")
    assert chroma(page, "a.jpg") > 8
    assert chroma(page, "b.png") < 2

    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#album-status")).to_have_text("1 of 5 photos colorized.")
    page.unroute_all()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#album-status")).to_have_text(ALL_DONE, timeout=30_000)
    assert chroma(page, "sea/d.png") > 8
    expect(page.locator("#album-failures li")).to_contain_text("Cannot read album/broken.jpg: not an image")
    expect(tile(page, "broken.jpg")).to_have_attribute("title", re.compile("Cannot read album/broken.jpg"))
    expect(page.locator("#album-progress")).not_to_be_visible()


def test_photo_is_edited_and_downloaded_from_the_gallery(
    open_page: Callable[..., Page], servers: Servers, album: Path, tmp_path: Path
) -> None:
    page = open_page()
    url = page.url
    open_album(page, album)
    tile(page, "c.png").click()
    expect(page.locator("#photo-name")).to_have_text("album/c.png")
    expect(page.locator("#colorized")).to_have_attribute("src", re.compile("^blob:"))
    updated_colors(page, lambda: click_photo(page, 0.5, 0.5))
    edited = updated_colors(page, lambda: page.locator("#hint-color").fill(RED))
    page.get_by_role("button", name="Album").click()
    expect(tile(page, "c.png")).to_be_focused()
    expect(page.locator(".tile .edited")).to_have_count(1)
    page.get_by_role("button", name="Download album/c.png").focus()
    name = download(page, lambda: page.keyboard.press("Enter"), tmp_path / "c-colorized.png")
    assert name == "c-colorized.png"

    servers.restart(url)
    page.reload()
    expect(page.locator("#album-status")).to_have_text(ALL_DONE, timeout=30_000)
    assert chroma(page, "sea/d.png") > 8
    tile(page, "c.png").click()
    expect(page.locator(".hint")).to_have_attribute("aria-label", re.compile(RED))
    page.go_back()
    expect(page.locator("#gallery .tile")).to_have_count(5)

    name = download(page, lambda: page.click("#album-download"), tmp_path / "all.zip")
    assert name == "colorized.zip"
    archive = zipfile.ZipFile(tmp_path / "all.zip")
    names = {"album/a.png", "album/b.png", "album/c.png", "album/sea/d.png", "not colorized.txt"}
    assert set(archive.namelist()) == names
    with archive.open("album/c.png") as stream:
        pixels = np.asarray(Image.open(stream))
    assert np.array_equal(pixels, np.asarray(Image.open(tmp_path / "c-colorized.png")))
    center = pixels[28:32, 43:47].reshape(-1, 3).mean(axis=0)
    assert center[0] > center[1] + 20  # the hint
    assert edited[28:32, 43:47, 1].mean() > 10


def test_selection_by_click_shift_and_keyboard(open_page: Callable[..., Page], album: Path, tmp_path: Path) -> None:
    page = open_page()
    open_album(page, album)
    button, selected = page.locator("#album-download"), page.locator(".tile.selected")
    expect(button).to_have_text("Download all 5")
    page.get_by_label("Select album/a.jpg").check()
    expect(button).to_have_text("Download 1 selected")
    page.get_by_label("Select album/c.png").click(modifiers=["Shift"])
    expect(selected).to_have_count(4)  # broken.jpg is between them
    tile(page, "b.png").click(modifiers=["Control"])
    expect(selected).to_have_count(3)
    expect(page.get_by_label("Select album/b.png")).not_to_be_checked()
    name = download(page, lambda: button.click(), tmp_path / "some.zip")
    assert name == "colorized.zip"
    names = zipfile.ZipFile(tmp_path / "some.zip").namelist()
    assert names == ["album/a.png", "album/c.png", "not colorized.txt"]

    tile(page, "a.jpg").focus()
    page.keyboard.press("Escape")
    expect(selected).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(tile(page, "b.png")).to_be_focused()
    page.keyboard.press("Space")
    expect(button).to_have_text("Download 1 selected")
    page.keyboard.press("Shift+End")
    expect(tile(page, "sea/d.png")).to_be_focused()
    expect(selected).to_have_count(4)
    page.keyboard.press("Control+a")
    expect(button).to_have_text("Download 5 selected")
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("#photo-name")).to_have_text("album/a.jpg")


def test_strength_of_the_selected_photos(open_page: Callable[..., Page], album: Path) -> None:
    page = open_page()
    open_album(page, album)
    before = {name: chroma(page, name) for name in ("a.jpg", "b.png")}
    page.get_by_label("Select album/a.jpg").check()
    page.get_by_text("Options").click()
    page.get_by_label("Strength of 1 selected").focus()
    page.keyboard.press("Home")
    expect(tile(page, "a.jpg")).to_have_attribute("aria-label", "Edit album/a.jpg, colorized, selected")
    expect(page.locator("#album-status")).to_have_text(ALL_DONE, timeout=30_000)
    assert chroma(page, "a.jpg") < 2 < before["a.jpg"]
    assert chroma(page, "b.png") == before["b.png"]
    page.get_by_role("button", name="None").click()
    expect(page.locator("#album-strength-value")).to_have_text("mixed")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_the_gallery(
    open_page: Callable[..., Page], album: Path, size: dict[str, int], theme: str
) -> None:
    page = open_page(size, theme=theme)
    held: list[Any] = []
    page.route("**/api/photos", lambda route: held.append(route))
    page.set_input_files("#folder-input", album)
    expect(page.locator("#gallery img")).to_have_count(4)
    expect(page.locator(".tile.running")).to_have_count(1)
    assert accessibility_problems(page) == []
    assert fits_viewport(page)
    page.unroute_all()  # lets what is held go on
    expect(page.locator("#album-status")).to_have_text(ALL_DONE, timeout=30_000)
    page.get_by_label("Select album/a.jpg").check()
    page.get_by_text("Options").click()
    assert accessibility_problems(page) == []
    assert fits_viewport(page)
    tile(page, "a.jpg").click()
    expect(page.locator("#colorized")).to_have_attribute("src", re.compile("^blob:"))
    expect(page.locator("#to-album")).to_be_visible()
    assert accessibility_problems(page) == []
    assert fits_viewport(page)


def test_archive_can_be_stopped(open_page: Callable[..., Page], album: Path) -> None:
    page = open_page()
    open_album(page, album)
    held: list[Any] = []
    page.route("**/api/albums/*/photos", lambda route: held.append(route))
    page.click("#album-download")
    expect(page.get_by_text("Colorizing at full size, 1 of 5")).to_be_visible()
    assert accessibility_problems(page) == []
    page.click("#archive-stop")
    expect(page.locator("#album-download")).to_have_text("Download all 5")
    expect(page.locator("#alert")).not_to_be_visible()


def test_hundred_photos_are_shown_at_once_and_stay_small(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """A tile each before anything is uploaded; one upload at a time, deleted when its thumbnail is there."""
    folder = tmp_path / "album"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (700, 1000), np.uint8)
    for number in range(100):
        Image.fromarray(np.roll(noise, number)).save(folder / f"{number}.jpg", quality=60)
    page = open_page()
    running: set[Any] = set()
    most, deleted = 0, 0

    def on_request(request: Any) -> None:
        nonlocal most, deleted
        deleted += request.method == "DELETE"
        if request.method == "POST":
            running.add(request)
            most = max(most, len(running))

    page.on("request", on_request)
    page.on("requestfinished", lambda request: running.discard(request))
    page.set_input_files("#folder-input", folder)
    expect(page.locator("#gallery .tile")).to_have_count(100)
    expect(page.locator("#gallery img")).to_have_count(100, timeout=60_000)
    expect(page.locator(".tile.done").nth(9)).to_be_attached(timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    assert most == 1
    assert deleted >= 10
    images = "[...document.querySelectorAll('#gallery img')]"
    assert (
        page.evaluate(f"Math.max(...{images}.map((image) => Math.max(image.naturalWidth, image.naturalHeight)))") <= 360
    )
    assert page.evaluate("performance.memory.usedJSHeapSize") < 60e6  # the photos are 70 MB of pixels
