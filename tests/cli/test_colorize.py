import json
import os
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from colorgan.cli import main
from colorgan.color.cielab import lightness
from colorgan.images import read_rgb, write_photo
from colorgan.inference.batch import before_after, writer
from tests.helpers import Painter, picture
from tests.images.test_srgb import gray_profile, wide_gamut_profile
from tests.inference.batch.helpers import FlickeringPainter, write_frames


@pytest.fixture
def colorize(monkeypatch: pytest.MonkeyPatch, painter: Painter) -> Callable[..., int]:
    """Runs the command with a model whose colors are known."""
    monkeypatch.setattr("colorgan.inference.open_models", lambda *_: painter)
    return lambda *args: main(["colorize", *map(str, args)])


def lightness_change(before: Path, after: Path) -> float:
    first, second = (rgb2lab(read_rgb(file))[..., 0] for file in (before, after))
    return float(np.abs(first - second).mean())


def test_folder_tree_is_mirrored_and_photos_keep_size_and_lightness(
    colorize: Callable[..., int], album: Path, tmp_path: Path, tree: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert tree(tmp_path / "out") == ["a.jpg", "b.png", "summer/beach/d.png", "summer/c.jpg"]
    for before, name in ((album / "a.jpg", "a.jpg"), (album / "summer" / "beach" / "d.tif", "summer/beach/d.png")):
        after = tmp_path / "out" / name
        assert Image.open(after).size == Image.open(before).size
        assert lightness_change(before, after) < 0.5
        assert np.ptp(read_rgb(after).astype(int), axis=-1).max() > 20
    assert capsys.readouterr().out == f"colorized 4 photos\n{tmp_path / 'out'}\n"


@pytest.mark.parametrize("size", [(1, 1), (1500, 10), (10, 1500), (33, 77), (640, 480)])
def test_extreme_sizes_and_aspect_ratios(colorize: Callable[..., int], tmp_path: Path, size: tuple[int, int]) -> None:
    picture(0, size[1], size[0]).convert("L").save(tmp_path / "a.png")
    assert colorize(tmp_path / "a.png", "-o", tmp_path / "out.png") == 0
    assert Image.open(tmp_path / "out.png").size == size
    assert lightness_change(tmp_path / "a.png", tmp_path / "out.png") < 0.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(colorize: Callable[..., int], tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    picture(0, 30, 50).save(tmp_path / "a.jpg", exif=exif)
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / "out.png", "--metadata", "all") == 0
    out = Image.open(tmp_path / "out.png")
    assert out.size == ((50, 30) if orientation < 5 else (30, 50))
    assert out.getexif().get(274, 1) == 1
    assert lightness_change(tmp_path / "a.jpg", tmp_path / "out.png") < 0.5  # both are read upright


def test_16_bit_photos_stay_16_bit(colorize: Callable[..., int], tmp_path: Path) -> None:
    scan = (np.add.outer(np.arange(40) * 1500, np.arange(30) * 37)).astype(np.uint16)
    Image.fromarray(scan).save(tmp_path / "scan.tif")
    assert colorize(tmp_path / "scan.tif", "-o", tmp_path / "out") == 0
    out = cv2.imread(str(tmp_path / "out" / "scan.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert out.dtype == np.uint16
    change = rgb2lab(out / 65535)[..., 0] - lightness(scan)
    assert np.abs(change).max() < 0.02
    assert colorize(tmp_path / "scan.tif", "-o", tmp_path / "out", "--format", "jpg") == 0
    assert Image.open(tmp_path / "out" / "scan.jpg").mode == "RGB"


def test_color_profile_is_converted_to_srgb(colorize: Callable[..., int], tmp_path: Path) -> None:
    """A scan with a linear profile is much lighter than its values in sRGB."""
    scan = picture(0).convert("L")
    scan.save(tmp_path / "linear.png", icc_profile=gray_profile(1.0))
    assert colorize(tmp_path / "linear.png", "-o", tmp_path / "out.png") == 0
    assert lightness_change(tmp_path / "linear.png", tmp_path / "out.png") < 0.5
    without_profile = lightness(np.asarray(scan))
    assert (lightness(read_rgb(tmp_path / "out.png")) - without_profile).mean() > 10
    assert "icc_profile" not in Image.open(tmp_path / "out.png").info


DATE_TAKEN, CAMERA, ARTIST, SERIAL_NUMBER, MAKER_NOTE, GPS = 36867, 272, 315, 42033, 37500, 34853


def write_photo_with_metadata(file: Path) -> None:
    exif = Image.Exif()
    exif[CAMERA], exif[ARTIST] = "Box Tengor", "Grandfather"
    details = {DATE_TAKEN: "1931:07:04 12:00:00", SERIAL_NUMBER: "4711", MAKER_NOTE: b"maker 52.5 N"}
    exif.get_ifd(0x8769).update(details)
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0)})
    picture(0).save(file, exif=exif, dpi=(300, 300), xmp=b"<x exif:GPSLatitude='52,31.2N'/>", quality=82)


def metadata_of(file: Path) -> tuple[Image.Exif, dict[int, Any], dict[int, Any], dict[str, Any]]:
    with Image.open(file) as image:
        exif = image.getexif()
        return exif, dict(exif.get_ifd(0x8769)), dict(exif.get_ifd(GPS)), image.info


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_date_and_camera_are_kept_and_the_place_is_not(
    colorize: Callable[..., int], tmp_path: Path, suffix: str
) -> None:
    write_photo_with_metadata(tmp_path / "a.jpg")
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / f"out{suffix}") == 0
    exif, details, place, info = metadata_of(tmp_path / f"out{suffix}")
    assert (exif[CAMERA], exif[ARTIST], details[DATE_TAKEN]) == ("Box Tengor", "Grandfather", "1931:07:04 12:00:00")
    assert (place, SERIAL_NUMBER in details, MAKER_NOTE in details) == ({}, False, False)
    assert b"52" not in bytes(info.get("xmp", b""))
    assert b"GPS" not in (tmp_path / f"out{suffix}").read_bytes()


def test_the_place_is_kept_on_request_and_nothing_if_wanted(colorize: Callable[..., int], tmp_path: Path) -> None:
    write_photo_with_metadata(tmp_path / "a.jpg")
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / "all.jpg", "--metadata", "all") == 0
    exif, details, place, info = metadata_of(tmp_path / "all.jpg")
    assert (exif[ARTIST], details[SERIAL_NUMBER], place[2]) == ("Grandfather", "4711", (52.0, 31.0, 12.0))
    assert info["dpi"] == (300, 300)
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / "none.jpg", "--metadata", "none") == 0
    exif, details, place, _ = metadata_of(tmp_path / "none.jpg")
    assert (dict(exif), details, place) == ({}, {}, {})


@pytest.mark.parametrize(("quality", "kept", "is_halved"), [(30, 75, True), (85, 85, True), (95, 95, False)])
def test_jpeg_files_keep_their_quality(
    colorize: Callable[..., int], tmp_path: Path, quality: int, kept: int, is_halved: bool
) -> None:
    picture(0, 64, 64).save(tmp_path / "a.jpg", quality=quality)
    assert colorize(tmp_path / "a.jpg", "-o", tmp_path / "out") == 0
    picture(0, 64, 64).save(tmp_path / "expected.jpg", quality=kept, subsampling=2 if is_halved else 0)
    with Image.open(tmp_path / "out" / "a.jpg") as out, Image.open(tmp_path / "expected.jpg") as expected:
        assert out.quantization == expected.quantization
        assert [layer[1:3] for layer in out.layer] == [layer[1:3] for layer in expected.layer]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_color_profile_of_a_photo_is_kept(colorize: Callable[..., int], tmp_path: Path, suffix: str) -> None:
    """The result is in the photo's color space, and looks as it does in sRGB."""
    photo, profile = picture(0, 48, 64), wide_gamut_profile()
    photo.save(tmp_path / "wide.png", icc_profile=profile)
    assert colorize(tmp_path / "wide.png", "-o", tmp_path / f"own{suffix}") == 0
    assert colorize(tmp_path / "wide.png", "-o", tmp_path / "srgb.png", "--metadata", "none") == 0
    with Image.open(tmp_path / f"own{suffix}") as own:
        assert own.info["icc_profile"] == profile
        stored = np.asarray(own).astype(int)
    shown, srgb = (rgb2lab(read_rgb(tmp_path / name)) for name in (f"own{suffix}", "srgb.png"))
    assert np.abs(shown - srgb).mean() < 1
    assert np.abs(stored - read_rgb(tmp_path / "srgb.png")).mean() > 2  # other numbers for the same colors


def test_side_by_side_shows_the_photo_before_and_after(
    colorize: Callable[..., int], album: Path, tmp_path: Path, tree: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert colorize(album, "-o", out, "--side-by-side") == 0
    assert [name for name in tree(out) if "side" in name] == [
        *("side_by_side/a.jpg", "side_by_side/b.png", "side_by_side/summer/beach/d.png", "side_by_side/summer/c.jpg")
    ]
    assert capsys.readouterr().out.splitlines()[1:] == [f"side by side: {out / 'side_by_side'}", str(out)]
    both, before, after = (read_rgb(path) for path in (out / "side_by_side/b.png", album / "b.png", out / "b.png"))
    assert np.array_equal(both[:, : before.shape[1]], before)
    assert np.array_equal(both[:, -after.shape[1] :], after)
    (out / "side_by_side" / "b.png").unlink()  # one of the two files is missing: the other is kept
    time = (out / "b.png").stat().st_mtime_ns
    assert colorize(album, "-o", out, "--side-by-side") == 0
    assert np.array_equal(read_rgb(out / "side_by_side" / "b.png"), both)
    assert (out / "b.png").stat().st_mtime_ns == time
    assert colorize(album / "b.png", "-o", tmp_path / "new.png", "--side-by-side") == 0
    assert np.array_equal(read_rgb(tmp_path / "new_side_by_side.png"), both)


# -- existing files and failed writes ----------------------------------------------------------------------------------


def test_existing_files_are_kept_unless_overwrite_is_given(
    colorize: Callable[..., int], album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").write_bytes(b"my own file")
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert (tmp_path / "out" / "a.jpg").read_bytes() == b"my own file"
    assert "colorized 3 photos" in (output := capsys.readouterr().out)
    assert "skipped 1 existing file (--overwrite replaces them)" in output
    assert colorize(album, "-o", tmp_path / "out", "--overwrite") == 0
    assert Image.open(tmp_path / "out" / "a.jpg").size == (40, 30)


def test_interrupted_run_is_resumed(
    colorize: Callable[..., int],
    album: Path,
    tmp_path: Path,
    tree: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = []
    lock = threading.Lock()

    def write_two_photos(path: Path, *args: Any) -> None:
        with lock:  # several threads write
            if len(written) == 2:
                raise KeyboardInterrupt
            written.append(path)
        write_photo(path, *args)

    with monkeypatch.context() as patched:
        patched.setattr(writer, "write_photo", write_two_photos)
        assert colorize(album, "-o", tmp_path / "out") == 130
    assert "stopped on SIGINT; run the same command again to continue" in capsys.readouterr().err
    before = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in tree(tmp_path / "out")}
    assert len(before) == 2
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert len(tree(tmp_path / "out")) == 4
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in before.items())


def test_full_disk_stops_the_run(
    colorize: Callable[..., int], album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def raise_no_space(path: Path, *_: Any) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(writer, "write_photo", raise_no_space)
    assert colorize(album, "-o", tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert "a.jpg: no space left on device; files written so far are kept, run the same command again" in error


def test_failed_write_does_not_stop_the_run(
    colorize: Callable[..., int], tmp_path: Path, tree: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    picture(0).save(tmp_path / "in" / "a.png")
    picture(1).save(tmp_path / "in" / "b.png")
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    assert colorize(tmp_path / "in", "-o", tmp_path / "out") == 1
    assert tree(tmp_path / "out") == ["b.png"]
    assert f"error: cannot write {tmp_path / 'out' / 'a.png'}: is a directory" in capsys.readouterr().err


# -- invalid input -----------------------------------------------------------------------------------------------------


def write_invalid_photos(folder: Path) -> dict[str, str]:
    """Writes files that are not photos, and returns the expected message for each."""
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
    messages = {"cut.jpg": "cut short", "empty.png": "empty", "text.jpg": "not an image", "script.jpg": "not an image"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.jpg")
        messages["pipe.jpg"] = "a pipe"
    return {**messages, "bomb.png": "pixels"}


def test_invalid_photos_are_reported_and_do_not_stop_the_run(
    colorize: Callable[..., int], album: Path, tmp_path: Path, tree: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = write_invalid_photos(album / "bad")
    assert colorize(album, "-o", tmp_path / "out") == 1
    assert tree(tmp_path / "out") == ["a.jpg", "b.png", "summer/beach/d.png", "summer/c.jpg"]
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == len(messages)
    for name, message in messages.items():
        (line,) = [line for line in lines if name in line]
        assert message in line
    assert captured.out == f"colorized 4 photos; {len(messages)} failed (see above)\n{tmp_path / 'out'}\n"
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_image_mode_is_colorized(colorize: Callable[..., int], tmp_path: Path, mode: str) -> None:
    if mode == "F":
        image = Image.fromarray(np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30))
    elif mode == "I;16":
        image = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100)
    else:
        image = picture(0, 20, 30).convert(mode)
    image.save(tmp_path / "a.tif")
    assert colorize(tmp_path / "a.tif", "-o", tmp_path / "out") == 0
    assert Image.open(tmp_path / "out" / "a.png").size == (30, 20)
    assert lightness_change(tmp_path / "a.tif", tmp_path / "out" / "a.png") < 0.5


def test_first_frame_of_an_animation_is_colorized(colorize: Callable[..., int], tmp_path: Path) -> None:
    frames = [picture(seed, 20, 30) for seed in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert colorize(tmp_path / "a.gif", "-o", tmp_path / "out") == 0
    assert lightness_change(tmp_path / "a.gif", tmp_path / "out" / "a.png") < 0.5


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_cyclic_links_terminate(colorize: Callable[..., int], album: Path, tmp_path: Path, tree: Callable) -> None:
    (album / "again").symlink_to(album)
    (album / "summer" / "up").symlink_to(album)
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert len(tree(tmp_path / "out")) == 4


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["album", "--strength", "3"], 2, "argument --strength: expected a number from 0 to 2, received '3'"),
        (["album", "--strength", "nan"], 2, "received 'nan'"),
        (["album", "--size", "0"], 2, "argument --size: expected an integer from 1 to 4096, received '0'"),
        (["album", "--batch", "2.5"], 2, "received '2.5'"),
        (["album", "--temporal", "1"], 2, "expected a number from 0 to 0.99"),
        (["album", "--color"], 2, "there is no option '--color'"),
        ([], 2, "required: photos"),
        (["empty"], 1, "contains no photos"),
        (["nothing.jpg"], 1, "there is no photo or folder nothing.jpg"),
        (["album", "--hints", "hints.json"], 1, "--hints applies to a single photo, received 4 photos"),
        (["album/a.jpg", "--reach", "0.5"], 1, "--reach is that of hints: give them too, with --hints"),
        (["album/a.jpg", "--hints", "hints.json", "--reach", "3"], 2, "--reach"),
        (["album", "--warmth", "-1.5"], 2, "argument --warmth: expected a number from -1 to 1, received '-1.5'"),
        (["album", "--reference", "none.jpg"], 1, "cannot read none.jpg: no such file or directory"),
        (["album", "--reference", "gray.png"], 1, "gray.png: the reference photo has no colors; choose one in color"),
        (["album", "--variants"], 1, "--variants applies to a single photo, received 4 photos"),
        (["album", "--mix", "-1"], 2, "argument --mix: expected a number of at least 0, received '-1'"),
        (["album/a.jpg", "--hints", "none.json"], 1, "none.json: the hint file does not exist"),
        (["album/a.jpg", "--hints", "far.json"], 1, "outside the photo of 40 x 30 pixels"),
    ],
)
def test_invalid_arguments_and_input_are_reported_in_one_line(
    colorize: Callable[..., int],
    album: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "hints.json").write_text('{"hints": []}')
    picture(0).convert("L").save(tmp_path / "gray.png")
    (tmp_path / "far.json").write_text(json.dumps({"hints": [{"x": 999, "y": 1, "color": "red", "radius": 3}]}))
    try:
        received = colorize(*args)
    except SystemExit as error:
        received = error.code
    assert received == code
    output = capsys.readouterr().err
    assert message in output
    assert "Traceback" not in output


def test_missing_model_or_device_is_reported(
    album: Path, tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["colorize", str(album), "-o", str(tmp_path / "out"), "--checkpoint"]
    assert main([*args, str(tmp_path / "none.ckpt")]) == 1
    assert "there is no checkpoint" in capsys.readouterr().err
    assert main([*args, str(album)]) == 1
    assert "is not a released model" in capsys.readouterr().err
    assert main([*args, str(model_folder), "--device", "abacus"]) == 1
    assert "the device 'abacus' is not available" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_mixes_are_checked_before_work(album: Path, tmp_path: Path, model_folder: Path, capsys: Any) -> None:
    args = ["colorize", str(album), "-o", str(tmp_path / "out")]
    two = ["--checkpoint", str(model_folder), "--checkpoint", str(model_folder)]
    for wrong, message in (
        (["--mix", "0.5"], "a mix needs several models; name another one, or leave the mix out"),
        ([*two, "--mix", "2"], "the share of the second model must be between 0 and 1, received 2"),
        ([*two, "--mix", "1", "--mix", "1", "--mix", "1"], "mix must have one weight per model (2)"),
        ([*two, "--mix", "0", "--mix", "0"], "mix must have one weight per model (2)"),
        ([*two, "--checkpoint", str(tmp_path / "none.ckpt")], "none.ckpt"),
        (["--onnx-black", "0", "--onnx-white", "1"], "none of the models is an .onnx file of another program"),
    ):
        assert main([*args, *wrong]) == 1
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# -- looks, variants and mixes -----------------------------------------------------------------------------------------


def mean_lab(file: Path) -> np.ndarray:
    return rgb2lab(read_rgb(file)).mean(axis=(0, 1))


def test_strength_warmth_and_reference(colorize: Callable[..., int], tmp_path: Path) -> None:
    photo, out = tmp_path / "a.png", tmp_path / "out.png"
    picture(3, 60, 90).convert("L").save(photo)
    Image.new("RGB", (50, 40), (40, 70, 190)).save(tmp_path / "blue.png")

    def lab(*options: Any) -> np.ndarray:
        assert colorize(photo, "-o", out, "--overwrite", *options) == 0
        assert lightness_change(photo, out) < 0.5
        return mean_lab(out)

    plain = lab()
    assert lab("--strength", 2)[2] > 1.5 * plain[2]
    assert lab("--warmth", 0.5)[2] > plain[2] + 3
    assert lab("--warmth", -0.5)[2] < plain[2] - 3
    assert lab("--reference", tmp_path / "blue.png")[2] < -20
    assert np.abs(lab("--reference", tmp_path / "blue.png", "--warmth", 1, "--strength", 0)[1:]).max() < 0.1


def test_variants_are_written_and_can_be_made(
    colorize: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, out = tmp_path / "a.png", tmp_path / "out"
    picture(3, 60, 90).convert("L").save(photo)
    Image.fromarray(np.asarray(picture(5))).save(tmp_path / "b.png")
    wish = ["--reference", tmp_path / "b.png", "--strength", 0.9]
    assert colorize(photo, "-o", out, "--variants", *wish) == 0
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == ["a.png", "sheets/a_variants.png"]
    first, *lines, last = capsys.readouterr().out.splitlines()[1:]
    assert first.startswith(f"variants: {out / 'sheets' / 'a_variants.png'}; ")
    assert last == str(out / "a.png")
    assert len(lines) == 6
    sheet = read_rgb(out / "sheets" / "a_variants.png")
    assert sheet.shape[0] > 2 * 90
    shown = []
    for number, line in enumerate(lines, start=1):
        assert line.startswith(f"  {number}  ")
        options = line[line.index("--") :].split()
        assert colorize(photo, "-o", tmp_path / "one.png", "--overwrite", *options) == 0
        capsys.readouterr()
        shown.append(read_rgb(tmp_path / "one.png"))
        assert contains(sheet, shown[-1])
    assert np.array_equal(shown[0], read_rgb(out / "a.png"))
    assert colorize(photo, "-o", out, "--variants") == 1
    assert "a_variants.png exists; give --overwrite to replace it" in capsys.readouterr().err


def contains(sheet: np.ndarray, photo: np.ndarray) -> bool:
    """Whether a sheet shows a photo, enlarged by an integer factor."""
    factor = 480 // max(photo.shape[:2])
    tile = photo.repeat(factor, axis=0).repeat(factor, axis=1)
    difference = cv2.matchTemplate(sheet, tile, cv2.TM_SQDIFF)
    return float(difference.min()) / tile.size < 1


def test_a_failed_photo_has_no_variants(colorize: Callable[..., int], tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "a.png").write_bytes(b"no photo")
    assert colorize(tmp_path / "a.png", "-o", tmp_path / "out", "--variants") == 1
    assert "variants" not in capsys.readouterr().out
    assert not (tmp_path / "out" / "sheets").exists()


# -- hints, sheets, video ----------------------------------------------------------------------------------------------


def test_reach_is_that_of_hints_that_do_not_name_theirs(colorize: Callable[..., int], tmp_path: Path) -> None:
    Image.new("L", (90, 60), 120).save(tmp_path / "a.png")
    changed = {}
    for reach, hint in (("0", {}), ("2", {}), ("0", {"reach": 2})):
        (tmp_path / "hints.json").write_text(json.dumps([{"x": 50, "y": 30, "color": "navy", "radius": 4, **hint}]))
        args = tmp_path / "a.png", "-o", tmp_path / "out.png", "--hints", tmp_path / "hints.json"
        assert colorize(*args, "--reach", reach, "--overwrite") == 0
        with Image.open(tmp_path / "out.png") as result:
            changed[reach, *hint] = np.asarray(result).astype(int)
    blue = {key: ((pixels[..., 2] - pixels[..., 0]) > 60).sum() for key, pixels in changed.items()}
    assert blue["2",] > 4 * blue["0",]
    assert np.array_equal(changed["2",], changed["0", "reach"])


def test_hints_colorize_their_position(colorize: Callable[..., int], tmp_path: Path) -> None:
    Image.new("L", (200, 100), 110).save(tmp_path / "a.png")
    hints = {"hints": [{"x": 50, "y": 50, "color": "#305090", "radius": 12, "reach": 0}]}
    (tmp_path / "hints.json").write_text(json.dumps(hints))
    assert colorize(tmp_path / "a.png", "-o", tmp_path / "out.png", "--hints", tmp_path / "hints.json") == 0
    out = rgb2lab(read_rgb(tmp_path / "out.png"))
    expected = rgb2lab(np.array([[[0x30, 0x50, 0x90]]], np.uint8))[0, 0]
    assert out[50, 50, 1:] == pytest.approx(expected[1:], abs=4)
    assert out[50, 150, 2] > 10  # warm, as without hints


def test_strength_and_size_options(colorize: Callable[..., int], album: Path, tmp_path: Path, painter: Painter) -> None:
    assert colorize(album / "a.jpg", "-o", tmp_path / "gray.png", "--strength", 0, "--size", 24) == 0
    assert np.ptp(read_rgb(tmp_path / "gray.png").astype(int), axis=-1).max() == 0
    assert painter.batches == [(1, 3, 24, 32)]


def test_photos_of_equal_size_are_batched(colorize: Callable[..., int], tmp_path: Path, painter: Painter) -> None:
    for seed in range(5):
        (tmp_path / "in").mkdir(exist_ok=True)
        picture(seed, 30, 40 if seed != 2 else 50).save(tmp_path / "in" / f"{seed}.png")
    assert colorize(tmp_path / "in", "-o", tmp_path / "out", "--batch", 3) == 0
    assert sorted(shape[0] for shape in painter.batches) == [1, 1, 3]
    assert colorize(tmp_path / "in", "-o", tmp_path / "single", "--batch", 1) == 0
    for seed in range(5):
        batched, single = (read_rgb(tmp_path / folder / f"{seed}.png") for folder in ("out", "single"))
        np.testing.assert_array_equal(batched, single)


def test_grid_option_writes_before_after_sheets(
    colorize: Callable[..., int], album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(before_after, "_PHOTOS_PER_SHEET", 3)
    (album / "broken.jpg").write_text("no photo")
    assert colorize(album, "-o", tmp_path / "out", "--grid") == 1
    output = capsys.readouterr().out
    sheets = sorted((tmp_path / "out" / "sheets").glob("before_after_*.png"))
    assert [sheet.name for sheet in sheets] == ["before_after_1.png", "before_after_2.png"]
    assert output.splitlines()[1:] == [f"sheet: {sheets[0]}", f"sheet: {sheets[1]}", str(tmp_path / "out")]
    assert Image.open(sheets[0]).width > 600
    times = [sheet.stat().st_mtime_ns for sheet in sheets]
    assert colorize(album, "-o", tmp_path / "out", "--grid") == 1
    assert [sheet.stat().st_mtime_ns for sheet in sheets] == times


def test_temporal_option_reduces_flicker_within_scenes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_frames(tmp_path / "video")

    def flicker(*args: str) -> float:
        monkeypatch.setattr("colorgan.inference.open_models", lambda *_: FlickeringPainter())
        out = tmp_path / "-".join(["out", *args])
        assert main(["colorize", str(tmp_path / "video"), "-o", str(out), "--batch", "1", *args]) == 0
        blue = [rgb2lab(read_rgb(out / f"frame{n}.png"))[..., 2].mean() for n in range(1, 7)]
        return float(np.abs(np.diff(blue[:3])).mean() + np.abs(np.diff(blue[3:])).mean())

    assert flicker("--temporal", "0.8") < 0.5 * flicker()
    assert "; 2 scenes" in capsys.readouterr().out


def test_command_imports_no_training_libraries(album: Path, tmp_path: Path, model_folder: Path, tree: Callable) -> None:
    code = (
        "import sys; from colorgan.cli import main; code = main(sys.argv[1:]);"
        "assert 'lightning' not in sys.modules and 'timm' not in sys.modules; sys.exit(code)"
    )
    args = ["colorize", str(album), "-o", str(tmp_path / "out"), "--checkpoint", str(model_folder)]
    process = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (0, f"colorized 4 photos\n{tmp_path / 'out'}\n"), process.stderr
    assert len(tree(tmp_path / "out")) == 4
