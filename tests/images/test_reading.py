"""The reader against Pillow's writer, and against everything that is not a photo."""

import contextlib
import io
import os
import pickle
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from colorgan.errors import ColorganError
from colorgan.images.reading import (
    MAX_PIXELS,
    UnreadableImage,
    extensions,
    list_photos,
    printable,
    read_photo,
    read_rgb,
)


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def noise(height=6, width=9, channels=3, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8).squeeze()


# ---- pixels


@pytest.mark.parametrize(
    ("form", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("PPM", {})]
)
def test_lossless_formats_give_the_very_pixels(form, options):
    array = noise()
    read = read_rgb(encoded(Image.fromarray(array), form, **options))
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert read.flags.writeable
    assert np.array_equal(read, array)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff(compression):
    array = noise()
    assert np.array_equal(read_rgb(encoded(Image.fromarray(array), "TIFF", compression=compression)), array)


def test_jpeg_and_avif_are_close():
    array = np.asarray(Image.linear_gradient("L").resize((64, 64)).convert("RGB"))
    for form in ["JPEG", "AVIF"] if ".avif" in extensions() else ["JPEG"]:
        assert np.abs(read_rgb(encoded(Image.fromarray(array), form, quality=95)).astype(int) - array).max() <= 6


def test_sixteen_bit_gray_is_scaled_not_clipped():
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    photo = read_photo(encoded(Image.fromarray(ramp)))
    assert photo.gray16 is not None
    assert photo.gray16.dtype == np.uint16
    assert np.array_equal(photo.gray16, ramp)
    assert np.array_equal(photo.rgb[..., 1], np.rint(ramp / 257).astype(np.uint8))
    assert len(np.unique(photo.rgb)) == 256
    assert read_photo(encoded(Image.fromarray(noise()))).gray16 is None


def test_sixteen_bit_gray_of_other_formats():
    ramp = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    tiff = read_photo(encoded(Image.fromarray(ramp), "TIFF"))
    pgm = read_photo(b"P5 32 32 65535\n" + ramp.astype(">u2").tobytes())
    assert np.array_equal(tiff.gray16, ramp)
    assert np.array_equal(pgm.gray16, ramp)


def test_tiff_where_white_is_zero():
    ramp = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    eight = np.linspace(0, 255, 32 * 32).astype(np.uint8).reshape(32, 32)
    inverted = encoded(Image.fromarray(65535 - ramp), "TIFF", tiffinfo={262: 0})
    assert np.array_equal(read_photo(inverted).gray16, ramp)
    assert np.array_equal(read_rgb(encoded(Image.fromarray(eight), "TIFF", tiffinfo={262: 0}))[..., 0], eight)


def test_float_tiff_in_unit_range_and_beyond():
    values = np.linspace(0, 1, 64).astype(np.float32).reshape(8, 8)
    assert np.abs(read_rgb(encoded(Image.fromarray(values), "TIFF"))[..., 0] - values * 255).max() <= 0.5
    for bad in (values * 3, np.full((8, 8), np.nan, np.float32)):
        with pytest.raises(UnreadableImage, match="floating-point values"):
            read_rgb(encoded(Image.fromarray(bad), "TIFF"))


def test_thirty_two_bit_values_are_refused_where_they_do_not_fit():
    with pytest.raises(UnreadableImage, match="32-bit values"):
        read_rgb(encoded(Image.fromarray(np.array([[0, 1 << 20]], np.int32)), "TIFF"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB"])
def test_other_modes_become_rgb(mode):
    array = np.zeros((8, 8, 3), np.uint8)
    array[:, 4:] = (255, 255, 255) if mode in ("1", "L") else (200, 30, 40)
    source = Image.fromarray(array)
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        image = ImageCms.profileToProfile(source, srgb, lab, outputMode="LAB")
    else:
        image = source.convert(mode, palette=Image.Palette.ADAPTIVE) if mode == "P" else source.convert(mode)
    read = read_rgb(encoded(image, "PNG" if mode in ("1", "L", "P") else "TIFF"))
    assert read.shape == (8, 8, 3)
    assert np.abs(read.astype(int) - array).max() <= 4


def test_adobe_cmyk_jpeg_is_not_a_negative():
    white = encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG")
    assert read_rgb(white).min() >= 250


def test_transparent_parts_are_white_and_hide_their_color():
    rgba = noise(channels=4)
    rgba[..., 3] = 0
    rgba[0, 0, 3] = 255
    read = read_rgb(encoded(Image.fromarray(rgba)))
    assert np.array_equal(read[0, 0], rgba[0, 0, :3])
    assert (read[1:] == 255).all()
    half = read_rgb(encoded(Image.fromarray(np.full((1, 1, 4), (0, 100, 200, 51), np.uint8))))
    assert np.abs(half[0, 0].astype(int) - (204, 224, 244)).max() <= 1


def test_transparency_of_palettes_and_of_one_color():
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    assert read_rgb(encoded(palette, transparency=1)).tolist() == [[[255, 0, 0], [255, 255, 255]]]
    one = Image.new("RGB", (2, 1), (10, 20, 30))
    one.putpixel((1, 0), (1, 2, 3))
    assert read_rgb(encoded(one, transparency=(1, 2, 3))).tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    for form in ("GIF", "WEBP", "PNG", "TIFF"):
        read = read_rgb(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
        assert np.abs(read.astype(int) - (255, 0, 0)).max() <= 2, form


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(form, orientation):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255  # the top left corner is white
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # PIL's Transpose that stores the photo as the tag says
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


def test_metadata_of_a_tiff_does_not_describe_its_pixels():
    photo = read_photo(encoded(Image.fromarray(noise()), "TIFF", dpi=(300, 150), tiffinfo={271: "A camera"}))
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept[271] == "A camera"
    assert not {256, 257, 258, 273, 279} & set(kept)
    assert photo.dpi == (300, 150)


def test_metadata_can_be_written_back():
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    first = read_photo(encoded(Image.fromarray(noise()), "JPEG", exif=exif, xmp=b"<x:xmpmeta/>", dpi=(72, 72)))
    again = encoded(Image.fromarray(first.rgb), "JPEG", exif=first.exif, xmp=first.xmp, dpi=first.dpi)
    second = read_photo(again)
    assert (second.exif, second.xmp, second.dpi) == (first.exif, first.xmp, first.dpi)


def rgb_profile_with_swapped_primaries() -> bytes:
    """An sRGB profile that calls red what others call green: a conversion that nobody can overlook."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for number in range(count):
        place = 132 + 12 * number
        name = bytes(data[place : place + 4])
        if name in (b"rXYZ", b"gXYZ"):
            data[place : place + 4] = b"gXYZ" if name == b"rXYZ" else b"rXYZ"
    return bytes(data.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be")))


def test_color_profiles_are_converted_to_srgb():
    photo = Image.new("RGB", (4, 4), (255, 0, 0))
    assert read_rgb(encoded(photo, icc_profile=rgb_profile_with_swapped_primaries()))[0, 0].tolist() == [0, 255, 0]
    transparent = Image.new("RGBA", (4, 4), (255, 0, 0, 255))
    read = read_rgb(encoded(transparent, icc_profile=rgb_profile_with_swapped_primaries()))
    assert read[0, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("icc", [b"rubbish", b"\0" * 4000, rgb_profile_with_swapped_primaries()[:300]])
def test_damaged_or_unfitting_profiles_are_ignored(icc):
    array = noise()
    assert np.array_equal(read_rgb(encoded(Image.fromarray(array), icc_profile=icc)), array)
    cmyk = encoded(Image.new("CMYK", (4, 4)), "TIFF", icc_profile=rgb_profile_with_swapped_primaries())
    assert read_rgb(cmyk).min() == 255


def gray_profile(gamma: float) -> bytes:
    """A minimal ICC profile of gray with a pure power curve."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    words = b"gamma"
    text = b"desc\0\0\0\0" + struct.pack(">I", len(words) + 1) + words + b"\0" + b"\0" * 78
    text += b"\0" * (-len(text) % 4)
    body, table = b"", struct.pack(">I", 3)
    for name, block in ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)):
        table += name + struct.pack(">II", 128 + 4 + 36 + len(body), len(block))
        body += block
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ") + b"\0" * 12
    header += b"acsp" + b"\0" * 28 + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + table + body


def srgb_of_linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055)


def test_gray_profiles_in_eight_and_sixteen_bits():
    ramp = np.linspace(0.2, 1, 256)
    expected = srgb_of_linear(ramp**1.0)
    eight = Image.fromarray(np.rint(ramp * 255).astype(np.uint8)[None])
    sixteen = Image.fromarray(np.rint(ramp * 65535).astype(np.uint16)[None])
    assert np.abs(read_rgb(encoded(eight, icc_profile=gray_profile(1.0)))[0, :, 0] / 255 - expected).max() < 0.006
    photo = read_photo(encoded(sixteen, icc_profile=gray_profile(1.0)))
    assert np.abs(photo.gray16[0] / 65535 - expected).max() < 0.004
    assert np.array_equal(photo.rgb[0, :, 0], np.rint(photo.gray16[0] / 257).astype(np.uint8))


def test_shrinking_keeps_the_shorter_side_and_the_picture():
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


# ---- what cannot be read


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_prefix_of_a_file_is_whole_or_refused():
    array = noise(20, 20)
    for form in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"):
        file = encoded(Image.fromarray(array), form)
        whole = read_rgb(file)
        for length in range(0, len(file), 7):
            with contextlib.suppress(UnreadableImage):
                assert np.array_equal(read_rgb(file[:length]), whole)


def test_messages_name_the_file_and_the_reason(tmp_path):
    cases = {
        "empty.jpg": (b"", "the file is empty"),
        "text.png": (b"hello", "not a picture in a known format"),
        "cut.jpg": (encoded(Image.fromarray(noise(64, 64)), "JPEG")[:1500], "cut short"),
        "page.jpg": (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
            "not a picture in a known format",
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


def test_bombs_are_refused_before_they_are_decoded():
    with pytest.raises(UnreadableImage, match=f"{MAX_PIXELS:,} pixels"):
        read_rgb(png_claiming(60000, 60000))
    with pytest.raises(UnreadableImage, match="10 x 11 pixels are more than the 100 allowed"):
        read_rgb(encoded(Image.new("RGB", (10, 11))), max_pixels=100)


def test_text_bombs_in_png():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * (PngImagePlugin.MAX_TEXT_CHUNK + 1), zip=True)
    with pytest.raises(UnreadableImage):
        read_rgb(encoded(Image.new("RGB", (4, 4)), pnginfo=info))


def test_the_error_survives_pickling():
    error = pickle.loads(pickle.dumps(UnreadableImage("a.jpg", "it is empty")))
    assert (error.path, error.reason, str(error)) == ("a.jpg", "it is empty", "cannot read a.jpg: it is empty")


def test_names_are_printed_safely():
    assert printable("Straße 1.jpg") == "Straße 1.jpg"
    assert "\x1b" not in printable("\x1b[31m.jpg")
    printable("\udcff.jpg").encode()


# ---- folders


def test_folders_are_listed_recursively_in_name_order(tmp_path):
    for name in ["b.JPG", "a/z.png", "a/b/c.webp", "a-b.tiff", ".hidden.jpg", ".git/x.jpg", "notes.txt", "a.jpg/d.bmp"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    names = [path.relative_to(tmp_path).as_posix() for path in list_photos(tmp_path)]
    assert names == ["a-b.tiff", "a.jpg/d.bmp", "a/b/c.webp", "a/z.png", "b.JPG"]


@pytest.mark.timeout(20)
def test_loops_of_links_end(tmp_path):
    (tmp_path / "one" / "two").mkdir(parents=True)
    (tmp_path / "one" / "photo.jpg").touch()
    for name in ("one/two/up", "one/two/out", "self"):
        (tmp_path / name).symlink_to(tmp_path, target_is_directory=True)
    assert [path.name for path in list_photos(tmp_path)] == ["photo.jpg"]


def test_folders_without_photos_get_a_sentence(tmp_path):
    with pytest.raises(ColorganError, match="there is no folder .*absent"):
        list_photos(tmp_path / "absent")
    with pytest.raises(ColorganError, match=r"holds no photos \(.*\.jpg"):
        list_photos(tmp_path)
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ColorganError, match=r"a\.jpg is a file; a folder of photos is needed"):
        list_photos(tmp_path / "a.jpg")
