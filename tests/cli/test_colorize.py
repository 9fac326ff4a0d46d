import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from colorgan.cli import colorize as command
from colorgan.cli import main
from colorgan.color.cielab import lightness
from colorgan.images import read_rgb, write_photo
from colorgan.inference.batch import before_after, pipeline
from colorgan.inference.batch.pipeline import Options, colorize_files
from tests.helpers import Painter, picture
from tests.images.test_reading import gray_profile


@pytest.fixture
def colorize(monkeypatch: pytest.MonkeyPatch, painter: Painter) -> Callable[..., int]:
    """Runs the command with a model whose colors are known."""
    monkeypatch.setattr(command, "open_model", lambda path, device: painter)
    return lambda *words: main(["colorize", *map(str, words)])


def change_of_lightness(before: Path, after: Path) -> float:
    one, other = (rgb2lab(read_rgb(file))[..., 0] for file in (before, after))
    return float(np.abs(one - other).mean())


def test_a_folder_is_mirrored_and_every_photo_keeps_size_and_lightness(
    colorize: Callable[..., int], album: Path, tmp_path: Path, tree: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert tree(tmp_path / "out") == ["a.png", "b.png", "summer/beach/d.png", "summer/c.png"]
    for before in (album / "a.jpg", album / "summer" / "beach" / "d.tif"):
        after = (tmp_path / "out" / before.relative_to(album)).with_suffix(".png")
        assert Image.open(after).size == Image.open(before).size
        assert change_of_lightness(before, after) < 0.5
        assert np.ptp(read_rgb(after).astype(int), axis=-1).max() > 20
    assert capsys.readouterr().out == f"4 photos colored into {tmp_path / 'out'}\n"


@pytest.mark.parametrize("size", [(1, 1), (1500, 10), (10, 1500), (33, 77), (640, 480)])
def test_sizes_of_every_shape(colorize: Callable[..., int], tmp_path: Path, size: tuple[int, int]) -> None:
    picture(0, size[1], size[0]).convert("L").save(tmp_path / "a.png")
    assert colorize(tmp_path / "a.png", "-o", tmp_path / "out.png") == 0
    assert Image.open(tmp_path / "out.png").size == size
    assert change_of_lightness(tmp_path / "a.png", tmp_path / "out.png") < 0.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied_once(colorize: Callable[..., int], tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    picture(0, 30, 50).save(tmp_path / "a.jpg", exif=exif)
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / "out.png", "--metadata") == 0
    out = Image.open(tmp_path / "out.png")
    assert out.size == ((50, 30) if orientation < 5 else (30, 50))
    assert out.getexif().get(274, 1) == 1
    assert change_of_lightness(tmp_path / "a.jpg", tmp_path / "out.png") < 0.5  # both are read upright


def test_sixteen_bits_stay_sixteen_bits(colorize: Callable[..., int], tmp_path: Path) -> None:
    scan = (np.add.outer(np.arange(40) * 1500, np.arange(30) * 37)).astype(np.uint16)
    Image.fromarray(scan).save(tmp_path / "scan.tif")
    assert colorize(tmp_path / "scan.tif", "-o", tmp_path / "out") == 0
    out = cv2.imread(str(tmp_path / "out" / "scan.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert out.dtype == np.uint16
    change = rgb2lab(out / 65535)[..., 0] - lightness(scan)
    assert np.abs(change).max() < 0.02
    assert colorize(tmp_path / "scan.tif", "-o", tmp_path / "out", "--format", "jpg") == 0
    assert Image.open(tmp_path / "out" / "scan.jpg").mode == "RGB"


def test_a_profile_is_converted_to_srgb(colorize: Callable[..., int], tmp_path: Path) -> None:
    """A scan whose profile says that its values are linear light is much lighter than its bytes seem."""
    scan = picture(0).convert("L")
    scan.save(tmp_path / "linear.png", icc_profile=gray_profile(1.0))
    assert colorize(tmp_path / "linear.png", "-o", tmp_path / "out.png") == 0
    assert change_of_lightness(tmp_path / "linear.png", tmp_path / "out.png") < 0.5
    bytes_alone = lightness(np.asarray(scan))
    assert (lightness(read_rgb(tmp_path / "out.png")) - bytes_alone).mean() > 10
    assert "icc_profile" not in Image.open(tmp_path / "out.png").info


def test_metadata_is_kept_on_request(colorize: Callable[..., int], tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[315] = "Grandfather"  # artist
    picture(0).save(tmp_path / "a.jpg", exif=exif, dpi=(300, 300))
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / "kept.jpg", "--metadata") == 0
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / "bare.jpg") == 0
    kept, bare = (Image.open(tmp_path / name) for name in ("kept.jpg", "bare.jpg"))
    assert (kept.getexif()[315], kept.info["dpi"]) == ("Grandfather", (300, 300))
    assert dict(bare.getexif()) == {}


# -- nothing is lost ---------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten_unless_said(
    colorize: Callable[..., int], album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"my own file")
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert (tmp_path / "out" / "a.png").read_bytes() == b"my own file"
    assert "3 photos colored" in (said := capsys.readouterr().out)
    assert "1 photo left as they were there already (--overwrite replaces them)" in said
    assert colorize(album, "-o", tmp_path / "out", "--overwrite") == 0
    assert Image.open(tmp_path / "out" / "a.png").size == (40, 30)


def test_interrupted_work_goes_on(
    colorize: Callable[..., int],
    album: Path,
    tmp_path: Path,
    tree: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = []

    def interrupted(path: Path, *rest: Any) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        write_photo(path, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "write_photo", interrupted)
        assert colorize(album, "-o", tmp_path / "out") == 130
    assert "the same command goes on from here" in capsys.readouterr().err
    before = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in tree(tmp_path / "out")}
    assert len(before) == 2
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert len(tree(tmp_path / "out")) == 4
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in before.items())


def test_a_full_disk_stops_the_work_with_a_sentence(
    colorize: Callable[..., int], album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def full(path: Path, *_: Any) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(pipeline, "write_photo", full)
    assert colorize(album, "-o", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "a.png: no space left on device; what is written stays, and the same command goes on from there" in said


def test_a_file_that_cannot_be_written_does_not_stop_the_others(
    colorize: Callable[..., int], tmp_path: Path, tree: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    picture(0).save(tmp_path / "in" / "a.png")
    picture(1).save(tmp_path / "in" / "b.png")
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    assert colorize(tmp_path / "in", "-o", tmp_path / "out") == 1
    assert tree(tmp_path / "out") == ["b.png"]
    assert f"error: cannot write {tmp_path / 'out' / 'a.png'}: is a directory" in capsys.readouterr().err


# -- bad input ---------------------------------------------------------------------------------------------------------


def bad_files(folder: Path) -> dict[str, str]:
    """Files that are no photos, and what must be said of each."""
    folder.mkdir(parents=True, exist_ok=True)
    picture(0, 60, 80).save(folder / "whole.jpg")
    whole = (folder / "whole.jpg").read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("not a photo")
    (folder / "script.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0),
        b"IDAT": zlib.compress(bytes(9)),
        b"IEND": b"",
    }
    packed = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))
    said = {"cut.jpg": "cut short", "empty.png": "empty", "text.jpg": "not an image", "script.jpg": "not an image"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.jpg")
        said["pipe.jpg"] = "a pipe"
    return {**said, "bomb.png": "pixels"}


def test_bad_files_are_named_at_the_end_and_the_others_are_done(
    colorize: Callable[..., int], album: Path, tmp_path: Path, tree: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    said = bad_files(album / "bad")
    assert colorize(album, "-o", tmp_path / "out") == 1
    assert tree(tmp_path / "out") == ["a.png", "b.png", "summer/beach/d.png", "summer/c.png"]
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == len(said)
    for name, reason in said.items():
        (line,) = [line for line in lines if name in line]
        assert reason in line
    assert f"4 photos colored into {tmp_path / 'out'}; {len(said)} photos left out, named above" in captured.out
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_photos_of_every_mode_are_colored(colorize: Callable[..., int], tmp_path: Path, mode: str) -> None:
    if mode == "F":
        image = Image.fromarray(np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30))
    elif mode == "I;16":
        image = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100)
    else:
        image = picture(0, 20, 30).convert(mode)
    image.save(tmp_path / "a.tif")
    assert colorize(tmp_path / "a.tif", "-o", tmp_path / "out") == 0
    assert Image.open(tmp_path / "out" / "a.png").size == (30, 20)
    assert change_of_lightness(tmp_path / "a.tif", tmp_path / "out" / "a.png") < 0.5


def test_animations_give_their_first_frame(colorize: Callable[..., int], tmp_path: Path) -> None:
    frames = [picture(seed, 20, 30) for seed in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert colorize(tmp_path / "a.gif", "-o", tmp_path / "out") == 0
    assert change_of_lightness(tmp_path / "a.gif", tmp_path / "out" / "a.png") < 0.5


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_loops_of_links_end(colorize: Callable[..., int], album: Path, tmp_path: Path, tree: Callable) -> None:
    (album / "again").symlink_to(album)
    (album / "summer" / "up").symlink_to(album)
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert len(tree(tmp_path / "out")) == 4


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["album", "--strength", "2"], 2, "argument --strength: a number from 0 to 1 is needed, received '2'"),
        (["album", "--strength", "nan"], 2, "received 'nan'"),
        (["album", "--size", "0"], 2, "argument --size: a whole number from 1 to 4096 is needed, received '0'"),
        (["album", "--batch", "2.5"], 2, "received '2.5'"),
        (["album", "--temporal", "1"], 2, "a number from 0 to 0.99 is needed"),
        (["album", "--color"], 2, "unrecognized arguments: --color"),
        ([], 2, "required: PHOTO|FOLDER"),
        (["empty"], 1, "contains no photos"),
        (["nothing.jpg"], 1, "cannot read nothing.jpg: no such file or directory"),
        (["album", "--hints", "hints.json"], 1, "hints belong to one photo, but 4 photos are to be colored"),
        (["album/a.jpg", "--hints", "none.json"], 1, "none.json: the file of hints does not exist"),
        (["album/a.jpg", "--hints", "far.json"], 1, "outside of the photo of 40 x 30 pixels"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    colorize: Callable[..., int],
    album: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "hints.json").write_text('{"hints": []}')
    (tmp_path / "far.json").write_text(json.dumps({"hints": [{"x": 999, "y": 1, "color": "red", "radius": 3}]}))
    try:
        received = colorize(*words)
    except SystemExit as stopped:
        received = stopped.code
    assert received == code
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def test_a_missing_model_or_device_is_said(
    album: Path, tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["colorize", str(album), "-o", str(tmp_path / "out"), "--checkpoint"]
    assert main([*words, str(tmp_path / "none.ckpt")]) == 1
    assert "there is no checkpoint" in capsys.readouterr().err
    assert main([*words, str(album)]) == 1
    assert "is not a released model" in capsys.readouterr().err
    assert main([*words, str(model_folder), "--device", "abacus"]) == 1
    assert "the device 'abacus' cannot be used here" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# -- hints, sheets, films ----------------------------------------------------------------------------------------------


def test_hints_color_their_place(colorize: Callable[..., int], tmp_path: Path) -> None:
    Image.new("L", (200, 100), 110).save(tmp_path / "a.png")
    hints = {"hints": [{"x": 50, "y": 50, "color": "#305090", "radius": 12}]}
    (tmp_path / "hints.json").write_text(json.dumps(hints))
    assert colorize(tmp_path / "a.png", "-o", tmp_path / "out.png", "--hints", tmp_path / "hints.json") == 0
    out = rgb2lab(read_rgb(tmp_path / "out.png"))
    expected = rgb2lab(np.array([[[0x30, 0x50, 0x90]]], np.uint8))[0, 0]
    assert out[50, 50, 1:] == pytest.approx(expected[1:], abs=4)
    assert out[50, 150, 2] > 10  # far away, the painter's warm tone


def test_strength_and_size_reach_the_model(
    colorize: Callable[..., int], album: Path, tmp_path: Path, painter: Painter
) -> None:
    assert colorize(album / "a.jpg", "-o", tmp_path / "gray.png", "--strength", 0, "--size", 24) == 0
    assert np.ptp(read_rgb(tmp_path / "gray.png").astype(int), axis=-1).max() == 0
    assert painter.batches == [(1, 3, 24, 32)]


def test_photos_of_equal_size_go_through_the_network_together(
    colorize: Callable[..., int], tmp_path: Path, painter: Painter
) -> None:
    for seed in range(5):
        (tmp_path / "in").mkdir(exist_ok=True)
        picture(seed, 30, 40 if seed != 2 else 50).save(tmp_path / "in" / f"{seed}.png")
    assert colorize(tmp_path / "in", "-o", tmp_path / "out", "--batch", 3) == 0
    assert sorted(shape[0] for shape in painter.batches) == [1, 2, 2]
    assert colorize(tmp_path / "in", "-o", tmp_path / "alone", "--batch", 1) == 0
    for seed in range(5):
        one, other = (read_rgb(tmp_path / place / f"{seed}.png") for place in ("out", "alone"))
        np.testing.assert_array_equal(one, other)


def test_sheets_show_photos_before_and_after(
    colorize: Callable[..., int], album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(before_after, "_PHOTOS", 3)
    (album / "broken.jpg").write_text("no photo")
    assert colorize(album, "-o", tmp_path / "out", "--grid") == 1
    said = capsys.readouterr().out
    pages = sorted((tmp_path / "out").glob("before_after_*.png"))
    assert [page.name for page in pages] == ["before_after_1.png", "before_after_2.png"]
    assert f"sheets: {pages[0]}, {pages[1]}" in said
    assert Image.open(pages[0]).width > 600
    times = [page.stat().st_mtime_ns for page in pages]
    assert colorize(album, "-o", tmp_path / "out", "--grid") == 1
    assert [page.stat().st_mtime_ns for page in pages] == times


def frames(folder: Path, count: int = 6) -> None:
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        picture(7 if number <= 3 else 8, 32, 48).save(folder / f"frame{number}.png")


class Restless(Painter):
    """Changes its mind at every frame."""

    def run_network(self, rgb: np.ndarray, hints: Any = None) -> np.ndarray:
        warm = super().run_network(rgb)
        self.turn = getattr(self, "turn", 0) + len(rgb)
        return -warm if self.turn % 2 else warm


def test_films_are_kept_steady_scene_by_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    frames(tmp_path / "film")

    def flicker(*words: str) -> float:
        monkeypatch.setattr(command, "open_model", lambda path, device: Restless())
        out = tmp_path / "-".join(["out", *words])
        assert main(["colorize", str(tmp_path / "film"), "-o", str(out), "--batch", "1", *words]) == 0
        blue = [rgb2lab(read_rgb(out / f"frame{n}.png"))[..., 2].mean() for n in range(1, 7)]
        return float(np.abs(np.diff(blue[:3])).mean() + np.abs(np.diff(blue[3:])).mean())

    assert flicker("--temporal", "0.8") < 0.5 * flicker()
    assert "; 2 scenes" in capsys.readouterr().out


def test_an_interrupted_film_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    from colorgan.inference.batch.jobs import plan

    frames(tmp_path / "film")
    options = Options(temporal=0.8, batch=1)
    whole = plan([tmp_path / "film"], tmp_path / "whole")
    colorize_files(Restless(), whole, options)
    halves = plan([tmp_path / "film"], tmp_path / "halves")
    assert colorize_files(Restless(), halves[:4], options).written == 4
    outcome = colorize_files(Restless(), halves, options)
    assert (outcome.written, outcome.kept) == (2, 4)
    for one, other in zip(whole, halves, strict=True):
        assert one.target.read_bytes() == other.target.read_bytes()


def test_memory_does_not_grow_with_the_number_of_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many photos there are, only a few are held at a time."""
    import weakref

    from colorgan.inference.batch.jobs import Job

    alive: set[int] = set()
    most = 0
    real = pipeline._load

    def load(job: Job, *rest: Any) -> Any:
        nonlocal most
        loaded = real(job, *rest)
        alive.add(id(loaded))
        weakref.finalize(loaded, alive.discard, id(loaded))
        most = max(most, len(alive))
        return loaded

    monkeypatch.setattr(pipeline, "_load", load)
    picture(0).save(tmp_path / "a.png")
    jobs = [Job(tmp_path / "a.png", tmp_path / "out" / f"{n}.png", str(n)) for n in range(40)]
    assert colorize_files(Painter(), jobs, Options(batch=2)).written == 40
    assert most <= 6


def test_a_real_model_in_a_process_of_its_own(album: Path, tmp_path: Path, model_folder: Path, tree: Callable) -> None:
    """As the installed command does it; neither Lightning nor another training library is waited for."""
    code = (
        "import sys; from colorgan.cli import main; code = main(sys.argv[1:]);"
        "assert 'lightning' not in sys.modules and 'timm' not in sys.modules; sys.exit(code)"
    )
    words = ["colorize", str(album), "-o", str(tmp_path / "out"), "--checkpoint", str(model_folder)]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"4 photos colored into {tmp_path / 'out'}\n"), done.stderr
    assert len(tree(tmp_path / "out")) == 4
