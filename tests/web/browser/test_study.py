"""People take a study: by mouse, keyboard or finger, from a file or from the server."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from colorgan.evaluation.study.answers import AnswerFolder, parse_answers
from colorgan.evaluation.study.key import StudyKey
from colorgan.evaluation.study.making import StudyOptions, make_study
from colorgan.evaluation.study.results import compute_results
from colorgan.web.server import http_server
from colorgan.web.server.study import create_study_app
from tests.helpers import photos, recolored, write
from tests.web.browser.conftest import DESKTOP, PHONE, accessibility_problems, fits_viewport

SEEN = "#pair:not(.gone)"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., StudyKey]:
    """Makes a study of two systems in the folder ``study``."""
    images = photos(8, seed=4, size=32)[:, :, :24]  # wider than high
    systems = [f"s{shift}={write(recolored(images, shift), tmp_path / str(shift))}" for shift in (60, 90)]
    write(images, tmp_path / "real")

    def make_it(**options: object) -> StudyKey:
        chosen = StudyOptions(**{"photos": 4, "practice": 1, "vigilance": 1, **options})  # type: ignore[arg-type]
        return make_study(systems, reference=tmp_path / "real", out=tmp_path / "study", options=chosen)

    return make_it


@pytest.fixture
def open_study(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page, and checks afterward that there were no script errors and no policy violations."""
    contexts, problems = [], []

    def open_(url: str = "", size: dict[str, int] = DESKTOP, theme: str = "light") -> Page:
        context = browser.new_context(
            viewport=size,
            has_touch=size == PHONE,
            color_scheme=theme,
            accept_downloads=True,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))
        page.goto(url or f"{(tmp_path / 'study' / 'study.html').as_uri()}#p07")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_study_is_taken_with_the_keyboard_and_saved(
    make: Callable[..., StudyKey], open_study: Callable[..., Page], tmp_path: Path, size: dict[str, int], theme: str
) -> None:
    key = make()
    page = open_study(size=size, theme=theme)
    expect(page.locator("#count")).to_have_text("6")
    assert accessibility_problems(page) == []
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(SEEN)
    expect(page.locator("#progress")).to_have_text("Practice 1 of 1")
    expect(page.locator("#question")).to_be_focused()
    assert accessibility_problems(page) == []
    assert fits_viewport(page)
    tops = [choice.bounding_box()["y"] for choice in page.locator(".choice").all()]  # type: ignore[index]
    stacked = tops[0] < tops[1]
    assert stacked == (size is PHONE)
    page.keyboard.press("2")
    expect(page.locator("#feedback")).to_have_text(re.compile("Right|is the real one"))
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    assert accessibility_problems(page) == []
    page.keyboard.press("Enter")
    for number in range(1, 6):
        expect(page.locator("#progress")).to_have_text(f"Pair {number} of 5")
        page.wait_for_selector(SEEN)
        page.keyboard.press(("1", "ArrowRight")[number % 2])
    expect(page.locator("#outcome")).to_contain_text("send the file")
    assert accessibility_problems(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    assert download.value.suggested_filename == "answers-p07.json"
    download.value.save_as(tmp_path / "saved.json")
    participant = parse_answers(json.loads((tmp_path / "saved.json").read_text()), key)
    assert participant.name == "p07"
    assert len(participant.answers) == 6
    pairs = [key.pairs[answer.pair] for answer in participant.answers]
    assert [pair.kind for pair in pairs].count("vigilance") == 1
    systems = [pair.system for pair in pairs if pair.kind == "test"]
    assert (systems.count("s60"), systems.count("s90")) == (2, 2)
    for number, answer in enumerate(participant.answers[1:], start=1):
        assert (answer.chosen == answer.first) == (number % 2 == 0)  # "1" is the first photo


def test_order_and_sides_follow_from_the_participant(
    make: Callable[..., StudyKey], open_study: Callable[..., Page], tmp_path: Path
) -> None:
    make(photos=3, practice=0, vigilance=0)
    seen = {}
    for name in ("p1", "p2", "p1 again"):
        page = open_study(f"{(tmp_path / 'study' / 'study.html').as_uri()}#{name.split()[0]}")
        page.click("#start")
        for number in range(1, 4):
            expect(page.locator("#progress")).to_have_text(f"Pair {number} of 3")
            page.wait_for_selector(SEEN)
            page.locator(".choice").first.click()
        with page.expect_download() as download:
            page.click("#save")
        download.value.save_as(tmp_path / "saved.json")
        content = json.loads((tmp_path / "saved.json").read_text())
        seen[name] = [(answer["pair"], answer["first"]) for answer in content["answers"]]
    assert seen["p1"] == seen["p1 again"] != seen["p2"]


def test_pairs_disappear_and_answers_reach_the_server(
    make: Callable[..., StudyKey], open_study: Callable[..., Page], tmp_path: Path
) -> None:
    key = make(photos=2, practice=0, vigilance=0, seconds=1.5)
    folder = AnswerFolder(tmp_path / "study" / "answers", key)
    page_text = (tmp_path / "study" / "study.html").read_text(encoding="utf-8")
    server = http_server(create_study_app(page_text, folder.folder, folder.add))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        page = open_study(f"http://127.0.0.1:{listening.getsockname()[1]}/", PHONE)
        expect(page.locator("#time")).to_have_text("1.5 seconds")
        page.click("#start")
        for number in range(1, 3):
            expect(page.locator("#progress")).to_have_text(f"Pair {number} of 2")
            expect(page.locator(".choice img").first).to_be_visible()
            expect(page.locator(".choice img").first).not_to_be_visible()  # and the choice remains
            page.get_by_role("button", name="Photo 2").tap()
        expect(page.locator("#outcome")).to_have_text("Your answers are stored. You can close this page.")
        expect(page.locator("#save")).not_to_be_visible()
    finally:
        server.should_exit = True
        thread.join(20)
    (file,) = folder.folder.iterdir()
    participant = parse_answers(json.loads(file.read_text()), key)
    assert all(answer.milliseconds >= 1500 for answer in participant.answers)
    assert compute_results(key, [participant]).systems["s60"].answers == 1
