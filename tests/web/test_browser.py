"""The page as people use it, in a headless Chromium: what they click, drag and type, and what they then see."""

import base64
import io
import re
import shutil
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from skimage.color import rgb2lab

from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.hint_file import read_hints
from colorgan.web.server.site import Settings, create_site
from colorgan.web.server.workpiece import Colorist
from tests.helpers import Painter, picture
from tests.web.conftest import ABOUT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt-get install chromium)")

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
RED = "#d02030"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Serves the page with a model whose colors are known; gives its address."""
    running = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def start(model: Painter | None = None, **settings: Any) -> str:
        colorist = Colorist(model or Painter(), 128, 4_000_000)
        site = create_site(colorist, ABOUT, Settings(**{"max_bytes": 2_000_000, **settings}))
        server = uvicorn.Server(uvicorn.Config(site, log_level="error", ws="none", lifespan="on"))
        listening = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        running.append((server, thread))
        return f"http://localhost:{listening.getsockname()[1]}/"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def visit(browser: Browser, serve: Callable[..., str]) -> Iterator[Callable[..., Page]]:
    """Opens the page; afterwards nothing may have gone wrong unseen."""
    contexts, wrong = [], []

    def open_page(size: dict[str, int] = DESKTOP, model: Painter | None = None, **settings: Any) -> Page:
        context = browser.new_context(viewport=size, has_touch=size is PHONE, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
        page.goto(serve(model, **settings))
        expect(page.locator("#limits")).not_to_be_empty()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def old_photo(tmp_path: Path) -> Path:
    """A real photo without its colors."""
    file = tmp_path / "rocket.png"
    Image.open(SAMPLE_PHOTOS / "val" / "rocket_00.jpg").convert("L").save(file)
    return file


def bring(page: Page, photo: Path) -> None:
    page.set_input_files("#files", photo)
    expect(page.locator("#after")).to_have_attribute("src", re.compile("^blob:"))
    expect(page.locator("#status")).to_have_text("Colored")


def click_photo(page: Page, x: float, y: float) -> None:
    """Clicks at shares of the photo's width and height."""
    box = page.locator("#dots").bounding_box()
    assert box is not None
    page.locator("#dots").click(position={"x": box["width"] * x, "y": box["height"] * y})


def seen(page: Page) -> np.ndarray:
    """L*, a*, b* of the colored photo that is on the screen, once it is up to date."""
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")
    picture = page.evaluate(
        """async () => {
            const image = document.querySelector("#after");
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    return rgb2lab(np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")))


def repainted(page: Page, act: Callable[[], object]) -> np.ndarray:
    """What is seen after an act that colors the photo anew."""
    before = page.locator("#after").get_attribute("src")
    act()
    expect(page.locator("#after")).not_to_have_attribute("src", before or "")
    return seen(page)


def no_sideways_scrolling(page: Page) -> bool:
    wide: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return wide


def test_a_photo_is_colored_hinted_undone_and_taken_home(
    visit: Callable[..., Page], old_photo: Path, tmp_path: Path
) -> None:
    page = visit()
    bring(page, old_photo)
    expect(page.locator("#photo-size")).to_have_text("160 \u00d7 160")
    assert page.locator("#before").get_attribute("alt") == "rocket.png as it was"
    assert page.locator("#after").get_attribute("alt") == "rocket.png, colored"
    plain = seen(page)
    spot, far = (slice(38, 42), slice(118, 122)), (slice(80, 160), slice(0, 80))

    repainted(page, lambda: click_photo(page, 0.75, 0.25))
    expect(page.locator(".dot")).to_be_focused()
    expect(page.locator(".dot")).to_have_attribute("aria-label", re.compile("^Hint 1 of 1: #"))
    hinted = repainted(page, lambda: page.locator("#color").fill(RED))
    assert hinted[spot][..., 1].mean() > plain[spot][..., 1].mean() + 20
    assert abs(hinted[spot][..., 0].mean() - plain[spot][..., 0].mean()) < 2
    assert np.abs(hinted[far] - plain[far]).mean() < 1

    page.select_option("#format", "png")
    with page.expect_download() as downloading:
        page.click("#download")
    assert downloading.value.suggested_filename == "rocket-colored.png"
    downloading.value.save_as(tmp_path / "out.png")
    taken = np.asarray(Image.open(tmp_path / "out.png"))
    assert taken.shape == (160, 160, 3)
    assert np.abs(rgb2lab(taken) - hinted).mean() < 2

    with page.expect_download() as downloading:
        page.click("#save-hints")
    assert downloading.value.suggested_filename == "rocket-hints.json"
    downloading.value.save_as(tmp_path / "hints.json")
    (hint,) = read_hints(tmp_path / "hints.json")
    assert hint.color == RED
    assert (hint.x, hint.y) == pytest.approx((120, 40), abs=1)

    repainted(page, lambda: page.keyboard.press("Control+z"))
    undone = repainted(page, lambda: page.keyboard.press("Control+z"))
    assert np.abs(undone - plain).max() < 0.01
    expect(page.locator(".dot")).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()
    repainted(page, lambda: page.keyboard.press("Control+Shift+Z"))
    again = repainted(page, lambda: page.click("#redo"))
    assert np.abs(again - hinted).max() < 0.01

    repainted(page, lambda: page.click("#clear"))
    loaded = repainted(page, lambda: page.set_input_files("#hints-file", tmp_path / "hints.json"))
    assert np.abs(loaded - hinted).max() < 0.01


def test_hints_are_dragged_chosen_from_suggestions_and_deleted(visit: Callable[..., Page], old_photo: Path) -> None:
    page = visit()
    bring(page, old_photo)
    click_photo(page, 0.5, 0.5)
    suggested = page.locator("#suggested .swatch")
    expect(suggested.first).to_have_attribute("title", re.compile("the model's first answer"))
    color = suggested.nth(1).get_attribute("data-color")
    repainted(page, lambda: suggested.nth(1).click())
    expect(suggested.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#color")).to_have_value(color or "")

    box = page.locator(".dot").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100, y - 60, steps=4)
    page.mouse.up()
    moved = page.locator(".dot").bounding_box()
    assert moved is not None
    assert (moved["x"] - box["x"], moved["y"] - box["y"]) == pytest.approx((100, -60), abs=2)
    expect(page.locator(".dot")).to_have_count(1)

    click_photo(page, 0.1, 0.9)
    expect(page.locator(".dot")).to_have_count(2)
    expect(page.locator("#used .swatch")).to_have_count(1)
    page.locator("#radius").focus()
    page.keyboard.press("End")
    expect(page.locator("#radius-value")).to_have_text("13 px")
    page.click("#delete")
    expect(page.locator(".dot")).to_have_count(1)
    expect(page.locator(".dot")).to_be_focused()


def test_everything_can_be_done_with_the_keyboard(visit: Callable[..., Page], old_photo: Path) -> None:
    page = visit()
    bring(page, old_photo)
    expect(page.locator("#photo-name")).to_be_focused()
    page.locator("#divider").focus()
    expect(page.locator("#divider")).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#divider")).to_have_attribute("aria-valuenow", "12")
    page.keyboard.press("End")
    expect(page.locator("#divider")).to_have_attribute("aria-valuetext", "100 % of the photo as it was")
    page.keyboard.press("Home")

    page.locator("#add").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".dot")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".dot")).to_have_attribute("data-x", "86.4")
    expect(page.locator(".dot")).to_have_attribute("data-y", "80.6")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".dot")).to_have_attribute("data-x", "159.9")
    page.keyboard.press("Delete")
    expect(page.locator(".dot")).to_have_count(0)
    expect(page.locator("#add")).to_be_focused()

    gray = np.hypot(*np.moveaxis(seen(page)[..., 1:], -1, 0)).mean()
    page.locator("#strength").focus()
    page.keyboard.press("Home")
    expect(page.locator("#strength-value")).to_have_text("0 %")
    assert gray > 5
    assert np.hypot(*np.moveaxis(seen(page)[..., 1:], -1, 0)).mean() < 1

    page.locator("#show-about").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#model-limits li")).to_have_text("It knows nothing.")
    page.keyboard.press("Escape")
    expect(page.locator("#about")).not_to_be_visible()


def test_controls_have_names_and_pictures_have_words(visit: Callable[..., Page], old_photo: Path) -> None:
    page = visit()
    bring(page, old_photo)
    click_photo(page, 0.5, 0.5)
    expect(page.locator("#suggested .swatch").first).to_be_visible()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [role=slider], [role=group]")]
            .filter((control) => control.checkVisibility())
            .filter((control) => !(control.ariaLabel || control.textContent.trim() || control.labels?.length
                || control.getAttribute("aria-labeledby"))).map((control) => control.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("img:not([alt])").count() == 0
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 560}], ids=["390", "320"])
def test_a_phone_is_wide_enough(visit: Callable[..., Page], old_photo: Path, tmp_path: Path, size: dict) -> None:
    page = visit(size)
    assert no_sideways_scrolling(page)
    bring(page, old_photo)
    click_photo(page, 0.4, 0.4)
    expect(page.locator("#suggested .swatch").first).to_be_visible()
    assert no_sideways_scrolling(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input[type=color]")]
            .filter((control) => control.checkVisibility() && !control.matches(".dot"))
            .filter((control) => control.getBoundingClientRect().height < 32).map((control) => control.outerHTML)"""
    )
    assert small == []
    wide = tmp_path / "panorama with a very long name that does not end soon.png"
    picture(2, 20, 900).save(wide)
    bring(page, wide)
    assert no_sideways_scrolling(page)
    page.locator("#show-about").click()
    assert no_sideways_scrolling(page)


def test_a_bad_file_is_a_sentence_and_the_last_photo_stays(
    visit: Callable[..., Page], old_photo: Path, tmp_path: Path
) -> None:
    page = visit()
    bad = tmp_path / "holiday.jpg"
    bad.write_text("not a photo")
    page.set_input_files("#files", bad)
    expect(page.get_by_role("alert")).to_contain_text(
        "Cannot read holiday.jpg: not an image in a supported format (JPEG, "
    )
    expect(page.locator("#intake")).to_be_visible()
    bring(page, old_photo)
    expect(page.get_by_role("alert")).not_to_be_visible()
    bad.write_bytes(bytes(2_000_001))
    page.set_input_files("#files", bad)
    expect(page.get_by_role("alert")).to_contain_text(
        "Cannot take holiday.jpg: a photo may have at most 2 MB here; send a smaller one."
    )
    expect(page.locator("#photo-name")).to_have_text("rocket.png")
    page.get_by_label("Close this message").click()
    expect(page.get_by_role("alert")).not_to_be_visible()
    bad.write_text('{"hints": [{"x": 500, "y": 3, "color": "red", "radius": 3}]}')
    page.set_input_files("#hints-file", bad)
    expect(page.get_by_role("alert")).to_contain_text("The hints in holiday.jpg: hint 1 lies outside of this photo")


def test_a_photo_that_the_server_threw_away_is_sent_again(visit: Callable[..., Page], old_photo: Path) -> None:
    page = visit(keep=0.5)
    bring(page, old_photo)
    page.wait_for_timeout(1500)
    repainted(page, lambda: click_photo(page, 0.5, 0.5))
    expect(page.get_by_role("alert")).not_to_be_visible()


def test_a_server_that_has_ended_is_a_sentence(visit: Callable[..., Page], old_photo: Path) -> None:
    page = visit()
    bring(page, old_photo)
    page.route("**/api/**", lambda route: route.abort())
    click_photo(page, 0.5, 0.5)
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer; is colorgan still running")


def test_a_model_without_hints_hides_their_tools(
    visit: Callable[..., Page], old_photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Painter, "takes_hints", False)
    page = visit()
    bring(page, old_photo)
    expect(page.locator("#hints")).not_to_be_visible()
    expect(page.locator("#no-hints")).to_have_text("This model was trained without color hints and cannot follow any.")
    click_photo(page, 0.5, 0.5)
    expect(page.locator(".dot")).to_have_count(0)


def test_several_photos_become_an_archive(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit()
    folder = tmp_path / "album"
    (folder / "sea").mkdir(parents=True)
    picture(1).save(folder / "a.jpg")
    picture(2).save(folder / "sea" / "b.png")
    (folder / "sea" / "broken.jpg").write_text("no photo")
    (folder / "notes.txt").write_text("words")
    (folder / ".hidden.jpg").write_text("words")
    page.set_input_files("#folder", folder)
    expect(page.locator("#album-title")).to_have_text("3 photos to color")
    expect(page.locator("#album-skipped")).to_have_text("2 other files left out.")
    page.select_option("#album-format", "jpeg")
    page.get_by_role("button", name="Color them").click()
    expect(page.locator("#album-title")).to_have_text("2 of 3 photos colored")
    expect(page.locator("#album-failed li")).to_contain_text("Cannot read album/sea/broken.jpg: not an image")
    with page.expect_download() as downloading:
        page.click("#album-download")
    downloading.value.save_as(tmp_path / "out.zip")
    archive = zipfile.ZipFile(tmp_path / "out.zip")
    assert set(archive.namelist()) == {"album/a.jpg", "album/sea/b.jpg", "not colored.txt"}


def test_photos_are_dropped_and_pasted(visit: Callable[..., Page], old_photo: Path) -> None:
    page = visit()
    content = list(old_photo.read_bytes())
    give = """([kind, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content)], `${kind}.png`, { type: "image/png" }));
        const options = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(kind === "drop" ? new DragEvent("drop", { dataTransfer: data, ...options })
            : new ClipboardEvent("paste", { clipboardData: data, ...options }));
    }"""
    for kind in ("drop", "paste"):
        page.evaluate(give, [kind, content])
        expect(page.locator("#photo-name")).to_have_text(f"{kind}.png")
        expect(page.locator("#after")).to_have_attribute("alt", f"{kind}.png, colored")


def test_a_folder_is_dropped_with_all_that_is_in_it(visit: Callable[..., Page], tmp_path: Path) -> None:
    """Chromium hands over a hundred entries at a time."""
    folder = tmp_path / "album"
    (folder / "sea" / "deep").mkdir(parents=True)
    for number in range(120):
        (folder / f"{number}.jpg").touch()
    picture(1).save(folder / "sea" / "deep" / "fish.png")
    page = visit()
    drop = {"x": 600, "y": 300, "data": {"items": [], "files": [str(folder)], "dragOperationsMask": 1}}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **drop})
    expect(page.locator("#album-title")).to_have_text("121 photos to color")
    page.get_by_role("button", name="Color them").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#album-title")).to_have_text("0 of 121 photos colored")
    expect(page.locator("#album-state")).to_have_text(re.compile(r"^\d+ not begun\.$"))
    expect(page.locator("#album-download")).not_to_be_visible()
