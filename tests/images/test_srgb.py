"""Every color mode, bit depth, color profile and kind of transparency is converted to sRGB."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from colorgan.images import UnreadableImage, read_photo, read_rgb
from tests.images.helpers import encoded, noise


def test_16_bit_gray_is_scaled_not_clipped():
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    photo = read_photo(encoded(Image.fromarray(ramp)))
    assert photo.gray16 is not None
    assert photo.gray16.dtype == np.uint16
    assert np.array_equal(photo.gray16, ramp)
    assert np.array_equal(photo.rgb[..., 1], np.rint(ramp / 257).astype(np.uint8))
    assert len(np.unique(photo.rgb)) == 256
    assert read_photo(encoded(Image.fromarray(noise()))).gray16 is None


def test_16_bit_gray_tiff_and_pgm_keep_their_values():
    ramp = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    tiff = read_photo(encoded(Image.fromarray(ramp), "TIFF"))
    pgm = read_photo(b"P5 32 32 65535\n" + ramp.astype(">u2").tobytes())
    assert np.array_equal(tiff.gray16, ramp)
    assert np.array_equal(pgm.gray16, ramp)


def test_white_is_zero_tiff_is_inverted():
    ramp = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    eight = np.linspace(0, 255, 32 * 32).astype(np.uint8).reshape(32, 32)
    inverted = encoded(Image.fromarray(65535 - ramp), "TIFF", tiffinfo={262: 0})
    assert np.array_equal(read_photo(inverted).gray16, ramp)
    assert np.array_equal(read_rgb(encoded(Image.fromarray(eight), "TIFF", tiffinfo={262: 0}))[..., 0], eight)


def test_float_tiff_must_be_in_unit_range():
    values = np.linspace(0, 1, 64).astype(np.float32).reshape(8, 8)
    assert np.abs(read_rgb(encoded(Image.fromarray(values), "TIFF"))[..., 0] - values * 255).max() <= 0.5
    for bad in (values * 3, np.full((8, 8), np.nan, np.float32)):
        with pytest.raises(UnreadableImage, match="floating-point values"):
            read_rgb(encoded(Image.fromarray(bad), "TIFF"))


def test_32_bit_values_above_16_bits_are_rejected():
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


def test_adobe_cmyk_jpeg_is_not_inverted():
    white = encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG")
    assert read_rgb(white).min() >= 250


def test_transparent_pixels_become_white():
    rgba = noise(channels=4)
    rgba[..., 3] = 0
    rgba[0, 0, 3] = 255
    read = read_rgb(encoded(Image.fromarray(rgba)))
    assert np.array_equal(read[0, 0], rgba[0, 0, :3])
    assert (read[1:] == 255).all()
    half = read_rgb(encoded(Image.fromarray(np.full((1, 1, 4), (0, 100, 200, 51), np.uint8))))
    assert np.abs(half[0, 0].astype(int) - (204, 224, 244)).max() <= 1


def test_palette_and_single_color_transparency_become_white():
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    assert read_rgb(encoded(palette, transparency=1)).tolist() == [[[255, 0, 0], [255, 255, 255]]]
    one = Image.new("RGB", (2, 1), (10, 20, 30))
    one.putpixel((1, 0), (1, 2, 3))
    assert read_rgb(encoded(one, transparency=(1, 2, 3))).tolist() == [[[10, 20, 30], [255, 255, 255]]]


def rgb_profile_with_swapped_primaries() -> bytes:
    """An sRGB profile with red and green swapped, so that a conversion is obvious."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for number in range(count):
        offset = 132 + 12 * number
        name = bytes(data[offset : offset + 4])
        if name in (b"rXYZ", b"gXYZ"):
            data[offset : offset + 4] = b"gXYZ" if name == b"rXYZ" else b"rXYZ"
    return bytes(data.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be")))


def test_color_profiles_are_converted_to_srgb():
    photo = Image.new("RGB", (4, 4), (255, 0, 0))
    assert read_rgb(encoded(photo, icc_profile=rgb_profile_with_swapped_primaries()))[0, 0].tolist() == [0, 255, 0]
    transparent = Image.new("RGBA", (4, 4), (255, 0, 0, 255))
    read = read_rgb(encoded(transparent, icc_profile=rgb_profile_with_swapped_primaries()))
    assert read[0, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("icc", [b"rubbish", b"\0" * 4000, rgb_profile_with_swapped_primaries()[:300]])
def test_damaged_or_mismatched_profiles_are_ignored(icc):
    array = noise()
    assert np.array_equal(read_rgb(encoded(Image.fromarray(array), icc_profile=icc)), array)
    cmyk = encoded(Image.new("CMYK", (4, 4)), "TIFF", icc_profile=rgb_profile_with_swapped_primaries())
    assert read_rgb(cmyk).min() == 255


def gray_profile(gamma: float) -> bytes:
    """A minimal grayscale ICC profile with a pure power curve."""
    return profile(b"GRAY", {b"kTRC": curve(gamma)})


def wide_gamut_profile() -> bytes:
    """A minimal RGB profile with the primaries of Display P3, adapted to D50, and a pure power curve."""
    primaries = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.2920, 0.6922, 0.0419),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    blocks = {name: xyz(*(round(65536 * value) for value in values)) for name, values in primaries.items()}
    return profile(b"RGB ", blocks | {name: curve(2.2) for name in (b"rTRC", b"gTRC", b"bTRC")})


def curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def xyz(*values: int) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *values)


def profile(space: bytes, blocks: dict[bytes, bytes]) -> bytes:
    white = 0xF6D6, 0x10000, 0xD32D
    description = b"gamma"
    text = b"desc\0\0\0\0" + struct.pack(">I", len(description) + 1) + description + b"\0" + b"\0" * 78
    text += b"\0" * (-len(text) % 4)
    blocks = {b"desc": text, b"wtpt": xyz(*white), **blocks}
    body, table = b"", struct.pack(">I", len(blocks))
    for name, block in blocks.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(blocks) + len(body), len(block))
        body += block
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"mntr", space, b"XYZ ") + b"\0" * 12
    header += b"acsp" + b"\0" * 28 + struct.pack(">3i", *white)
    return header.ljust(128, b"\0") + table + body


def linear_to_srgb(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055)


def test_gray_profiles_are_applied_to_8_and_16_bit_images():
    ramp = np.linspace(0.2, 1, 256)
    expected = linear_to_srgb(ramp**1.0)
    eight = Image.fromarray(np.rint(ramp * 255).astype(np.uint8)[None])
    sixteen = Image.fromarray(np.rint(ramp * 65535).astype(np.uint16)[None])
    assert np.abs(read_rgb(encoded(eight, icc_profile=gray_profile(1.0)))[0, :, 0] / 255 - expected).max() < 0.006
    photo = read_photo(encoded(sixteen, icc_profile=gray_profile(1.0)))
    assert np.abs(photo.gray16[0] / 65535 - expected).max() < 0.004
    assert np.array_equal(photo.rgb[0, :, 0], np.rint(photo.gray16[0] / 257).astype(np.uint8))
