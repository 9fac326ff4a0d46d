"""Folders, drag and drop, and the clipboard."""

import contextlib
import re
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.helpers import picture
from tests.web.browser.conftest import load_photo


def test_photos_can_be_dropped_and_pasted(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    content = list(gray_photo.read_bytes())
    script = """([kind, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content)], `${kind}.png`, { type: "image/png" }));
        const options = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(kind === "drop" ? new DragEvent("drop", { dataTransfer: data, ...options })
            : new ClipboardEvent("paste", { clipboardData: data, ...options }));
    }"""
    for kind in ("drop", "paste"):
        page.evaluate(script, [kind, content])
        expect(page.locator("#photo-name")).to_have_text(f"{kind}.png")
        expect(page.locator("#colorized")).to_have_attribute("alt", f"{kind}.png, colorized")


def test_dropped_folder_is_read_completely(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """Chromium returns at most 100 directory entries per call."""
    folder = tmp_path / "album"
    (folder / "sea" / "deep").mkdir(parents=True)
    for number in range(120):
        (folder / f"{number}.jpg").touch()
    picture(1).save(folder / "sea" / "deep" / "fish.png")
    page = open_page()
    drop = {"x": 600, "y": 300, "data": {"items": [], "files": [str(folder)], "dragOperationsMask": 1}}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **drop})
    expect(page.locator("#album-title")).to_have_text("album")
    expect(page.locator("#gallery .tile")).to_have_count(121)
    expect(page.locator("#album-download")).to_have_text("Download all 121")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#album-status")).to_have_text(re.compile(r"^0 of 121 photos colorized"))


def test_photo_is_colorized_beside_many_half_open_connections(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    port = urlsplit(page.url).port
    with contextlib.ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(b"GET / HT")
        load_photo(page, gray_photo)
        with page.expect_download() as download:
            page.click("#download")
        assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
