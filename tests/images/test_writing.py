"""Written files are exact, atomic, tagged as sRGB, and keep metadata on request."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage.color import rgb2lab

from colorgan.images import SAMPLE_PHOTOS, Photo, encode_photo, read_photo, read_rgb, write_photo


def noise(dtype: type, height: int = 37, width: int = 53) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, 3), endpoint=True).astype(dtype)


def scan(height: int = 3000, width: int = 500) -> np.ndarray:
    """Smooth, so that rows use different filters, and tall, so that it takes several strips."""
    down, right = np.mgrid[:height, :width]
    plane = (down * 17 + right * (1 + down % 5) * 90) % 65536
    return np.stack([plane, plane // 2, 65535 - plane], axis=-1).astype(np.uint16)


def source() -> Photo:
    exif = Image.Exif()
    exif[271] = "A camera"
    return Photo(
        rgb=noise(np.uint8),
        size=(53, 37),
        exif=exif.tobytes(),
        xmp=b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
        dpi=(300.0, 600.0),
    )


@pytest.mark.parametrize("pixels", [noise(np.uint16), noise(np.uint16, 1, 1), scan()], ids=["noise", "pixel", "scan"])
def test_16_bit_png_is_exact_in_another_library(pixels: np.ndarray, tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", pixels)
    read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read[..., ::-1], pixels)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert image.size == pixels.shape[1::-1]


def test_16_bit_png_is_compressed_about_as_well_as_by_opencv() -> None:
    photo = cv2.resize(noise(np.uint8, 12, 16), (400, 300), interpolation=cv2.INTER_CUBIC).astype(np.uint16) * 257
    file = io.BytesIO()
    encode_photo(file, photo)
    assert len(file.getvalue()) < 1.2 * len(cv2.imencode(".png", photo)[1])


def test_8_bit_png_is_compressed_about_as_well_as_by_pillow() -> None:
    """At the level that was used before, at half the speed."""
    photo = read_rgb(next(SAMPLE_PHOTOS.rglob("*.jpg")))
    encode_photo(ours := io.BytesIO(), photo)
    Image.fromarray(photo).save(pillow := io.BytesIO(), "PNG", compress_level=3)
    assert len(ours.getvalue()) < 1.05 * len(pillow.getvalue())


def test_webp_is_lossless_and_smaller_than_png(tmp_path: Path) -> None:
    photo = read_rgb(next(SAMPLE_PHOTOS.rglob("*.jpg")))
    write_photo(tmp_path / "a.webp", photo)
    write_photo(tmp_path / "a.png", photo)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.webp")), photo)
    assert (tmp_path / "a.webp").stat().st_size < 0.9 * (tmp_path / "a.png").stat().st_size
    write_photo(tmp_path / "b.webp", photo.astype(np.uint16) * 257)
    assert (tmp_path / "b.webp").read_bytes() == (tmp_path / "a.webp").read_bytes()


def test_8_bit_png_is_exact_and_jpeg_close(tmp_path: Path) -> None:
    pixels = noise(np.uint8)
    write_photo(tmp_path / "new" / "a.png", pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "new" / "a.png")), pixels)
    smooth = cv2.resize(noise(np.uint8, 6, 8), (80, 60), interpolation=cv2.INTER_CUBIC)
    write_photo(tmp_path / "a.jpg", smooth)
    read = np.asarray(Image.open(tmp_path / "a.jpg"))
    assert np.abs(rgb2lab(read)[..., 0] - rgb2lab(smooth)[..., 0]).mean() < 0.5
    write_photo(tmp_path / "b.JPEG", smooth.astype(np.uint16) * 257)
    assert (tmp_path / "b.JPEG").read_bytes() == (tmp_path / "a.jpg").read_bytes()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "wide.png", "a.webp"])
def test_metadata_is_written_only_on_request(name: str, tmp_path: Path) -> None:
    pixels = noise(np.uint16 if name == "wide.png" else np.uint8)
    write_photo(tmp_path / name, pixels, source())
    kept = read_photo(tmp_path / name)
    assert Image.open(tmp_path / name).getexif()[271] == "A camera"
    assert b"xmpmeta" in kept.xmp or b"xmpmeta" in (tmp_path / name).read_bytes()
    if name != "a.webp":  # its only place for the resolution is EXIF
        assert kept.dpi == pytest.approx((300, 600), abs=0.1)
    write_photo(tmp_path / name, pixels)
    bare = read_photo(tmp_path / name)
    assert (bare.exif, bare.dpi, Image.open(tmp_path / name).getexif().get(271)) == (b"", None, None)


@pytest.mark.parametrize("pixels", [noise(np.uint8), noise(np.uint16)], ids=["8", "16"])
def test_files_are_tagged_as_srgb(pixels: np.ndarray) -> None:
    file = io.BytesIO()
    encode_photo(file, pixels)
    assert Image.open(file).info["srgb"] == 0
    if pixels.dtype == np.uint8:
        for kind in ("JPEG", "WEBP"):
            encode_photo(file := io.BytesIO(), pixels, kind)
            profile = ImageCms.ImageCmsProfile(io.BytesIO(Image.open(file).info["icc_profile"]))
            assert "sRGB" in profile.profile.profile_description


def test_metadata_too_large_for_jpeg_is_omitted(tmp_path: Path) -> None:
    photo = Photo(noise(np.uint8), (53, 37), exif=b"Exif\x00\x00" + bytes(70_000))
    write_photo(tmp_path / "a.jpg", noise(np.uint8), photo)
    assert Image.open(tmp_path / "a.jpg").size == (53, 37)


def test_failed_writes_leave_no_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.bmp: photos can only be written as \.png, \.jpg or \.webp"):
        write_photo(tmp_path / "a.bmp", noise(np.uint8))
    with pytest.raises(ValueError, match="at most 65535 pixels per side"):
        write_photo(tmp_path / "a.jpg", np.zeros((1, 70_000, 3), np.uint8))
    with pytest.raises(ValueError, match="WebP allows at most 16383 pixels per side; write a PNG"):
        write_photo(tmp_path / "a.webp", np.zeros((1, 17_000, 3), np.uint8))
    with pytest.raises(OSError):  # noqa: PT011 (the message comes from the operating system)
        write_photo(tmp_path / ("x" * 300 + ".png"), noise(np.uint8))
    assert list(tmp_path.iterdir()) == []
