"""A headless Chromium, a server for it, and helpers that act like a user of the page."""

import base64
import io
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from skimage.color import rgb2lab

from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.hints import Hint, read_hints
from colorgan.web.server import ColorizationService, ServerSettings, create_app, http_server
from tests.helpers import Painter
from tests.web.conftest import MODEL_INFO

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class Servers:
    """Serves the page with a predictable model."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[uvicorn.Server, threading.Thread]] = {}

    def start(self, model: Painter | None = None, port: int = 0, max_pixels: int = 4_000_000, **settings: Any) -> str:
        """Starts a server, and returns the URL of the page."""
        service = ColorizationService(model or Painter(), 128, max_pixels)
        app = create_app(service, [MODEL_INFO], ServerSettings(**{"max_bytes": 2_000_000, **settings}))
        server = http_server(app)
        listening = socket.create_server(("127.0.0.1", port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://localhost:{listening.getsockname()[1]}/"
        self._running[url] = server, thread
        return url

    def stop(self, url: str) -> None:
        server, thread = self._running.pop(url)
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()

    def restart(self, url: str) -> None:
        """Stops a server, which forgets all uploads, and starts it again on the same port."""
        self.stop(url)
        port = urlsplit(url).port
        assert port is not None
        self.start(port=port)

    def close(self) -> None:
        for url in list(self._running):
            self.stop(url)


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture
def open_page(browser: Browser, servers: Servers) -> Iterator[Callable[..., Page]]:
    """Opens the page, and checks afterward that there were no script errors and no policy violations."""
    contexts, problems = [], []

    def open_(
        size: dict[str, int] = DESKTOP,
        model: Painter | None = None,
        theme: Any = "light",
        script: str = "",
        **settings: Any,
    ) -> Page:
        context = browser.new_context(
            viewport=size, has_touch=size["width"] < 500, reduced_motion="reduce", color_scheme=theme
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Security Policy" in message.text else None)
        if script:
            page.add_init_script(script)
        page.goto(servers.start(model, **settings))
        expect(page.locator("#upload-limits")).not_to_be_empty()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def gray_photo(tmp_path: Path) -> Path:
    """A real photo, converted to gray."""
    file = tmp_path / "rocket.png"
    Image.open(SAMPLE_PHOTOS / "val" / "rocket_00.jpg").convert("L").save(file)
    return file


def load_photo(page: Page, photo: Path) -> None:
    page.set_input_files("#photos-input", photo)
    expect(page.locator("#colorized")).to_have_attribute("src", re.compile("^blob:"), timeout=15_000)
    expect(page.locator("#status")).to_have_text("Colorized")


def click_photo(page: Page, x: float, y: float) -> None:
    """Clicks at a position given as fractions of the photo's width and height."""
    box = page.locator("#hint-layer").bounding_box()
    assert box is not None
    page.locator("#hint-layer").click(position={"x": box["width"] * x, "y": box["height"] * y})


def displayed_colors(page: Page) -> np.ndarray:
    """L*, a*, b* of the colorized photo on the page, once it is up to date."""
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")
    data = page.evaluate(
        """async () => {
            const image = document.querySelector("#colorized");
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    return rgb2lab(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")))


def updated_colors(page: Page, action: Callable[[], object]) -> np.ndarray:
    """The displayed colors after an action that updates the preview."""
    before = page.locator("#colorized").get_attribute("src")
    action()
    expect(page.locator("#colorized")).not_to_have_attribute("src", before or "")
    return displayed_colors(page)


def fits_viewport(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def accessibility_problems(page: Page) -> list[str]:
    """What axe-core finds, such as a color without contrast: the rule and the elements."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    violations = axe.Axe().run(page).response["violations"]
    return [f"{rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in violations]


def shown_pixels(page: Page, selector: str) -> np.ndarray:
    """What is on the screen where an element is, (H, W, 3), in CSS pixels of a desktop."""
    return np.asarray(Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB")).astype(int)


def position_on(page: Page, x: float, y: float) -> tuple[float, float]:
    """The position in the window of fractions of the photo's width and height."""
    box = page.locator("#photo").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def draw(page: Page, points: Sequence[tuple[float, float]], button: Any = "left") -> None:
    """Draws with the mouse along points given as fractions of the photo's width and height."""
    positions = [position_on(page, *point) for point in points]
    page.mouse.move(*positions[0])
    page.mouse.down(button=button)
    for position in positions[1:]:
        page.mouse.move(*position, steps=6)
    page.mouse.up(button=button)


def touch(page: Page, frames: Sequence[Sequence[tuple[float, float]]]) -> None:
    """Touches the screen with the fingers of each frame, positions in the window, and lifts all of them at the end."""
    session = page.context.new_cdp_session(page)
    fingers = 0
    for frame in frames:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(frame)]
        kind = "touchStart" if len(points) > fingers else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        fingers = len(points)
        page.wait_for_timeout(16)  # moves within one frame of the screen may be joined
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def saved_hints(page: Page, tmp_path: Path) -> list[Hint]:
    """The hints of the page, through the file that it saves."""
    with page.expect_download() as download:
        page.click("#save-hints")
    download.value.save_as(tmp_path / "saved.json")
    return read_hints(tmp_path / "saved.json")
