"""Takes the screenshots in docs/app.md: app.png (desktop) and app_phone.png (phone), with a photo and hints.

python docs/figures/app.py [CHECKPOINT]      (needs colorgan[test] and Chromium)
"""

import shutil
import socket
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.open_model import open_model
from colorgan.web import ColorizationService, ServerSettings, create_app, load_model_info

FIGURES = Path(__file__).parent
CHECKPOINT = Path(sys.argv[1]) if len(sys.argv) > 1 else None
HINTS = {(0.55, 0.5): "#f08040", (0.42, 0.8): "#c03818", (0.12, 0.3): "#0b5a60", (0.9, 0.25): "#0b5a60"}
"""Colors of the hints, by position as fractions of the photo's width and height."""


def make_photo(file: Path) -> Path:
    """Joins six tiles of one photo, converted to gray."""
    tiles = [
        np.asarray(Image.open(SAMPLE_PHOTOS / "val" / f"flower_{number:02}.jpg").convert("L")) for number in range(2, 8)
    ]
    Image.fromarray(np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])])).save(file)
    return file


def edit(page: Page, photo: Path) -> None:
    """Opens a photo, places hints, and moves the slider between original and colorized photo."""
    page.set_input_files("#photos-input", photo)
    expect(page.locator("#colorized")).to_have_attribute("alt", f"{photo.name}, colorized")
    for (x, y), color in HINTS.items():
        box = page.locator("#hint-layer").bounding_box()
        assert box is not None
        page.locator("#hint-layer").click(position={"x": box["width"] * x, "y": box["height"] * y})
        page.locator("#hint-color").fill(color)
        page.locator("#hint-color").dispatch_event("change")
    page.locator(".hint").first.click()
    page.locator("#comparison-slider").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#suggested-colors")).not_to_have_class("swatches loading")
    page.locator("#comparison-slider").blur()


def take_screenshot(
    browser: Browser, url: str, photo: Path, width: int, height: int, name: str, **options: object
) -> None:
    """Takes a screenshot of the editor at a viewport size; ``options`` are those of ``Browser.new_context``."""
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#upload-limits")).not_to_be_empty()
    edit(page, photo)
    page.screenshot(path=FIGURES / name)


def main() -> None:
    """Serves the page and takes both screenshots."""
    service = ColorizationService(open_model(CHECKPOINT), None, 10_000_000)
    app = create_app(service, [load_model_info(CHECKPOINT)], ServerSettings())
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="on"))
    server_socket = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [server_socket]})
    thread.start()
    url = f"http://localhost:{server_socket.getsockname()[1]}/"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        photo = make_photo(Path(folder, "dahlia.png"))
        take_screenshot(browser, url, photo, 1280, 800, "app.png")
        take_screenshot(browser, url, photo, 390, 844, "app_phone.png", has_touch=True, color_scheme="dark")
        browser.close()
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    main()
