"""Takes the screenshots in README.md and docs/app.md: the page in its states, with sample photos and the shipped model.

python docs/figures/app.py [CHECKPOINT]      (needs colorgan[test] and Chromium)
"""

import io
import re
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.open_model import open_model
from colorgan.web import ColorizationService, ServerSettings, create_app, load_model_info

FIGURES = Path(__file__).parent
CHECKPOINT = Path(sys.argv[1]) if len(sys.argv) > 1 else None
DESKTOP, PHONE = (1280, 800), (390, 844)
HINTS = {(0.55, 0.5): "#f08040", (0.12, 0.3): "#0b5a60"}
"""Colors of the hints, by position as fractions of the photo's width and height."""


def make_photo(file: Path, names: Sequence[str]) -> Path:
    """Joins tiles of one photo, in two rows, converted to gray."""
    tiles = [np.asarray(Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg").convert("L")) for name in names]
    half = len(tiles) // 2
    Image.fromarray(np.vstack([np.hstack(tiles[:half]), np.hstack(tiles[half:])])).save(file)
    return file


@contextmanager
def opened(browser: Browser, url: str, size: tuple[int, int], **options: Any) -> Iterator[Page]:
    """The page in a window of its own; ``options`` are those of ``Browser.new_context``."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, reduced_motion="reduce", has_touch=size == PHONE, **options)
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#upload-limits")).not_to_be_empty()
    yield page
    context.close()


def save(page: Page, name: str) -> None:
    """Takes a screenshot when nothing changes any more."""
    page.wait_for_load_state("networkidle")
    screenshot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    screenshot.save(FIGURES / f"{name}.jpg", quality=90, subsampling=0, optimize=True)


def load(page: Page, photo: Path) -> None:
    """Opens a photo."""
    page.set_input_files("#photos-input", photo)
    expect(page.locator("#colorized")).to_have_attribute("src", re.compile("^blob:"))
    expect(page.locator("#status")).to_have_text("Colorized")


def position(page: Page, x: float, y: float) -> tuple[float, float]:
    """The position in the window of fractions of the photo's width and height."""
    box = page.locator("#photo").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def choose_color(page: Page, color: str) -> None:
    """Gives the selected hint a color."""
    page.locator("#color-text").fill(color)
    page.locator("#color-text").press("Enter")
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")


def hint(page: Page) -> None:
    """Places dots."""
    for number, (place, color) in enumerate(HINTS.items(), start=1):
        page.mouse.click(*position(page, *place))
        expect(page.locator(".hint")).to_have_count(number)  # after the time for a second click
        choose_color(page, color)


def paint(page: Page) -> None:
    """Draws a stroke and an area."""
    page.locator("#hint-tools").get_by_text("Brush").click()
    draw(page, [(0.35, 0.62), (0.45, 0.75), (0.6, 0.78)], "#c03818")
    page.locator("#hint-tools").get_by_text("Lasso").click()
    draw(page, [(0.83, 0.1), (0.95, 0.1), (0.95, 0.4), (0.83, 0.4)], "#4060a0")


def draw(page: Page, points: Sequence[tuple[float, float]], color: str) -> None:
    """Draws with the mouse."""
    positions = [position(page, *point) for point in points]
    page.mouse.move(*positions[0])
    page.mouse.down()
    for each in positions[1:]:
        page.mouse.move(*each, steps=6)
    page.mouse.up()
    choose_color(page, color)


def take_all(browser: Browser, url: str, folder: Path) -> None:
    """Takes the screenshots."""
    dahlia = make_photo(folder / "dahlia.png", [f"flower_{number:02}" for number in range(2, 8)])
    with opened(browser, url, DESKTOP) as page:
        save(page, "app_start")
        load(page, dahlia)
        hint(page)
        for _ in range(3):
            page.locator("#comparison-slider").press("PageUp")
        save(page, "app")
        page.locator("#comparison-slider").press("Home")
        paint(page)
        save(page, "app_paint")
        page.locator("#zoom-in").click(click_count=4)
        save(page, "app_zoom")
        page.locator("#zoom-fit").click()
        page.locator("#show-variants").click()
        expect(page.locator("#variants img")).to_have_count(6)
        save(page, "app_variants")
    with opened(browser, url, DESKTOP, color_scheme="dark") as page:
        load(page, dahlia)
        page.set_input_files("#reference-input", SAMPLE_PHOTOS / "val" / "bridge_06.jpg")
        expect(page.locator("#reference-colors")).to_be_visible()
        page.locator("#reference").scroll_into_view_if_needed()
        save(page, "app_reference")
    with opened(browser, url, DESKTOP) as page:
        page.set_input_files("#photos-input", sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))[::3])
        expect(page.locator("#album-progress")).not_to_be_visible(timeout=60_000)
        save(page, "app_album")
    with opened(browser, url, PHONE, color_scheme="dark") as page:
        load(page, dahlia)
        hint(page)
        save(page, "app_phone")


def main() -> None:
    """Serves the page and takes all screenshots."""
    service = ColorizationService(open_model(CHECKPOINT), None, 10_000_000)
    app = create_app(service, [load_model_info(CHECKPOINT)], ServerSettings())
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="on"))
    server_socket = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [server_socket]})
    thread.start()
    url = f"http://localhost:{server_socket.getsockname()[1]}/"
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            take_all(browser, url, Path(folder))
            browser.close()
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
