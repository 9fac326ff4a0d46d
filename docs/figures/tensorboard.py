"""Takes the screenshots in docs/tracking.md: TensorBoard with the runs in a folder.

python docs/figures/tensorboard.py RUNS      (needs colorgan[test] and Chromium)
"""

import io
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FIGURES = Path(__file__).parent
SIZE = {"width": 1280, "height": 820}
PATIENCE = 120
"""Seconds that TensorBoard and its pages may take."""
COMPARED = ("model.color_space", "model.generator")
METRICS = ("val/fd_efficientnet_lite0", "val/psnr", "val/l1")


@contextmanager
def serving(runs: str) -> Iterator[str]:
    """The address of a TensorBoard that shows the runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", runs, "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen([*command, "--load_fast=false"], stderr=subprocess.DEVNULL)  # noqa: S603
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(PATIENCE):
            try:
                if urllib.request.urlopen(f"{address}/data/runs").read() != b"[]":  # noqa: S310
                    break
            except OSError:
                pass
            time.sleep(1)
        time.sleep(20)  # it reads the runs in the background
        yield address
    finally:
        server.terminate()
        server.wait()


def save(page: Page, name: str) -> None:
    """Takes a screenshot when charts have been drawn."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(8000)
    screenshot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    screenshot.save(FIGURES / f"{name}.jpg", quality=88, subsampling=0, optimize=True)


def take_all(page: Page, address: str) -> None:
    """The charts, the sheets of sample photos, and the hyperparameters."""
    page.goto(f"{address}/#custom_scalars")
    page.get_by_text("Validation photos").wait_for()
    save(page, "tensorboard_charts")

    page.goto(f"{address}/#images")
    page.reload()
    page.get_by_text("val/samples").first.wait_for()
    page.get_by_text("Show actual image size").click()
    save(page, "tensorboard_photos")

    page.goto(f"{address}/#hparams")
    page.reload()
    boxes = page.locator("tf-hparams-query-pane paper-checkbox")
    boxes.first.wait_for()
    for box in boxes.all():
        label = (box.text_content() or "").strip()
        is_wanted = label in (*COMPARED, *METRICS)
        is_checked = box.get_attribute("aria-checked") == "true"
        if label and is_wanted != is_checked and label.split(".")[0].split("/")[0] in (
            "data", "model", "seed_everything", "trainer", "val", "best",
        ):  # fmt: skip
            box.click()
    save(page, "tensorboard_hparams")


def main() -> None:
    """Starts TensorBoard, takes the screenshots and ends it."""
    with serving(sys.argv[1]) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(1000 * PATIENCE)
        take_all(page, address)
        browser.close()


if __name__ == "__main__":
    main()
