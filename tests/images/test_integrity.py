"""Damage that decoders overlook is found, and undamaged files of every kind pass."""

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.images import UnreadableImage, read_rgb
from tests.images.bitmaps import run_length_bitmap

RAMP = np.add.outer(np.arange(40) * 2, np.arange(60) * 3).astype(np.uint8)
STEPS = Image.fromarray(RAMP // 64 * 64)
COLORS = Image.fromarray(np.dstack([RAMP, RAMP.T.reshape(40, 60), 255 - RAMP]))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


CHECKED = {
    "png": encoded(COLORS, "PNG"),
    "deflate": encoded(COLORS, "TIFF", compression="tiff_adobe_deflate"),
}
COUNTED = {
    "packbits": encoded(STEPS, "TIFF", compression="packbits"),
    "rle8": run_length_bitmap(np.asarray(STEPS)),
    "rle4": run_length_bitmap(np.asarray(STEPS) // 64, bits=4),
}


@pytest.mark.parametrize("file", [*CHECKED.values(), *COUNTED.values()], ids=[*CHECKED, *COUNTED])
def test_undamaged_files_are_read(file: bytes) -> None:
    assert read_rgb(file).shape == (40, 60, 3)


def test_run_length_bitmaps_have_the_right_pixels() -> None:
    assert (read_rgb(COUNTED["rle8"])[..., 0] == np.asarray(STEPS)).all()
    assert (read_rgb(COUNTED["rle4"])[..., 0] == np.asarray(STEPS) // 64 * 17).all()


@pytest.mark.parametrize("name", CHECKED)
def test_no_changed_bit_of_checked_pixels_passes(name: str) -> None:
    whole, rng = read_rgb(CHECKED[name]), random.Random(0)
    for _ in range(200):
        file = bytearray(CHECKED[name])
        file[rng.randrange(60, len(file))] ^= 1 << rng.randrange(8)
        try:
            read = read_rgb(bytes(file))
        except UnreadableImage:
            continue
        assert read.shape != whole.shape or (read == whole).all()


@pytest.mark.parametrize("name", ["rle8", "rle4"])
def test_runs_that_do_not_fill_the_picture_are_refused(name: str) -> None:
    file = COUNTED[name]
    start = struct.unpack_from("<I", file, 10)[0]
    longer = file[:start] + bytes([file[start] + 1]) + file[start + 1 :]
    jump = file[:start] + b"\0\2\5\5" + file[start:]
    for damaged in (longer, jump, file[:start] + file[start + 2 :], file[:start] + b"\0\1", file[: start + 30]):
        with pytest.raises(UnreadableImage, match="its run lengths do not fill the picture"):
            read_rgb(damaged)


@pytest.mark.timeout(20)
def test_bitmap_that_leaves_millions_of_pixels_out_is_refused_at_once() -> None:
    empty = bytearray(run_length_bitmap(np.zeros((1, 1), np.uint8)))
    struct.pack_into("<ii", empty, 18, 12_000, 12_000)
    with pytest.raises(UnreadableImage, match="run lengths"):
        read_rgb(bytes(empty[:-2]) + b"\0\0" * 12_000 + b"\0\1")


def test_packbits_that_do_not_add_up_are_refused() -> None:
    file = bytearray(COUNTED["packbits"])
    start = Image.open(io.BytesIO(file)).tag_v2[273][0]  # type: ignore[attr-defined]
    file[start] -= 1
    with pytest.raises(UnreadableImage):
        read_rgb(bytes(file))


def test_png_that_ends_within_its_pixels_is_cut_short() -> None:
    file = CHECKED["png"]
    end = file.index(b"IEND") - 4
    with pytest.raises(UnreadableImage, match="cut short"):
        read_rgb(file[: end - 10])
    assert read_rgb(file[:end]).shape == (40, 60, 3)  # all pixels are there


def test_huge_metadata_are_refused_before_they_are_read(tmp_path: Path) -> None:
    png = CHECKED["png"]
    text = tmp_path / "text.png"
    with text.open("wb") as stream:  # a sparse file
        stream.write(png[:33] + struct.pack(">I4s", 1 << 30, b"eXIf"))
        stream.truncate((1 << 30) + 100)
    tiff = tmp_path / "strips.tif"
    with tiff.open("wb") as stream:
        entries = [(256, 3, 1, 9), (257, 3, 1, 9), (273, 4, 1 << 27, 200)]
        stream.write(b"II*\0" + struct.pack("<IH", 8, len(entries)))
        stream.write(b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4))
        stream.truncate(1 << 30)
    webp = tmp_path / "photo.webp"
    with webp.open("wb") as stream:
        stream.write(b"RIFF\xff\xff\xff\x7fWEBPVP8 ")
        stream.truncate(1 << 30)
    for file, problem in ((text, "metadata"), (tiff, "metadata"), (webp, "too large")):
        with pytest.raises(UnreadableImage, match=problem):
            read_rgb(file)


def test_metadata_of_usual_sizes_are_read() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = CHECKED["png"]
    assert read_rgb(png[:33] + chunk(b"prVt", bytes(1 << 20)) + png[33:]).shape == (40, 60, 3)
