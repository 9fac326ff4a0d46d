"""Files that are made to break readers of photos: damaged, disguised, endless, huge, or with names that mislead.

Everything is generated, from seeds, and nothing is stored.
"""

import io
import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from tests.images.bitmaps import run_length_bitmap

GOOD, BAD, ANY = "good", "bad", "any"
"""What reading must do: succeed, refuse, or either of them."""


@dataclass(frozen=True)
class HostileFile:
    """A file, or what stands in its place.

    Attributes:
        kind: what is wrong with it.
        extension: extension of its name.
        make: writes it to a path.
        expected: one of GOOD, BAD and ANY.
    """

    kind: str
    extension: str
    make: Callable[[Path], object]
    expected: str


def picture(seed: int, height: int = 24, width: int = 32) -> Image.Image:
    """A smooth picture with colors."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def valid_files(seed: int = 0) -> dict[str, tuple[str, bytes]]:
    """A valid file of every accepted format and variant: its extension and bytes, by kind."""
    rgb = picture(seed)
    gray, steps = rgb.convert("L"), rgb.convert("L").point(lambda value: value // 64 * 64)
    gray16 = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 1 + seed % 8
    frames = {"save_all": True, "append_images": [rgb.rotate(90), rgb.rotate(180)]}
    lab = Image.fromarray(np.asarray(rgb)).convert("RGB")
    return {
        "jpeg": (".jpg", encoded(rgb, "JPEG", exif=exif)),
        "progressive jpeg": (".jpeg", encoded(rgb, "JPEG", progressive=True)),
        "cmyk jpeg": (".jpg", encoded(rgb.convert("CMYK"), "JPEG")),
        "gray jpeg with a broken profile": (".jpg", encoded(gray, "JPEG", icc_profile=b"no profile" * 20)),
        "png": (".png", encoded(rgb, "PNG", exif=exif)),
        "16-bit png": (".png", encoded(gray16, "PNG")),
        "1-bit png": (".png", encoded(rgb.convert("1"), "PNG")),
        "transparent png": (".png", encoded(rgb.convert("RGBA"), "PNG")),
        "palette png": (".png", encoded(rgb.quantize(16), "PNG", transparency=3)),
        "animated png": (".png", encoded(rgb, "PNG", **frames)),
        "gif": (".gif", encoded(rgb, "GIF", **frames)),
        "bmp": (".bmp", encoded(rgb, "BMP")),
        "run-length bmp": (".bmp", run_length_bitmap(np.asarray(steps))),
        "webp": (".webp", encoded(rgb, "WEBP")),
        "lossless webp": (".webp", encoded(lab, "WEBP", lossless=True)),
        "tiff": (".tif", encoded(rgb, "TIFF")),
        "tiff of several pages": (".tif", encoded(rgb, "TIFF", **frames)),
        "16-bit tiff": (".tiff", encoded(gray16, "TIFF", compression="tiff_lzw")),
        "deflate tiff": (".tif", encoded(rgb, "TIFF", compression="tiff_adobe_deflate")),
        "packbits tiff": (".tif", encoded(steps, "TIFF", compression="packbits")),
        "fax tiff": (".tif", encoded(rgb.convert("1"), "TIFF", compression="group4")),
        "jpeg tiff": (".tif", encoded(rgb, "TIFF", compression="jpeg")),
        "cmyk tiff": (".tif", encoded(rgb.convert("CMYK"), "TIFF")),
        "float tiff": (".tif", encoded(Image.fromarray(np.asarray(gray, np.float32) / 255), "TIFF")),
        "avif": (".avif", encoded(rgb, "AVIF")),
        "ppm": (".ppm", encoded(rgb, "PPM")),
        "pgm": (".pgm", encoded(gray, "PPM")),
    }


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int, data: bytes = b"") -> bytes:
    """A small PNG that claims a size."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b"")


def _sparse(head: bytes, size: int) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with path.open("wb") as stream:
            stream.write(head)
            stream.truncate(size)

    return make


def _write(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def hostile_files(seed: int = 0) -> Iterator[HostileFile]:
    """One file of each kind."""
    rng = random.Random(seed)
    valid = valid_files(seed)
    for kind, (extension, data) in valid.items():
        yield HostileFile(f"valid {kind}", extension, _write(data), GOOD)
    for kind in ("jpeg", "png", "gif", "bmp", "run-length bmp", "webp", "tiff", "deflate tiff", "avif", "ppm"):
        extension, data = valid[kind]
        yield HostileFile(f"cut {kind}", extension, _write(data[: rng.randrange(20, len(data) * 3 // 4)]), BAD)
        yield HostileFile(f"wrong extension of {kind}", rng.choice([".jpg", ".png", ".tif"]), _write(data), GOOD)
        changed = bytearray(data)
        for _ in range(4):
            changed[rng.randrange(len(data) // 3, len(data))] ^= 1 << rng.randrange(8)
        yield HostileFile(f"flipped bits in {kind}", extension, _write(bytes(changed)), ANY)
    extension, data = valid["png"]
    start = data.index(b"IDAT") + 20
    yield HostileFile("changed pixels of png", extension, _write(data[:start] + b"\x55" + data[start + 1 :]), BAD)
    extension, data = valid["run-length bmp"]
    start = struct.unpack_from("<I", data, 10)[0]
    yield HostileFile("run-length bmp with a jump", extension, _write(data[:start] + b"\0\2\1\1" + data[start:]), BAD)
    yield HostileFile("run-length bmp of a missing run", extension, _write(data[:start] + data[start + 2 :]), BAD)
    huge = bytearray(data[:start])
    struct.pack_into("<ii", huge, 18, 13_000, 13_000)
    yield HostileFile("run-length bmp of nothing", extension, _write(bytes(huge) + b"\0\0" * 13_000 + b"\0\1"), BAD)
    others = {
        "empty": b"",
        "text": b"hello\n",
        "zeros": bytes(5000),
        "noise": rng.randbytes(5000),
        "html": b"<html><script>alert(1)</script></html>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n%%EOF",
        "pdf": b"%PDF-1.7\n1 0 obj\n",
        "zip": b"PK\x03\x04" + bytes(100),
        "program": b"\x7fELF" + bytes(200),
        "script": b"#!/bin/sh\nrm -rf ~\n",
        "ico": encoded(picture(seed), "ICO"),
        "jpeg 2000": encoded(picture(seed), "JPEG2000"),
        "tga": encoded(picture(seed), "TGA"),
        "pcx": encoded(picture(seed), "PCX"),
        "only a header": b"\xff\xd8\xff\xe0",
        "ppm of letters": b"P6\nabc def\n255\n",
        "ppm of nothing": b"P6\n0 0\n255\n",
        "ppm of a negative size": b"P6\n-5 5\n255\n" + bytes(75),
        "endless ppm comment": b"P6\n#" + b"a" * 100_000,
        "png bomb": png_claiming(60_000, 60_000),
        "png of nothing": png_claiming(0, 0),
        "png that claims more than it has": png_claiming(5000, 5000, bytes(1000)),
        "bmp bomb": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
        "gif bomb": b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\x08\x01\x00\x00;",
        "tiff that leads to itself": b"II*\0" + struct.pack("<IHI", 8, 0, 8),
        "tiff of a field too long": b"II*\0" + struct.pack("<IHHHIII", 8, 1, 273, 4, 2**31, 8, 0),
        "float tiff of infinities": encoded(Image.fromarray(np.full((9, 9), np.inf, np.float32)), "TIFF"),
        "32-bit tiff": encoded(Image.fromarray(np.full((9, 9), 2**30, np.int32)), "TIFF"),
    }
    for kind, content in others.items():
        yield HostileFile(kind, rng.choice([".jpg", ".png", ".tif", ".webp"]), _write(content), BAD)
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * 5_000_000, zip=True)
    yield HostileFile("png text bomb", ".png", _write(encoded(picture(seed), "PNG", pnginfo=info)), BAD)
    yield HostileFile("very wide", ".png", _write(encoded(picture(seed).resize((20_000, 1)), "PNG")), GOOD)
    yield HostileFile("very high", ".png", _write(encoded(picture(seed).resize((1, 20_000)), "PNG")), GOOD)
    yield HostileFile("one pixel", ".jpg", _write(encoded(picture(seed).resize((1, 1)), "JPEG")), GOOD)
    large = Image.new("RGB", (3000 + seed, 2500), (200, 90, 30))
    yield HostileFile("small file of 7 megapixels", ".png", _write(encoded(large, "PNG")), GOOD)
    yield HostileFile("sparse tiff", ".tif", _sparse(b"II*\0", 3 << 30), BAD)
    yield HostileFile("sparse webp", ".webp", _sparse(b"RIFF\xff\xff\xff\x7fWEBPVP8 ", 1 << 30), BAD)
    yield HostileFile("sparse png", ".png", _sparse(png_claiming(9, 9)[:33] + b"\x3f\xff\xff\xffeXIf", 1 << 30), BAD)
    yield HostileFile("sparse jpeg", ".jpg", _sparse(b"\xff\xd8\xff\xe0", 1 << 30), BAD)
    yield HostileFile("pipe", ".jpg", os.mkfifo, BAD)
    yield HostileFile("endless device", ".png", _link("/dev/zero"), BAD)
    yield HostileFile("random device", ".webp", _link("/dev/urandom"), BAD)
    yield HostileFile("terminal", ".tif", _link("/dev/tty"), BAD)
    yield HostileFile("memory of the process", ".tif", _link("/proc/self/mem"), BAD)
    yield HostileFile("missing target", ".jpg", _link("nothing-here"), BAD)
    yield HostileFile("link to itself", ".gif", lambda path: path.symlink_to(path.name), BAD)


NAMES = (
    "plain",
    "sp ace",
    "-o",
    "--help",
    "100%s%n",
    "{braces}",
    "quote'\"",
    "=cmd|calc",
    "<b>html",
    "&amp;",
    "ümläut",
    "漢字",
    "\u202eright to left",
    "line\nbreak",
    "\x1b[31mred\x1b]0;title\x07",
    "\x7f\x80",
    "\udcff\udcfe",
    "tab\t",
    "a;rm -rf ~",
    "$(HOME)",
    "*?[a]",
    "d..ots..",
    "long" * 40,
)


def write_corpus(folder: Path, count: int, per_folder: int = 25) -> dict[str, HostileFile]:
    """Writes hostile files into subfolders, with misleading names, and some files that are photos' neighbors.

    Args:
        folder: an empty folder.
        count: number of files; every kind is repeated with new seeds until there are as many.
        per_folder: files in a subfolder.

    Returns:
        The files by their names relative to ``folder``.
    """
    written: dict[str, HostileFile] = {}
    seed = 0
    while len(written) < count:
        for hostile in hostile_files(seed):
            if len(written) == count:
                break
            number = len(written)
            stem = NAMES[number % len(NAMES)] if seed % 2 == 0 else hostile.kind.replace(" ", "_")
            name = f"{number // per_folder:02d}/{stem}{number:03d}{hostile.extension}"
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            hostile.make(path)
            written[name] = hostile
        seed += 1
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to(".", target_is_directory=True)
    (folder / "folder.jpg").mkdir()
    for name in ("phone.jxl", "notes.txt", "scan.tga"):
        (folder / name).write_bytes(b"x")
    return written


def mutations(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yields damaged copies of valid files of every format: flips, cuts, splices, repeated and removed parts."""
    rng = random.Random(seed)
    seeds = [(kind, data) for number in range(3) for kind, (_, data) in valid_files(number).items()]
    for number in range(count):
        kind, data = seeds[number % len(seeds)]
        file = bytearray(data)
        way = rng.choice(["flip", "byte", "cut", "splice", "repeat", "remove", "zero", "number"])
        start = rng.randrange(len(file))
        end = min(len(file), start + rng.randrange(1, 64))
        if way == "flip":
            for _ in range(rng.randrange(1, 9)):
                file[rng.randrange(len(file))] ^= 1 << rng.randrange(8)
        elif way == "byte":
            for _ in range(rng.randrange(1, 9)):
                file[rng.randrange(min(len(file), 200))] = rng.randrange(256)
        elif way == "cut":
            del file[start:]
        elif way == "splice":
            file[start:] = rng.choice(seeds)[1][rng.randrange(100) :]
        elif way == "repeat":
            file[start:start] = file[start:end] * rng.randrange(1, 20)
        elif way == "remove":
            del file[start:end]
        elif way == "zero":
            file[start:end] = bytes(end - start)
        else:  # an extreme number in a header
            position = rng.randrange(min(len(file), 100))
            extreme = rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0xFFFF])
            file[position : position + 4] = struct.pack(rng.choice("<>") + "I", extreme)
        yield f"{way} of {kind}", bytes(file)
