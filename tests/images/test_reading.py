"""Files in all supported formats are read exactly; everything else is rejected with a clear message."""

import contextlib
import os
import pickle
import struct
import subprocess
import sys
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from colorgan.images import MAX_PIXELS, UnreadableImage, extensions, printable, read_photo, read_rgb, read_size
from tests.images.helpers import encoded, noise


def test_importing_images_does_not_import_torch():
    code = "import sys, colorgan.images; print({'torch', 'lightning', 'kornia'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"


# ---- valid files


@pytest.mark.parametrize(
    ("form", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("PPM", {})]
)
def test_lossless_formats_are_read_exactly(form, options):
    array = noise()
    read = read_rgb(encoded(Image.fromarray(array), form, **options))
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert read.flags.writeable
    assert np.array_equal(read, array)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_is_read_exactly(compression):
    array = noise()
    assert np.array_equal(read_rgb(encoded(Image.fromarray(array), "TIFF", compression=compression)), array)


def test_lossy_formats_are_read_within_tolerance():
    array = np.asarray(Image.linear_gradient("L").resize((64, 64)).convert("RGB"))
    for form in ["JPEG", "AVIF"] if ".avif" in extensions() else ["JPEG"]:
        assert np.abs(read_rgb(encoded(Image.fromarray(array), form, quality=95)).astype(int) - array).max() <= 6


def test_first_frame_of_an_animation_is_read():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    for form in ("GIF", "WEBP", "PNG", "TIFF"):
        read = read_rgb(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
        assert np.abs(read.astype(int) - (255, 0, 0)).max() <= 2, form


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(form, orientation):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255  # top left quarter
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # PIL's Transpose for each tag
    stored = Image.fromarray(upright)
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera"
    photo = read_photo(encoded(stored, form, exif=exif))
    assert photo.rgb.shape == upright.shape
    assert np.abs(photo.rgb.astype(int) - upright).max() < 40
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept.get(0x010F) == "A camera"
    assert kept.get(0x0112, 1) == 1


def test_tiff_storage_tags_are_removed_from_exif():
    photo = read_photo(encoded(Image.fromarray(noise()), "TIFF", dpi=(300, 150), tiffinfo={271: "A camera"}))
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept[271] == "A camera"
    assert not {256, 257, 258, 273, 279} & set(kept)
    assert photo.dpi == (300, 150)


def test_metadata_round_trips():
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    first = read_photo(encoded(Image.fromarray(noise()), "JPEG", exif=exif, xmp=b"<x:xmpmeta/>", dpi=(72, 72)))
    again = encoded(Image.fromarray(first.rgb), "JPEG", exif=first.exif, xmp=first.xmp, dpi=first.dpi)
    second = read_photo(again)
    assert (second.exif, second.xmp, second.dpi) == (first.exif, first.xmp, first.dpi)


def test_shrinking_keeps_the_minimum_side_and_the_content():
    array = np.asarray(Image.linear_gradient("L").resize((800, 400)).convert("RGB"))
    file = encoded(Image.fromarray(array), "JPEG", quality=95)
    assert read_rgb(file, shrink_to=100).shape == (100, 200, 3)
    assert read_rgb(file, shrink_to=101).shape == (200, 400, 3)
    assert read_rgb(file, shrink_to=900).shape == (400, 800, 3)
    assert np.abs(read_rgb(file, shrink_to=200).astype(int) - array[::2, ::2]).max() <= 4
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read_photo(encoded(Image.fromarray(array), "JPEG", exif=exif), shrink_to=100)
    assert turned.rgb.shape == (200, 100, 3)
    assert turned.size == (400, 800)


# ---- invalid files


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_truncated_files_are_read_completely_or_rejected():
    array = noise(20, 20)
    for form in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"):
        file = encoded(Image.fromarray(array), form)
        whole = read_rgb(file)
        for length in range(0, len(file), 7):
            with contextlib.suppress(UnreadableImage):
                assert np.array_equal(read_rgb(file[:length]), whole)


def test_error_messages_name_the_file_and_the_reason(tmp_path):
    cases = {
        "empty.jpg": (b"", "the file is empty"),
        "text.png": (b"hello", "not an image in a supported format"),
        "cut.jpg": (encoded(Image.fromarray(noise(64, 64)), "JPEG")[:1500], "cut short"),
        "page.jpg": (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
            "not an image in a supported format",
        ),
    }
    for name, (data, reason) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UnreadableImage) as caught:
            read_rgb(tmp_path / name)
        assert str(caught.value).startswith(f"cannot read {tmp_path / name}: ")
        assert reason in str(caught.value)
    with pytest.raises(UnreadableImage, match="no such file"):
        read_rgb(tmp_path / "absent.jpg")
    with pytest.raises(UnreadableImage, match="it is a folder"):
        read_rgb(tmp_path)
    with pytest.raises(UnreadableImage, match="^cannot read upload.png: it is empty$"):
        read_rgb(b"", name="upload.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.timeout(20)
def test_size_is_read_without_decoding(tmp_path):
    Image.effect_noise((40, 30), 50).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) - 20])
    assert read_size(tmp_path / "a.jpg") == read_size(tmp_path / "cut.jpg") == (40, 30)
    (tmp_path / "text.jpg").write_text("not a photo")
    (tmp_path / "empty.jpg").touch()
    for name in ("text.jpg", "empty.jpg", "missing.jpg"):
        with pytest.raises(UnreadableImage, match=f"cannot read .*{name}"):
            read_size(tmp_path / name)


def test_pipes_and_devices_do_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    result: list[BaseException] = []

    def read() -> None:
        try:
            read_rgb(tmp_path / "pipe.jpg")
        except UnreadableImage as error:
            result.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert "pipe" in str(result[0])
    with pytest.raises(UnreadableImage, match="device"):
        read_rgb("/dev/zero")


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_decompression_bombs_are_rejected_before_decoding():
    with pytest.raises(UnreadableImage, match=f"too many pixels .more than {MAX_PIXELS:,}"):
        read_rgb(png_claiming(60000, 60000))
    with pytest.raises(UnreadableImage, match=r"too many pixels \(10 x 11; at most 100\)"):
        read_rgb(encoded(Image.new("RGB", (10, 11))), max_pixels=100)


def test_png_text_bombs_are_rejected():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * (PngImagePlugin.MAX_TEXT_CHUNK + 1), zip=True)
    with pytest.raises(UnreadableImage):
        read_rgb(encoded(Image.new("RGB", (4, 4)), pnginfo=info))


def test_unreadable_image_can_be_pickled():
    error = pickle.loads(pickle.dumps(UnreadableImage("a.jpg", "it is empty")))
    assert (error.path, error.reason, str(error)) == ("a.jpg", "it is empty", "cannot read a.jpg: it is empty")


def test_printable_escapes_control_characters():
    assert printable("Straße 1.jpg") == "Straße 1.jpg"
    assert "\x1b" not in printable("\x1b[31m.jpg")
    printable("\udcff.jpg").encode()
