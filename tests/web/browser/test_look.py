"""The look of all colors: strength, warmth, models, the reference photo, and before and after."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect

from colorgan.images import SAMPLE_PHOTOS
from tests.web.browser.conftest import displayed_colors, load_photo, updated_colors

FLOWER = SAMPLE_PHOTOS / "val" / "flower_03.jpg"


def mean_chroma(colors: np.ndarray) -> float:
    return float(np.hypot(colors[..., 1], colors[..., 2]).mean())


def record_colorizations(page: Page) -> list[dict[str, Any]]:
    """The data of all requests for a colorized photo from now on."""
    sent = []

    def on_request(request: Request) -> None:
        if request.url.endswith("/colorized"):
            sent.append(json.loads(request.post_data or ""))

    page.on("request", on_request)
    return sent


def take_sample(page: Page, name: str = "Dahlia") -> None:
    updated_colors(page, lambda: page.get_by_role("button", name=f"Take the colors of {name}").click())
    expect(page.locator("#reference-colors .swatch").first).to_be_visible()


def test_strength_goes_beyond_the_prediction(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    slider = page.get_by_role("slider", name="Strength")
    predicted = mean_chroma(displayed_colors(page))
    expect(page.locator("#reset-look")).to_be_disabled()
    strong = mean_chroma(updated_colors(page, lambda: slider.fill("150")))
    assert strong > 1.25 * predicted
    expect(slider).to_have_attribute("aria-valuetext", "150%, more than predicted, a matter of taste")
    expect(page.locator("#strength-note")).to_contain_text("a matter of taste")
    slider.focus()
    weak = mean_chroma(updated_colors(page, lambda: page.keyboard.press("Home")))
    assert weak < 1
    expect(slider).to_have_attribute("aria-valuetext", "0%")
    expect(page.locator("#strength-note")).not_to_be_visible()

    undone = mean_chroma(updated_colors(page, lambda: page.click("#undo")))
    assert undone == pytest.approx(strong, abs=0.1)
    reset = mean_chroma(updated_colors(page, lambda: page.click("#reset-look")))
    assert reset == pytest.approx(predicted, abs=0.1)
    expect(page.locator("#reset-look")).to_be_disabled()
    updated_colors(page, lambda: page.click("#undo"))
    expect(slider).to_have_value("150")


def test_warmth(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    slider = page.get_by_role("slider", name="Warmth")
    expect(slider).to_have_attribute("aria-valuetext", "neutral")
    neutral = displayed_colors(page)[..., 2].mean()
    warm = updated_colors(page, lambda: slider.fill("60"))[..., 2].mean()
    expect(slider).to_have_attribute("aria-valuetext", "60 warmer")
    cold = updated_colors(page, lambda: slider.fill("-60"))[..., 2].mean()
    expect(page.locator("#warmth-value")).to_have_text("60 colder")
    assert cold < neutral - 2
    assert warm > neutral + 2


def test_download_has_the_look(open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    updated_colors(page, lambda: page.get_by_role("slider", name="Strength").fill("0"))
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "out.png")
    channels = np.asarray(Image.open(tmp_path / "out.png").convert("RGB")).astype(int)
    assert np.ptp(channels, axis=-1).max() <= 1


def test_reference_gives_its_colors(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    predicted = displayed_colors(page)
    take_sample(page)
    referred = displayed_colors(page)
    assert np.abs(referred[..., 1:] - predicted[..., 1:]).mean() > 3
    use = page.get_by_role("checkbox", name="Give the photo these colors")
    expect(use).to_be_checked()
    unused = updated_colors(page, lambda: use.uncheck())
    assert np.abs(unused - predicted).max() < 0.01
    expect(page.locator("#reference-colors")).to_be_visible()  # it stays to pick colors from
    again = updated_colors(page, lambda: page.click("#undo"))
    assert np.abs(again - referred).max() < 0.01

    page.click("#change-reference")
    take_sample(page, "Estuary")
    expect(page.get_by_role("img", name="Reference photo Estuary")).to_be_visible()
    updated_colors(page, lambda: page.click("#undo"))
    expect(page.get_by_role("img", name="Reference photo Dahlia")).to_be_visible()
    removed = updated_colors(page, lambda: page.click("#remove-reference"))
    assert np.abs(removed - predicted).max() < 0.01
    expect(page.locator("#reference-colors")).to_have_count(0)


def test_colors_are_picked_from_the_reference(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    take_sample(page)
    page.locator("#reference-colors .swatch").nth(1).click()
    expected = page.locator("#reference-colors .swatch").nth(1).get_attribute("data-color")
    expect(page.locator("#hint-color")).to_have_value(expected or "")

    page.click("#pick-from-reference")
    box = page.locator(".reference-picture").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    expect(page.locator("#reference-dialog")).not_to_be_visible()
    flower = np.asarray(Image.open(FLOWER).convert("RGB")).astype(int)
    middle = flower[79:82, 79:82].mean(axis=(0, 1))
    picked = page.locator("#hint-color").input_value()
    assert np.abs([int(picked[start : start + 2], 16) for start in (1, 3, 5)] - middle).max() < 20
    page.click("#pick-from-reference")
    page.keyboard.press("Escape")
    expect(page.locator("#reference-dialog")).not_to_be_visible()
    expect(page.locator("#hint-color")).to_have_value(picked)
    expect(page.locator("#pick-from-reference")).to_be_focused()


def test_reference_is_chosen_or_dropped(open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    predicted = displayed_colors(page)
    page.set_input_files("#reference-input", gray_photo)
    expect(page.get_by_role("alert")).to_contain_text(
        "Rocket.png is black and white; choose a photo in color as reference."
    )
    broken = tmp_path / "broken.jpg"
    broken.write_text("no photo")
    page.set_input_files("#reference-input", broken)
    expect(page.get_by_role("alert")).to_contain_text("Cannot read broken.jpg: not an image")
    assert np.abs(displayed_colors(page) - predicted).max() < 0.01

    page.locator("#reference").scroll_into_view_if_needed()
    box = page.locator("#reference").bounding_box()
    assert box is not None
    position = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(FLOWER)], "dragOperationsMask": 1}
    before = page.locator("#colorized").get_attribute("src")
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **position, "data": data})
    expect(page.get_by_role("img", name="Reference photo flower_03.jpg")).to_be_visible()
    expect(page.locator("#colorized")).not_to_have_attribute("src", before or "")
    expect(page.locator("#photo-name")).to_have_text("rocket.png")
    expect(page.locator("body")).not_to_have_class(re.compile("dragging"))
    expect(page.get_by_role("alert")).not_to_be_visible()


def test_expired_reference_is_uploaded_again(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page(session_lifetime=0.5)
    load_photo(page, gray_photo)
    take_sample(page)
    sent = record_colorizations(page)
    page.wait_for_timeout(1500)
    updated_colors(page, lambda: page.get_by_role("slider", name="Strength").fill("80"))
    expect(page.get_by_role("alert")).not_to_be_visible()
    references = [data["reference"] for data in sent]
    assert references[-1] != references[0]


def test_models_are_mixed(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()

    def with_models(models: list[str]) -> None:
        def add_models(route: Route) -> None:
            answer = route.fetch().json()
            route.fulfill(json={**answer, "models": models, "mix": [3, *[1] * (len(models) - 1)]})

        page.unroute("**/api/info")
        page.route("**/api/info", add_models)
        page.reload()
        load_photo(page, gray_photo)

    sent = record_colorizations(page)
    page.route(
        "**/colorized",
        lambda route: route.continue_(post_data=json.dumps({**json.loads(route.request.post_data or ""), "mix": None})),
    )
    with_models(["tiny", "other"])
    assert "mix" not in sent[-1]
    slider = page.get_by_role("slider", name="Mix")
    expect(slider).to_have_value("25")  # as the server is told to mix them
    updated_colors(page, lambda: slider.fill("20"))
    expect(slider).to_have_attribute("aria-valuetext", "20%, of other")
    assert sent[-1]["mix"] == pytest.approx([0.8, 0.2])
    updated_colors(page, lambda: page.click("#reset-look"))
    assert "mix" not in sent[-1]

    with_models(["tiny", "other", "third"])
    updated_colors(page, lambda: page.get_by_role("slider", name="third").fill("60"))
    assert sent[-1]["mix"] == pytest.approx([0.3, 0.1, 0.6])
    updated_colors(page, lambda: page.get_by_role("slider", name="third").fill("100"))
    updated_colors(page, lambda: page.get_by_role("slider", name="tiny").fill("50"))
    assert sent[-1]["mix"] == pytest.approx([0.5, 0, 0.5])


def test_recent_photo_is_a_reference_as_it_is_colored(
    open_page: Callable[..., Page], gray_photo: Path, tmp_path: Path
) -> None:
    page = open_page()
    earlier = tmp_path / "earlier.png"
    Image.open(SAMPLE_PHOTOS / "val" / "life_02.jpg").convert("L").save(earlier)
    load_photo(page, earlier)
    updated_colors(page, lambda: page.get_by_role("slider", name="Strength").fill("30"))
    load_photo(page, gray_photo)
    predicted = displayed_colors(page)
    page.get_by_role("button", name="Take the colors of earlier.png").click()
    expect(page.get_by_role("img", name="Reference photo earlier.png")).to_be_visible()
    assert mean_chroma(displayed_colors(page)) < 0.6 * mean_chroma(predicted)


def test_one_model_needs_no_mix(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    expect(page.locator("#model-mix")).to_have_count(0)


def test_before_and_after(open_page: Callable[..., Page], gray_photo: Path) -> None:
    page = open_page()
    load_photo(page, gray_photo)
    expect(page.get_by_role("button", name="After")).to_have_attribute("aria-pressed", "true")
    for name, value in (("Before", "100"), ("Both", "50"), ("After", "0")):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#comparison-slider")).to_have_attribute("aria-valuenow", value)
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
