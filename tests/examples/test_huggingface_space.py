"""The page of the Space in Chromium, with onnxruntime-web where it was built, and with a stand-in everywhere."""

import base64
import functools
import http.server
import io
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnxruntime
import pytest
import yaml
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.examples.conftest import MODEL, REPOSITORY, assert_same

SPACE = REPOSITORY / "examples" / "huggingface_space"
RUNTIME = SPACE / "onnxruntime"

# the interface of onnxruntime-web as far as the page uses it; the server runs the model
STAND_IN = """
export const env = {wasm: {}};
export class Tensor {
  constructor(type, data, dims) { Object.assign(this, {type, data, dims}); }
}
export const InferenceSession = {
  create: async (model) => ({
    run: async ({rgb, ...others}, outputs) => {
      if (rgb.type !== "float32" || Object.keys(others).length || outputs.join() !== "ab") throw Error("wrong call");
      const response = await fetch(`run?dims=${rgb.dims.join()}`, {method: "POST", body: rgb.data});
      return {ab: {data: new Float32Array(await response.arrayBuffer())}};
    },
  }),
};
"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and runs the model for the stand-in."""

    session: ClassVar[onnxruntime.InferenceSession]

    def do_POST(self) -> None:
        dims = [int(side) for side in self.path.partition("dims=")[2].split(",")]
        body = self.rfile.read(int(self.headers["content-length"]))
        (ab,) = self.session.run(["ab"], {"rgb": np.frombuffer(body, np.float32).reshape(dims)})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(ab.tobytes())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["onnxruntime-web", "stand-in"])
def page(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page, from a server on this machine."""
    for name in ("index.html", "page.js", "colorize.js"):
        shutil.copy(SPACE / name, tmp_path)
    shutil.copy(MODEL, tmp_path / "model.onnx")
    if request.param == "onnxruntime-web":
        if not RUNTIME.is_dir():
            pytest.skip(f"onnxruntime-web is not there: npm ci && npm run build in {SPACE}")
        shutil.copytree(RUNTIME, tmp_path / "onnxruntime")
    else:
        (tmp_path / "onnxruntime").mkdir()
        (tmp_path / "onnxruntime" / "ort.wasm.min.mjs").write_text(STAND_IN, encoding="utf-8")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        Handler.session = onnxruntime.InferenceSession(MODEL, options)
    handler = functools.partial(Handler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        page = browser.new_page()
        try:
            page.goto(f"http://localhost:{server.server_address[1]}/index.html")
            yield page
        finally:
            page.close()
            server.shutdown()
            thread.join()


def pixels(page: Page) -> np.ndarray:
    url = page.locator("#result").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))


def test_colors_are_those_of_the_command(page: Page, old_and_new: dict[Path, np.ndarray]) -> None:
    for photo, expected in old_and_new.items():
        page.set_input_files("#photo", photo)
        expect(page.locator("#status")).to_have_text(
            f"{photo.name}: {expected.shape[1]} \N{MULTIPLICATION SIGN} {expected.shape[0]} pixels", timeout=60_000
        )
        assert_same(pixels(page), expected)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the photo").click()
    assert download.value.suggested_filename == "chelsea.png"
    page.set_input_files("#photo", {"name": "old.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    expect(page.locator("#status")).to_have_text("old.pdf is not a photo that this browser can read")


def test_the_hub_knows_what_to_serve() -> None:
    _, front_matter, _ = (SPACE / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    description = yaml.safe_load(front_matter)
    assert description["sdk"] == "static"
    assert (SPACE / description["app_file"]).is_file()
