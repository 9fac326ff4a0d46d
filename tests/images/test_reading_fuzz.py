"""Whatever the bytes are, reading ends in an upright uint8 RGB picture or in one sentence."""

import io
import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from colorgan.images.reading import UnreadableImage, extensions, read_photo

ROUNDS = int(os.environ.get("COLORGAN_FUZZ_ROUNDS", "60"))


def seeds() -> dict[str, bytes]:
    """A small, valid file of every kind, with metadata to damage."""
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


def is_read_or_refused(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            photo = read_photo(data, max_pixels=1_000_000)
        except UnreadableImage as error:
            sentence = str(error)
        else:
            sentence = ""
    if sentence:
        assert sentence.startswith("cannot read the picture: ")
        assert len(sentence) < 500
        assert "\n" not in sentence
        return
    assert photo.rgb.dtype == np.uint8
    assert photo.rgb.ndim == 3
    assert photo.rgb.shape[2] == 3
    assert 0 < photo.rgb.size <= 3_000_000
    assert photo.gray16 is None or (photo.gray16.dtype == np.uint16 and photo.gray16.shape == photo.rgb.shape[:2])
    assert isinstance(photo.exif, bytes)
    assert isinstance(photo.xmp, bytes)


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_themselves_are_read(name):
    assert read_photo(SEEDS[name]).rgb.shape in ((9, 7, 3), (7, 9, 3))


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck), derandomize=ROUNDS <= 60)
@given(data=st.data())
def test_damaged_files(name, data):
    file = bytearray(SEEDS[name])
    places = data.draw(st.lists(st.tuples(st.integers(0, len(file) - 1), st.integers(0, 255)), min_size=1, max_size=6))
    for place, value in places:
        file[place] = value
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(file))))
    is_read_or_refused(bytes(file[:cut]))


@settings(max_examples=ROUNDS, deadline=None, derandomize=ROUNDS <= 60)
@given(st.binary(max_size=200), st.sampled_from([b"", *(file[:16] for file in SEEDS.values())]))
def test_any_bytes(rest, beginning):
    is_read_or_refused(beginning + rest)


@settings(max_examples=ROUNDS, deadline=None, derandomize=ROUNDS <= 60)
@given(st.sampled_from(sorted(SEEDS)), st.sampled_from(sorted(SEEDS)), st.integers(0, 400), st.integers(0, 400))
def test_two_files_spliced(one, other, end, start):
    is_read_or_refused(SEEDS[one][:end] + SEEDS[other][start:])
