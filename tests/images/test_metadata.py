import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from colorgan.images.metadata import read_dpi, read_exif, read_xmp

ORIENTATION, ARTIST, WIDTH, DATE = 274, 315, 256, 36867


def with_exif(**options: Any) -> Image.Image:
    image = Image.new("RGB", (4, 3))
    exif = image.getexif()
    exif[ORIENTATION], exif[ARTIST], exif[WIDTH] = 6, "Ada", 4000
    exif.get_ifd(0x8769)[DATE] = "1920:05:01 10:00:00"
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def test_exif_keeps_what_describes_the_photo_and_drops_what_describes_the_file() -> None:
    exif = Image.Exif()
    exif.load(read_exif(with_exif()))
    assert exif[ARTIST] == "Ada"
    assert exif.get_ifd(0x8769)[DATE] == "1920:05:01 10:00:00"
    assert WIDTH not in exif
    assert ORIENTATION in exif  # the reader applies and removes it


def test_no_or_damaged_exif_is_empty() -> None:
    assert read_exif(Image.new("L", (2, 2))) == b""
    damaged = Image.new("L", (2, 2))
    damaged.info["exif"] = b"Exif\0\0MM\0*\xff\xff\xff\xff"
    assert read_exif(damaged) == b""


@pytest.mark.parametrize(("stored", "expected"), [(b"<x/>", b"<x/>"), ("<é/>", "<é/>".encode()), (None, b"")])
def test_xmp_is_bytes(stored: bytes | str | None, expected: bytes) -> None:
    image = Image.new("L", (2, 2))
    if stored is not None:
        image.info["xmp"] = stored
    assert read_xmp(image) == expected


def test_dpi_of_a_file(tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "a.jpg", dpi=(300, 600))
    with Image.open(tmp_path / "a.jpg") as image:
        assert read_dpi(image) == (300, 600)


@pytest.mark.parametrize(
    "stored", [None, 300, (0, 72), (-1, 72), (72, float("nan")), (float("inf"), 72), ("a", "b"), (72, 72, 72)]
)
def test_implausible_dpi_is_none(stored: Any) -> None:
    image = Image.new("L", (2, 2))
    if stored is not None:
        image.info["dpi"] = stored
    assert read_dpi(image) is None
