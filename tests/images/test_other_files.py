"""Photos of phones, and files that are taken for photos."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.images import UnreadableImage, find_photos, listing, read_photo
from colorgan.images.other_files import what_it_is
from tests.helpers import picture


def test_heic_photos_are_read_upright_with_their_date(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs pillow-heif: pip install 'colorgan[heic]'")
    photo = picture(0, 48, 64)
    exif = Image.Exif()
    exif[274], exif[306] = 6, "2020:01:02 03:04:05"
    pillow_heif.from_pillow(photo).save(tmp_path / "a.heic", quality=95, exif=exif.tobytes())
    read = read_photo(tmp_path / "a.heic")
    turned = np.asarray(photo.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert read.rgb.shape == turned.shape
    assert np.abs(read.rgb - turned).mean() < 6
    kept = Image.Exif()
    kept.load(read.exif)
    assert (kept[306], kept.get(274, 1)) == ("2020:01:02 03:04:05", 1)
    assert find_photos(tmp_path).photos == [tmp_path / "a.heic"]


def test_heic_photos_need_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "has_heif", lambda: False)
    listing.formats.cache_clear()
    listing.extensions.cache_clear()
    try:
        (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(12))
        picture(0).save(tmp_path / "b.jpg")
        with pytest.raises(UnreadableImage, match="which pillow-heif reads, .* run: pip install pillow-heif"):
            read_photo(tmp_path / "a.heic")
        (left_out,) = find_photos(tmp_path).unsupported
        assert left_out.reason.endswith("run: pip install pillow-heif")
    finally:
        listing.formats.cache_clear()
        listing.extensions.cache_clear()


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"%PDF-1.4", "it is a PDF"),
        (b"PK\x03\x04", "it is an archive"),
        (b"\x1a\x45\xdf\xa3", "it is a film"),
        (b"\0\0\0\x18ftypisom", "it is a film"),
        (b"\n <HTML>", "it is a web page"),
        (b"8BPS", "it is a Photoshop file"),
    ],
)
def test_files_that_are_no_photos_are_named(start: bytes, message: str) -> None:
    assert what_it_is(io.BytesIO(start + bytes(80))).startswith(message)
    with pytest.raises(UnreadableImage, match=message):
        read_photo(start + bytes(80))


def test_other_files_have_no_name() -> None:
    assert what_it_is(io.BytesIO(b"text")) == ""
