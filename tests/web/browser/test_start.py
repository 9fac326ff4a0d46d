"""The start page: samples, uploads and their progress, and words that fit fingers or a mouse."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.browser.conftest import DESKTOP, PHONE, accessibility_problems, fits_viewport, load_photo


def test_words_fit_the_pointer(open_page: Callable[..., Page]) -> None:
    phone = open_page(PHONE)
    expect(phone.get_by_role("heading", name="Choose a photo", exact=True)).to_be_visible()
    expect(phone.get_by_text("Drop a photo here")).not_to_be_visible()
    expect(phone.locator("#choose-folder")).not_to_be_visible()
    box = phone.locator("#choose-photos").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert fits_viewport(phone)
    desktop = open_page()
    expect(desktop.get_by_role("heading", name="Drop a photo here", exact=True)).to_be_visible()
    expect(desktop.locator("#choose-folder")).to_be_visible()


def test_samples_open_and_name_their_authors(open_page: Callable[..., Page]) -> None:
    page = open_page()
    samples = page.locator("#samples img")
    expect(samples).to_have_count(6)
    for sample in samples.all():
        assert sample.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 100
    expect(page.locator("#samples")).to_contain_text("CC-BY")
    page.get_by_role("button", name="Try the sample photo Dahlia").click()
    expect(page.locator("#photo-name")).to_have_text("Dahlia.jpg")
    expect(page.locator("#colorized")).to_have_attribute("alt", "Dahlia.jpg, colorized")


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_upload_shows_its_progress_and_can_be_stopped(
    open_page: Callable[..., Page], gray_photo: Path, size: dict[str, int], theme: str
) -> None:
    page = open_page(size, theme=theme)
    waiting: list[Route] = []
    page.route("**/api/photos", lambda route: waiting.append(route))
    page.set_input_files("#photos-input", gray_photo)
    upload = page.locator("#upload")
    expect(upload).to_contain_text("rocket.png")
    expect(page.locator("#start")).to_have_attribute("aria-busy", "true")
    assert accessibility_problems(page) == []
    assert fits_viewport(page)
    upload.get_by_role("button", name="Stop").click()
    expect(upload).not_to_be_visible()
    expect(page.locator("#start")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#recent")).not_to_be_visible()
    expect(page.locator("#alert")).not_to_be_visible()
    page.unroute_all()
    load_photo(page, gray_photo)


def test_progress_of_a_slow_upload(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """As much as is sent, at 200 kB/s."""
    page = open_page()
    photo = tmp_path / "large.jpg"
    photo.write_bytes(bytes(1_500_000))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000},
    )
    seen = page.evaluate_handle(
        """() => {
            const seen = new Set();
            new MutationObserver(() => {
                const bar = document.querySelector("#upload progress");
                if (bar?.hasAttribute("value")) seen.add(bar.value);
            }).observe(document.body, { childList: true, subtree: true, attributes: true });
            return seen;
        }"""
    )
    page.set_input_files("#photos-input", photo)
    expect(page.locator("#alert")).to_contain_text("Cannot read large.jpg", timeout=30_000)
    fractions = seen.evaluate("(seen) => [...seen]")
    assert fractions[0] == 0
    assert len([fraction for fraction in fractions if 0 < fraction < 1]) >= 2
    assert fractions == sorted(fractions)


def test_unreadable_photo_is_not_among_the_recent(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page()
    broken = tmp_path / "broken.jpg"
    broken.write_text("no photo")
    page.set_input_files("#photos-input", broken)
    expect(page.locator("#alert")).to_contain_text(re.compile("Cannot read broken.jpg"))
    page.reload()
    expect(page.locator("#samples")).to_be_visible()
    expect(page.locator("#recent")).not_to_be_visible()
