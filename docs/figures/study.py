"""Takes the screenshots in docs/user-study.md: the page of a study with sample photos and the shipped model.

python docs/figures/study.py      (needs colorgan[test] and Chromium)
"""

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from colorgan.evaluation.study.making import StudyOptions, make_study

FIGURES = Path(__file__).parent
MODEL = FIGURES.parents[1] / "checkpoints" / "colorgan-photos"


def take(browser: Browser, page_file: Path, name: str, **options: Any) -> None:
    """Answers the first pair of a study, which is for practice, and takes a screenshot of the feedback."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(f"{page_file.as_uri()}#p01")
    page.click("#start")
    page.wait_for_selector("#pair:not(.gone)")
    page.keyboard.press("1")
    page.wait_for_selector("#next:visible")
    screenshot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    screenshot.save(FIGURES / f"{name}.jpg", quality=90, subsampling=0, optimize=True)
    context.close()


def main() -> None:
    """Makes a study and photographs it."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        make_study([f"ours={MODEL}"], reference="sample", out=Path(folder), options=StudyOptions(seed=3))
        chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = Path(folder) / "study.html"
        take(browser, page, "study", viewport={"width": 960, "height": 600})
        take(browser, page, "study_phone", viewport={"width": 390, "height": 600}, color_scheme="dark", has_touch=True)
        browser.close()


if __name__ == "__main__":
    main()
