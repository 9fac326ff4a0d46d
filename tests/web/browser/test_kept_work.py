"""Nothing is lost: the browser keeps photos, hints and settings over reload, back, and a restart of the server."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.helpers import picture
from tests.web.browser.conftest import (
    PHONE,
    Servers,
    accessibility_problems,
    click_photo,
    displayed_colors,
    load_photo,
    updated_colors,
)

RED = "#d02030"
COLORIZED = re.compile("^blob:")


def add_red_hint(page: Page) -> np.ndarray:
    """Adds a hint, and returns the colors that it brings."""
    updated_colors(page, lambda: click_photo(page, 0.75, 0.25))
    return updated_colors(page, lambda: page.locator("#hint-color").fill(RED))


def expect_photo(page: Page, colors: np.ndarray) -> None:
    """Checks that the editor shows the photo with its hint, in these colors."""
    expect(page.locator("#colorized")).to_have_attribute("src", COLORIZED)
    expect(page.locator(".hint")).to_have_attribute("aria-label", re.compile(f"{RED}"))
    assert np.abs(displayed_colors(page) - colors).max() < 0.01
    expect(page.locator("#alert")).not_to_be_visible()


def test_photo_hints_and_settings_survive_reload_and_restart(
    open_page: Callable[..., Page], servers: Servers, gray_photo: Path
) -> None:
    page = open_page()
    url = page.url
    load_photo(page, gray_photo)
    colors = add_red_hint(page)
    page.locator("#strength").focus()
    colors = updated_colors(page, lambda: page.keyboard.press("PageDown"))
    strength = page.locator("#strength").input_value()
    gray_photo.unlink()  # the browser has a copy
    page.reload()
    expect_photo(page, colors)
    assert page.locator("#strength").input_value() == strength != "100"

    servers.restart(url)
    page.locator(".hint").click()
    updated_colors(page, lambda: page.locator("#hint-color").fill("#20d030"))  # uploads the photo again, without a word
    expect(page.locator("#alert")).not_to_be_visible()
    updated_colors(page, lambda: page.locator("#hint-color").fill(RED))
    servers.restart(url)
    page.reload()
    expect_photo(page, colors)


def test_back_and_forward_open_what_was_open(open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    colors = add_red_hint(page)
    page.go_back()
    expect(page.locator("#start")).to_be_visible()
    page.go_forward()
    expect_photo(page, colors)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")  # the history came back, too
    expect(page.locator(".hint")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".hint")).to_have_count(1)

    other = tmp_path / "other.png"
    picture(3).save(other)
    page.set_input_files("#photos-input", other)
    expect(page.locator("#photo-name")).to_have_text("other.png")
    page.goto("about:blank")
    page.go_back()
    expect(page.locator("#photo-name")).to_have_text("other.png")
    page.go_back()
    expect(page.locator("#photo-name")).to_have_text("rocket.png")
    expect_photo(page, colors)


def test_changes_of_the_last_moment_are_kept(open_page: Callable[..., Page], gray_photo: Path) -> None:
    """The page is left in the same moment."""
    page = open_page()
    load_photo(page, gray_photo)
    page.evaluate("""() => { document.querySelector("#add-hint").click(); location.reload(); }""")
    page.wait_for_load_state()
    expect(page.locator(".hint")).to_have_count(1)


def test_new_photo_asks_only_if_there_is_unsaved_work(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    page.click("#new-photo")
    expect(page.locator("#start")).to_be_visible()
    page.get_by_role("button", name="Open rocket.png").click()
    expect(page.locator("#colorized")).to_have_attribute("src", COLORIZED)
    add_red_hint(page)

    page.click("#new-photo")
    question = page.get_by_role("alertdialog", name="Leave this photo?")
    expect(question).to_contain_text(
        "You have not downloaded rocket.png as it is now. It stays among your recent photos"
    )
    assert accessibility_problems(page) == []
    question.get_by_role("button", name="Stay").click()
    expect(page.locator("#editor")).to_be_visible()
    page.click("#new-photo")
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).not_to_be_visible()
    expect(page.locator("#editor")).to_be_visible()
    with page.expect_download():
        page.click("#download")
    page.click("#new-photo")
    expect(page.locator("#start")).to_be_visible()

    page.get_by_role("button", name="Open rocket.png").click()
    expect(page.locator(".hint")).to_have_count(1)
    page.locator(".hint").click()
    page.keyboard.press("ArrowLeft")
    page.click("#new-photo")
    question.get_by_role("button", name="Leave").click()
    expect(page.locator("#start")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_recent_photos_have_thumbnails_and_can_be_removed(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path, theme: str
) -> None:
    page = open_page(PHONE, theme=theme)
    load_photo(page, gray_photo)
    add_red_hint(page)
    album = [tmp_path / "a.png", tmp_path / "b.png"]
    for number, file in enumerate(album):
        picture(number).save(file)
    page.set_input_files("#photos-input", album)
    expect(page.locator("#album-status")).to_have_text("2 of 2 photos colorized.")
    page.click("#new-photo")
    page.reload()
    expect(page.locator("#recent li")).to_have_count(2)
    for thumbnail in page.locator("#recent img").all():
        assert thumbnail.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 30
    expect(page.locator("#recent .name")).to_have_text(["a and 1 other", "rocket.png"])
    assert accessibility_problems(page) == []

    page.get_by_role("button", name="Remove a and 1 other").click()
    expect(page.locator("#recent .name")).to_have_text(["rocket.png"])
    page.get_by_role("button", name="Remove rocket.png").click()
    question = page.get_by_role("alertdialog", name="Remove this photo?")
    expect(question).to_contain_text("rocket.png has hints or settings that you have not downloaded.")
    assert accessibility_problems(page) == []
    question.get_by_role("button", name="Cancel").click()
    expect(page.locator("#recent li")).to_have_count(1)
    page.click("#remove-all-recent")
    page.get_by_role("alertdialog").get_by_role("button", name="Remove all").click()
    expect(page.locator("#recent")).not_to_be_visible()
    page.reload()
    expect(page.locator("#samples")).to_be_visible()
    expect(page.locator("#recent")).not_to_be_visible()
    stored = page.evaluate(
        """() => new Promise((resolve) => {
            indexedDB.open("colorgan").onsuccess = async ({ target: { result: database } }) => {
                const stores = [...database.objectStoreNames];
                const transaction = database.transaction(stores);
                const counts = stores.map((store) => transaction.objectStore(store).count());
                transaction.oncomplete = () => resolve(counts.map((count) => count.result));
            };
        })"""
    )
    assert sum(stored) == 0


def test_forbidden_storage_is_one_sentence(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page(script="IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }")
    notice = page.locator("#storage-notice")
    expect(notice).to_have_text(
        "This browser keeps no photos here, as in a private window, so download your work before you close the page."
    )
    assert accessibility_problems(page) == []
    page.get_by_label("Close this notice").click()
    load_photo(page, gray_photo)
    add_red_hint(page)
    expect(notice).not_to_be_visible()
    page.click("#new-photo")
    expect(page.get_by_role("alertdialog")).to_contain_text("This browser does not keep it after the page is closed.")
    page.click("#answer-yes")
    page.get_by_role("button", name="Open rocket.png").click()  # as long as the page is open
    expect(page.locator(".hint")).to_have_count(1)
    questions = []
    page.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    page.reload()
    assert questions == ["beforeunload"]
    expect(page.locator("#alert")).to_have_text("This photo is not kept in this browser; choose it again.")
    expect(page.locator("#start")).to_be_visible()


def test_full_storage_is_one_sentence(open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path) -> None:
    page = open_page()
    session = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": page.url.rstrip("/"), "quotaSize": 1000})
    load_photo(page, gray_photo)
    expect(page.locator("#storage-notice")).to_contain_text(
        "storage is full, so rocket.png is lost when you close the page; remove recent photos, or download your work."
    )
    colors = add_red_hint(page)
    page.go_back()
    page.get_by_role("button", name="Open rocket.png").click()
    expect_photo(page, colors)


def test_reference_survives_reload_and_restart(
    open_page: Callable[..., Page], servers: Servers, gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    url = page.url
    load_photo(page, gray_photo)
    reference = tmp_path / "reference.png"
    picture(5, 90, 120).save(reference)
    as_predicted = displayed_colors(page)
    colors = updated_colors(page, lambda: page.set_input_files("#reference-input", reference))
    assert np.abs(colors - as_predicted).mean() > 0.5
    reference.unlink()
    servers.restart(url)
    page.reload()
    expect(page.get_by_role("img", name="Reference photo reference.png")).to_be_visible()
    assert np.abs(displayed_colors(page) - colors).max() < 0.01
    expect(page.locator("#alert")).not_to_be_visible()
