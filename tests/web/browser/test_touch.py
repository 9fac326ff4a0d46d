"""A phone: one finger places and paints, two fingers pan and zoom."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.conftest import PHONE, load_photo, position_on, touch


def scroll_of(page: Page) -> float:
    position: float = page.evaluate("scrollY")
    return position


@pytest.fixture
def phone(open_page: Callable[..., Page], gray_photo: Path) -> Page:
    page = open_page(PHONE)
    load_photo(page, gray_photo)
    return page


def test_tap_places_a_dot_and_a_finger_moves_it(phone: Page) -> None:
    touch(phone, [[position_on(phone, 0.5, 0.5)]])
    expect(phone.locator(".hint.dot")).to_have_attribute("data-x", "80")
    x, y = position_on(phone, 0.5, 0.5)
    touch(phone, [[(x + 3 * step, y + step)] for step in range(20)])
    expect(phone.locator(".hint")).to_have_count(1)
    moved = [float(phone.locator(".hint").get_attribute(f"data-{axis}") or 0) for axis in "xy"]
    scale = (position_on(phone, 1, 0)[0] - position_on(phone, 0, 0)[0]) / 160
    assert moved == pytest.approx([80 + 57 / scale, 80 + 19 / scale], abs=0.5)
    assert scroll_of(phone) == 0


def test_a_finger_paints(phone: Page) -> None:
    phone.locator("#tool-stroke").tap()
    touch(phone, [[position_on(phone, 0.2 + 0.03 * step, 0.3)] for step in range(15)])
    expect(phone.locator(".hint.stroke")).to_have_count(1)
    phone.wait_for_timeout(400)  # Chromium does not count a tap right after other touches
    phone.locator("#tool-area").tap()
    expect(phone.locator("#tool-area")).to_have_attribute("aria-pressed", "true")
    corners = [(0.3, 0.5), (0.6, 0.5), (0.6, 0.8), (0.3, 0.8)]
    touch(phone, [[position_on(phone, *corner)] for corner in corners])
    expect(phone.locator(".hint.area")).to_have_count(1)
    assert scroll_of(phone) == 0


@pytest.mark.parametrize("tool", ["dot", "stroke", "area"])
def test_two_fingers_zoom_and_pan_and_draw_nothing(phone: Page, tool: str) -> None:
    phone.locator(f"#tool-{tool}").tap()
    x, y = position_on(phone, 0.5, 0.5)
    width = position_on(phone, 1, 0)[0] - position_on(phone, 0, 0)[0]
    one_finger = [[(x - 20, y)], [(x - 30, y)]]
    pinch = [[(x - 30 - 3 * step, y), (x + 30 + 3 * step, y)] for step in range(21)]
    touch(phone, [*one_finger, *pinch])
    zoomed = position_on(phone, 1, 0)[0] - position_on(phone, 0, 0)[0]
    assert zoomed == pytest.approx(3 * width, rel=0.05)
    before = position_on(phone, 0.5, 0.5)
    assert before == pytest.approx((x, y), abs=2)
    touch(phone, [[(x - 30, y + 2 * step), (x + 30, y + 2 * step)] for step in range(11)])
    after = position_on(phone, 0.5, 0.5)
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((0, 20), abs=1)
    phone.wait_for_timeout(500)
    expect(phone.locator(".hint")).to_have_count(0)
    assert scroll_of(phone) == 0


def test_double_tap_zooms_and_adds_no_hint(phone: Page) -> None:
    point = position_on(phone, 0.4, 0.6)
    for _ in range(2):
        touch(phone, [[point]])
    expect(phone.locator("#zoom-fit")).to_have_attribute("aria-pressed", "false")
    phone.wait_for_timeout(700)
    for _ in range(2):
        touch(phone, [[point]])
    expect(phone.locator("#zoom-fit")).to_have_attribute("aria-pressed", "true")
    phone.wait_for_timeout(500)
    expect(phone.locator(".hint")).to_have_count(0)


def test_divider_and_hold_work_by_touch(phone: Page) -> None:
    handle = phone.locator("#comparison-slider").bounding_box()
    assert handle is not None
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    touch(phone, [[(x + 10 * step, y)] for step in range(16)])
    value = int(phone.locator("#comparison-slider").get_attribute("aria-valuenow") or 0)
    assert 35 < value < 60
    assert scroll_of(phone) == 0
