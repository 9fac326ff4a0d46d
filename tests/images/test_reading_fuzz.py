"""For arbitrary bytes, reading returns a valid photo or raises UnreadableImage with a one-line message."""

import io
import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from colorgan.images import UnreadableImage, extensions, read_photo

ROUNDS = int(os.environ.get("COLORGAN_FUZZ_ROUNDS", "60"))


def seeds() -> dict[str, bytes]:
    """A small valid file of every format, with metadata."""
    rng = np.random.default_rng(0)
    rgb = Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G\0B", b"t\0e\0s\0t")
    gray16 = Image.fromarray(rng.integers(0, 65536, (9, 7)).astype(np.uint16))
    cases: dict[str, tuple[Image.Image, str, dict[str, object]]] = {
        "jpeg": (rgb, "JPEG", {"exif": exif, "icc_profile": profile}),
        "progressive": (rgb, "JPEG", {"progressive": True}),
        "cmyk": (rgb.convert("CMYK"), "JPEG", {}),
        "png": (rgb, "PNG", {"exif": exif, "icc_profile": profile}),
        "png16": (gray16, "PNG", {}),
        "palette": (rgb.convert("P"), "PNG", {"transparency": 3}),
        "apng": (rgb, "PNG", {"save_all": True, "append_images": [rgb.rotate(90)]}),
        "rgba": (rgb.convert("RGBA"), "PNG", {}),
        "gif": (rgb, "GIF", {"save_all": True, "append_images": [rgb.rotate(90)]}),
        "bmp": (rgb, "BMP", {}),
        "webp": (rgb, "WEBP", {"exif": exif}),
        "tiff": (rgb, "TIFF", {"exif": exif}),
        "tiff16": (gray16, "TIFF", {"compression": "tiff_lzw"}),
        "ppm": (rgb, "PPM", {}),
    }
    if ".avif" in extensions():
        cases["avif"] = (rgb, "AVIF", {"exif": exif})
    files = {}
    for name, (image, form, options) in cases.items():
        file = io.BytesIO()
        image.save(file, form, **options)
        files[name] = file.getvalue()
    return files


SEEDS = seeds()


def check_read_or_rejected(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            photo = read_photo(data, max_pixels=1_000_000)
        except UnreadableImage as error:
            message = str(error)
        else:
            message = ""
    if message:
        assert message.startswith("cannot read the image: ")
        assert len(message) < 500
        assert "\n" not in message
        return
    assert photo.rgb.dtype == np.uint8
    assert photo.rgb.ndim == 3
    assert photo.rgb.shape[2] == 3
    assert 0 < photo.rgb.size <= 3_000_000
    assert photo.gray16 is None or (photo.gray16.dtype == np.uint16 and photo.gray16.shape == photo.rgb.shape[:2])
    assert isinstance(photo.exif, bytes)
    assert isinstance(photo.xmp, bytes)


@pytest.mark.parametrize("name", SEEDS)
def test_valid_files_are_read(name):
    assert read_photo(SEEDS[name]).rgb.shape in ((9, 7, 3), (7, 9, 3))


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck), derandomize=ROUNDS <= 60)
@given(data=st.data())
def test_corrupted_files_are_read_or_rejected(name, data):
    file = bytearray(SEEDS[name])
    changes = data.draw(st.lists(st.tuples(st.integers(0, len(file) - 1), st.integers(0, 255)), min_size=1, max_size=6))
    for position, value in changes:
        file[position] = value
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(file))))
    check_read_or_rejected(bytes(file[:cut]))


@settings(max_examples=ROUNDS, deadline=None, derandomize=ROUNDS <= 60)
@given(st.binary(max_size=200), st.sampled_from([b"", *(file[:16] for file in SEEDS.values())]))
def test_random_bytes_are_read_or_rejected(rest, start):
    check_read_or_rejected(start + rest)


@settings(max_examples=ROUNDS, deadline=None, derandomize=ROUNDS <= 60)
@given(st.sampled_from(sorted(SEEDS)), st.sampled_from(sorted(SEEDS)), st.integers(0, 400), st.integers(0, 400))
def test_spliced_files_are_read_or_rejected(one, other, end, start):
    check_read_or_rejected(SEEDS[one][:end] + SEEDS[other][start:])
