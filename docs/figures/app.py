"""Takes app.png and app_phone.png of docs/app.md: the page with a photo and hints, on a desk and in a hand.

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
from colorgan.web.server.about import about_model
from colorgan.web.server.site import Settings, create_site
from colorgan.web.server.workpiece import Colorist

HERE = Path(__file__).parent
CHECKPOINT = Path(sys.argv[1]) if len(sys.argv) > 1 else None
HINTS = {(0.55, 0.5): "#f08040", (0.42, 0.8): "#c03818", (0.12, 0.3): "#0b5a60", (0.9, 0.25): "#0b5a60"}


def photo(file: Path) -> Path:
    """Six tiles put together as they were cut, without their colors."""
    tiles = [
        np.asarray(Image.open(SAMPLE_PHOTOS / "val" / f"flower_{number:02}.jpg").convert("L")) for number in range(2, 8)
    ]
    Image.fromarray(np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])])).save(file)
    return file


def work(page: Page, source: Path) -> None:
    """What a visitor does: bring a photo, place hints, look at before and after."""
    page.set_input_files("#files", source)
    expect(page.locator("#after")).to_have_attribute("alt", f"{source.name}, colored")
    for (x, y), color in HINTS.items():
        box = page.locator("#dots").bounding_box()
        assert box is not None
        page.locator("#dots").click(position={"x": box["width"] * x, "y": box["height"] * y})
        page.locator("#color").fill(color)
        page.locator("#color").dispatch_event("change")
    page.locator(".dot").first.click()
    page.locator("#divider").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#suggested")).not_to_have_class("swatches waiting")
    page.locator("#divider").blur()


def take(browser: Browser, address: str, source: Path, width: int, height: int, name: str, **options: object) -> None:
    """One screenshot."""
    page = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", **options
    ).new_page()
    page.goto(address)
    expect(page.locator("#limits")).not_to_be_empty()
    work(page, source)
    page.screenshot(path=HERE / name)


def main() -> None:
    """Serves the page, visits it twice, and stops."""
    site = create_site(Colorist(open_model(CHECKPOINT), None, 10_000_000), about_model(CHECKPOINT), Settings())
    server = uvicorn.Server(uvicorn.Config(site, log_level="error", ws="none", lifespan="on"))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = f"http://localhost:{listening.getsockname()[1]}/"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        source = photo(Path(folder, "dahlia.png"))
        take(browser, address, source, 1280, 800, "app.png")
        take(browser, address, source, 390, 844, "app_phone.png", has_touch=True, color_scheme="dark")
        browser.close()
    server.should_exit = True
    thread.join()


main()
