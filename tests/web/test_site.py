import io
import os
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab
from starlette.testclient import TestClient

from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.inference.batch.jobs import Job
from colorgan.inference.batch.pipeline import Options, colorize_files
from colorgan.inference.hint_file import ColorHint, parse_hints
from colorgan.web.server.site import PAGE
from colorgan.web.server.workpiece import SCREEN
from tests.helpers import Painter, picture
from tests.web.conftest import encoded, send

RED = {"x": 20, "y": 30, "color": "#d02030", "radius": 8}


def opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def lab(content: bytes) -> np.ndarray:
    return rgb2lab(opened(content))


def colored(client: TestClient, key: str, *hints: dict, strength: float = 1) -> bytes:
    answer = client.post(f"/api/photos/{key}/colored", json={"hints": hints, "strength": strength})
    assert answer.status_code == 200, answer.text
    return answer.content


# -- the page ----------------------------------------------------------------------------------------------------------


def test_every_file_of_the_page_is_served_and_is_all_that_it_asks_for(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http:" not in page.text.replace("http://www.w3.org", "")
    assert "https:" not in page.text
    assert "style=" not in page.text  # the policy would ignore it
    assert "<script>" not in page.text
    types = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    for file in PAGE.iterdir():
        answer = client.get(f"/page/{file.name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(types[file.suffix])


def test_the_page_learns_what_it_deals_with(client: TestClient) -> None:
    about = client.get("/api/about").json()
    assert about["model"] == {
        "name": "tiny",
        "summary": "Colors everything warm.",
        "limits": ["It knows nothing."],
        "license": "Apache-2.0",
    }
    assert about["takes_hints"] is True
    assert (about["max_bytes"], about["max_pixels"]) == (500_000, 1_000_000)
    assert ".jpg" in about["endings"]


@pytest.mark.parametrize(
    "path", ["/page/../serve.py", "/page/%2e%2e/serve.py", "/page//etc/passwd", "/nothing", "/page"]
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code in (404, 307)
    if answer.status_code == 404:
        assert answer.json() == {"error": "there is nothing at this address"}


# -- one photo ---------------------------------------------------------------------------------------------------------


def test_a_real_photo_is_colored_and_keeps_its_lightness(client: TestClient) -> None:
    photo = (SAMPLE_PHOTOS / "val" / "rocket_00.jpg").read_bytes()
    answer = client.post("/api/photos", content=photo, headers={"x-file-name": "rocket%20%C3%BC.jpg"})
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in ("name", "width", "height")} == {
        "name": "rocket ü.jpg",
        "width": 160,
        "height": 160,
    }
    key = answer.json()["key"]
    before = client.get(f"/api/photos/{key}/before")
    assert before.headers["content-type"] == "image/jpeg"
    assert np.abs(opened(before.content).astype(int) - opened(photo)).mean() < 2
    after = lab(colored(client, key))
    assert np.abs(after[..., 0] - lab(photo)[..., 0]).mean() < 1  # JPEG's rounding; the file is nearer
    assert after[..., 2].mean() > 5  # the painter's warm tone


def test_a_hint_colors_its_region_and_no_other(client: TestClient) -> None:
    key = send(client, encoded(gray=True))
    without, hinted = lab(colored(client, key)), lab(colored(client, key, RED))
    wanted = rgb2lab(np.array([[[0xD0, 0x20, 0x30]]], np.uint8))[0, 0]
    spot, far = (slice(26, 34), slice(16, 24)), (slice(0, 60), slice(60, 90))
    hue = np.arctan2(hinted[spot][..., 2].mean(), hinted[spot][..., 1].mean())
    assert hue == pytest.approx(np.arctan2(wanted[2], wanted[1]), abs=0.15)
    assert hinted[spot][..., 1].mean() > without[spot][..., 1].mean() + 25
    assert np.abs(hinted[far] - without[far]).mean() < 0.5
    assert np.abs(hinted[spot][..., 0] - without[spot][..., 0]).mean() < 2
    assert lab(colored(client, key)) == pytest.approx(without)  # undone


def test_strength_goes_from_gray_to_full(client: TestClient) -> None:
    key = send(client, encoded(gray=True))
    chroma = [
        np.hypot(*np.moveaxis(lab(colored(client, key, strength=share))[..., 1:], -1, 0)).mean()
        for share in (0, 0.5, 1)
    ]
    assert chroma[0] < 1
    assert chroma[1] == pytest.approx(chroma[2] / 2, abs=2)


def test_large_photos_are_shown_small_and_given_back_large(site: Callable[..., TestClient]) -> None:
    client = site(max_bytes=10_000_000)
    file = io.BytesIO()
    picture(1, 400, 2400).convert("L").save(file, "JPEG")
    key = send(client, file.getvalue(), "wide.jpg")
    hint = {"x": 2000, "y": 200, "color": "#2040c0", "radius": 100}
    shown = opened(colored(client, key, hint))
    assert shown.shape == (240, SCREEN, 3)
    answer = client.post(f"/api/photos/{key}/file", json={"hints": [hint]})
    given = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert given.shape == (400, 2400, 3)
    small = np.asarray(Image.fromarray(given).resize((SCREEN, 240), Image.Resampling.BOX))
    assert np.abs(small.astype(int) - shown).mean() < 3  # what is seen is what is got
    assert (given[190:210, 1990:2010, 2] > given[190:210, 1990:2010, 0] + 40).all()


@pytest.mark.parametrize(("kind", "ending"), [("png", "png"), ("jpeg", "jpg")])
def test_the_download_is_the_file_that_the_shell_writes(
    client: TestClient, painter: Painter, tmp_path: Path, kind: str, ending: str
) -> None:
    source, target = tmp_path / "grandma.tif", tmp_path / f"shell.{ending}"
    exif = Image.Exif()
    exif[315] = "Grandfather"
    picture(5, 60, 90).convert("L").save(source, exif=exif, dpi=(300, 300))
    hints = parse_hints({"hints": [RED]})
    colorize_files(painter, [Job(source, target, "")], Options(strength=0.7, hints=hints, metadata=True))

    key = send(client, source.read_bytes(), "grandma.tif")
    wishes = {"hints": [RED], "strength": 0.7, "format": kind, "metadata": True}
    answer = client.post(f"/api/photos/{key}/file", json=wishes)
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''grandma-colored.{ending}"
    assert answer.headers["content-type"] == f"image/{kind}"
    assert answer.headers["content-length"] == str(target.stat().st_size)
    assert answer.content == target.read_bytes()
    bare = client.post(f"/api/photos/{key}/file", json={**wishes, "metadata": False})
    assert dict(Image.open(io.BytesIO(bare.content)).getexif()) == {}


def test_sixteen_bits_stay_sixteen_bits(client: TestClient) -> None:
    file = io.BytesIO()
    Image.fromarray(np.add.outer(np.arange(40) * 1500, np.arange(30) * 37).astype(np.uint16)).save(file, "PNG")
    answer = client.post(f"/api/photos/{send(client, file.getvalue())}/file", json={})
    decoded = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (decoded.dtype, decoded.shape) == (np.uint16, (40, 30, 3))


def test_photos_do_not_know_of_each_other(client: TestClient) -> None:
    one, other = send(client, encoded(gray=True)), send(client, encoded(gray=True))
    before = colored(client, other)
    colored(client, one, RED)
    assert one != other
    assert colored(client, other) == before
    assert client.delete(f"/api/photos/{one}").status_code == 204
    assert client.get(f"/api/photos/{one}/before").status_code == 404
    assert colored(client, other) == before


def test_suggestions_are_colors_of_the_spot(client: TestClient) -> None:
    photo = encoded(gray=True)
    key = send(client, photo)
    answer = client.post(f"/api/photos/{key}/suggestions", json={"x": 70, "y": 30, "radius": 3})
    found = answer.json()["suggestions"]
    assert len(found) >= 3
    assert found[0]["reason"] == "the model's first answer"
    shown = lab(colored(client, key))[27:33, 67:73].mean(axis=(0, 1))
    swatches = [rgb2lab(np.array([[ColorHint(0, 0, one["color"], 1).rgb]], np.uint8))[0, 0] for one in found]
    assert np.linalg.norm(swatches[0] - shown) < 4
    for swatch in swatches:
        assert swatch[0] == pytest.approx(shown[0], abs=1.5)


def test_hints_are_read_from_a_file(client: TestClient) -> None:
    body = b'\xef\xbb\xbf{"hints": [{"x": 1, "y": 2.5, "color": "Navy", "radius": 3}]}'
    answer = client.post("/api/hints", content=body)
    assert answer.json() == {"hints": [{"x": 1, "y": 2.5, "color": "#000080", "radius": 3}]}


# -- bad photos --------------------------------------------------------------------------------------------------------


def bomb(side: int) -> bytes:
    """A PNG file of a few dozen bytes that claims to be large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot read a.jpg: the file is empty"),
        (b"this is no photo", "cannot read a.jpg: not a picture in a known format"),
        (SVG, "cannot read a.jpg: not a picture in a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "cannot read a.jpg: not a picture in a known format"),
        (b"PK\x03\x04" + bytes(100), "cannot read a.jpg: not a picture in a known format"),
        (encoded("JPEG")[:600], "cannot read a.jpg: the file is cut short"),
        (encoded("PNG")[:2000], "cannot read a.jpg: the file is cut short"),
        (
            bomb(2000),
            "cannot read a.jpg: 2000 x 2000 pixels are more than the 1,000,000 allowed; make it smaller first",
        ),
        (bomb(20_000), "cannot read a.jpg: it claims more than 178,956,970 pixels; make it smaller first"),
    ],
    ids=["empty", "text", "svg", "eps", "zip", "cut JPEG", "cut PNG", "large", "bomb"],
)
def test_what_is_no_photo_is_refused_in_a_sentence(
    client: TestClient, temporary: Path, content: bytes, sentence: str
) -> None:
    answer = client.post("/api/photos", content=content, headers={"x-file-name": "a.jpg"})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(sentence)
    assert str(temporary) not in answer.text
    assert "Traceback" not in answer.text
    assert not any(next(temporary.iterdir()).iterdir())  # nothing is left behind


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "BMP"])
def test_a_photo_is_known_by_its_content_and_not_by_its_name(client: TestClient, kind: str) -> None:
    answer = client.post("/api/photos", content=encoded(kind), headers={"x-file-name": "notes.txt"})
    assert answer.status_code == 201


def chunks(total: int) -> Iterator[bytes]:
    for _ in range(total // 10_000):
        yield bytes(10_000)


def test_too_many_bytes_are_refused_before_they_are_taken(client: TestClient, temporary: Path) -> None:
    sentence = "a photo may have at most 0.5 MB here; send a smaller one"
    announced = client.post("/api/photos", content=bytes(500_001))
    assert (announced.status_code, announced.json()["error"]) == (413, sentence)

    largest = 0

    def watched() -> Iterator[bytes]:
        nonlocal largest
        for chunk in chunks(50_000_000):
            largest = max([largest, *(file.stat().st_size for file in temporary.rglob("photo"))])
            yield chunk

    unannounced = client.post("/api/photos", content=watched())
    assert (unannounced.status_code, unannounced.json()["error"]) == (413, sentence)
    assert largest <= 500_000
    lying = client.post("/api/photos", content=chunks(600_000), headers={"content-length": "7"})
    assert lying.status_code == 413


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/cron.d/evil", "C:\\evil.png", "%2e%2e%2fevil%00.png", "x" * 5000]
)
def test_names_are_only_ever_words(client: TestClient, temporary: Path, name: str) -> None:
    key = send(client, encoded(), name)
    answer = client.post(f"/api/photos/{key}/file", json={})
    given = answer.headers["content-disposition"]
    assert not any(bad in given.partition("''")[2] for bad in ("/", "\\", "%2F", "%5C", "%00"))
    (root,) = temporary.iterdir()
    assert [file.name for file in root.rglob("*") if file.is_file()] == ["photo"]
    assert not list(temporary.parent.rglob("*evil*"))


# -- bad requests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "what was sent: this is not JSON"),
        (b"{", "what was sent: this is not JSON (line 1, column 2"),
        (b"[" * 100_000, "what was sent: this is not JSON that could be meant"),
        (b"\xff\xfe", "what was sent: this is not JSON that could be meant"),
        (b"[]", "an object with format, hints, metadata, strength is needed"),
        (b'{"hint": []}', "an object with format, hints, metadata, strength is needed"),
        (b'{"hints": 3}', "the hints: 'hints' must be a list"),
        (b'{"hints": [{"x": 1}]}', "the hints: hint 1 has no 'y'"),
        (b'{"hints": [{"x": 1, "y": 1, "radius": 1, "color": "url(x)"}]}', "the hints: hint 1: color must be #rrggbb"),
        (
            b'{"hints": [{"x": 90, "y": 1, "radius": 1, "color": "red"}]}',
            "hint 1 lies at (90, 1), outside of the photo of 90 x 60",
        ),
        (
            b'{"hints": [{"x": -1, "y": 1, "radius": 1, "color": "red"}]}',
            "the hints: hint 1: x must be a number of pixels",
        ),
        (b'{"strength": 2}', "strength must lie between 0 (gray) and 1 (as predicted), received 2"),
        (b'{"strength": NaN}', "strength must lie between 0"),
        (b'{"strength": true}', "strength must be a number"),
        (b'{"format": "exe"}', "format must be png or jpeg"),
        (b'{"metadata": "yes"}', "metadata must be true or false"),
    ],
    ids=range(16),
)
@pytest.mark.parametrize("route", ["colored", "file"])
def test_a_bad_request_is_explained(client: TestClient, body: bytes, sentence: str, route: str) -> None:
    answer = client.post(f"/api/photos/{send(client, encoded())}/{route}", content=body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(sentence)
    assert "\n" not in answer.json()["error"]


def test_requests_have_bounds(client: TestClient) -> None:
    key = send(client, encoded())
    answer = client.post(f"/api/photos/{key}/colored", content=b" " * (5 << 20))
    assert (answer.status_code, answer.json()["error"]) == (
        413,
        "what was sent may have at most 4.19 MB here; send a smaller one",
    )
    answer = client.post(f"/api/photos/{key}/colored", json={"hints": [RED] * 1001})
    assert answer.json()["error"] == "the hints: the page works with at most 1000 hints, but these are 1001"
    answer = client.post(f"/api/photos/{key}/suggestions", json={"x": 1000, "y": 3, "radius": 3})
    assert answer.json()["error"].startswith("hint 1 lies at (1000, 3), outside of the photo")


@pytest.mark.parametrize("route", ["before", "colored", "suggestions", "file"])
def test_a_photo_that_is_not_there(client: TestClient, route: str) -> None:
    answer = client.request("GET" if route == "before" else "POST", f"/api/photos/nothing/{route}")
    assert (answer.status_code, answer.json()) == (404, {"error": "what was sent is no longer here; send it again"})


def test_a_wrong_method(client: TestClient) -> None:
    assert client.get("/api/photos").status_code == 405
    assert "error" in client.get("/api/photos").json()


def test_a_model_without_hints_says_so(site: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Painter, "takes_hints", False)
    client = site()
    assert client.get("/api/about").json()["takes_hints"] is False
    answer = client.post(f"/api/photos/{send(client, encoded())}/colored", json={"hints": [RED]})
    assert answer.status_code == 422
    assert "trained without hints" in answer.json()["error"]


def test_a_mistake_of_ours_is_no_stack_trace(site: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*anything: Any) -> None:
        raise RuntimeError("secret detail")

    client = site(errors=False)
    key = send(client, encoded())
    monkeypatch.setattr(Painter, "run_network", broken)
    answer = client.post(f"/api/photos/{key}/colored", json={})
    assert answer.status_code == 500
    assert answer.json() == {
        "error": "something went wrong on the server; the terminal that it was started from says what"
    }
    assert "content-security-policy" in answer.headers


# -- one at a time -----------------------------------------------------------------------------------------------------


class Slow(Painter):
    """A model that works until it is told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.go_on = threading.Event(), threading.Event()

    def run_network(self, rgb: Any, hints: Any = None) -> Any:
        self.started.set()
        assert self.go_on.wait(20)
        return super().run_network(rgb, hints)


def test_when_the_line_is_full_the_next_is_told_and_the_server_still_answers(site: Callable[..., TestClient]) -> None:
    model = Slow()
    client = site(model, waiting=0)
    key = send(client, encoded())
    answers = []
    first = threading.Thread(
        target=lambda: answers.append(client.post(f"/api/photos/{key}/colored", json={"hints": []}))
    )
    first.start()
    try:
        assert model.started.wait(20)
        answer = client.post(f"/api/photos/{key}/colored", json={})
        assert answer.status_code == 503
        assert answer.json() == {"error": "too many photos are waiting; try again in a moment"}
        assert answer.headers["retry-after"] == "2"
        assert client.get("/api/about").status_code == 200
    finally:
        model.go_on.set()
        first.join(20)
    assert answers[0].status_code == 200
    assert client.post(f"/api/photos/{key}/colored", json={}).status_code == 200


# -- the private folder ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
def test_photos_lie_in_a_private_folder_that_is_emptied(site: Callable[..., TestClient], temporary: Path) -> None:
    client = site()
    key = send(client, encoded())
    client.post(f"/api/photos/{key}/file", json={})
    (root,) = temporary.iterdir()
    for folder in (root, *root.iterdir()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    client.__exit__(None, None, None)
    assert list(temporary.iterdir()) == []
    client.__enter__()


# -- many photos -------------------------------------------------------------------------------------------------------


def album(client: TestClient, **wishes: Any) -> str:
    key: str = client.post("/api/albums", json=wishes).json()["key"]
    return key


def add(client: TestClient, key: str, photo: bytes, name: str) -> Any:
    return client.post(f"/api/albums/{key}/photos", content=photo, headers={"x-file-name": name})


def test_a_folder_becomes_an_archive_with_a_list_of_what_failed(client: TestClient, temporary: Path) -> None:
    key = album(client, format="jpeg", strength=0.5)
    assert add(client, key, encoded(), "trip/a.png").json() == {"place": "trip/a.jpg"}
    assert add(client, key, encoded("TIFF"), "trip/a.tif").json() == {"place": "trip/a (2).jpg"}
    assert add(client, key, encoded(), "../../../etc/evil.png").json() == {"place": "etc/evil.jpg"}
    bad = add(client, key, b"no photo", "trip/b.png")
    assert (bad.status_code, bad.json()["error"][:24]) == (422, "cannot read trip/b.png: ")
    assert add(client, key, bytes(600_000), "trip/c.png").status_code == 413
    answer = client.get(f"/api/albums/{key}/archive")
    assert answer.headers["content-disposition"] == 'attachment; filename="colored.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == ["trip/a.jpg", "trip/a (2).jpg", "etc/evil.jpg", "not colored.txt"]
    assert Image.open(archive.open("trip/a.jpg")).size == (90, 60)
    assert archive.read("not colored.txt").decode().splitlines() == [
        "cannot read trip/b.png: not a picture in a known format (JPEG, PNG, WEBP, TIFF, BMP, GIF, AVIF, PPM)",
        "cannot take trip/c.png: a photo may have at most 0.5 MB here; send a smaller one",
    ]
    assert client.get(f"/api/albums/{key}/archive").content == answer.content
    late = add(client, key, encoded(), "late.png")
    assert late.json()["error"] == "this archive is complete already; send further photos as another one"
    assert [file.name for file in temporary.rglob("*") if file.is_file()] == ["colored.zip"]


def test_an_archive_of_nothing(client: TestClient) -> None:
    key = album(client)
    add(client, key, b"no photo", "a.png")
    answer = client.get(f"/api/albums/{key}/archive")
    assert answer.json() == {"error": "none of the photos could be colored, so that there is no archive"}
    assert client.get("/api/albums/nothing/archive").status_code == 404
    assert client.post("/api/albums", json={"hints": []}).status_code == 422


def test_a_full_disk_leaves_an_archive_of_what_there_is(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    key = album(client)
    add(client, key, encoded(), "a.png")
    with monkeypatch.context() as patched:
        patched.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1000))
        answer = add(client, key, encoded(), "b.png")
    assert (answer.status_code, answer.json()["error"]) == (507, "the disk of the computer that colors is full")
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/albums/{key}/archive").content))
    assert archive.testzip() is None
    assert archive.namelist() == ["a.png"]


def test_too_little_memory_for_one_photo_is_told_in_the_archive(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = album(client)
    add(client, key, encoded(), "a.png")

    def large(*anything: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Painter, "run_network", large)
    sentence = "cannot color b.png: not enough memory"
    assert add(client, key, encoded(), "b.png").json() == {"error": sentence}
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/albums/{key}/archive").content))
    assert archive.read("not colored.txt").decode() == f"{sentence}\n"


def test_archives_have_bounds(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorgan.web.server.album.MOST_PHOTOS", 2)
    key = album(client)
    for name in ("a.png", "b.png"):
        assert add(client, key, encoded(), name).status_code == 201
    assert add(client, key, encoded(), "c.png").json()["error"].startswith("an archive holds at most 2 photos")
