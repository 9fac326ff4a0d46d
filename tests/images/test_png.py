"""The PNG encoder: every strip, filter and checksum, decoded by zlib and Pillow."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from colorgan.images import png
from colorgan.images.png import encode_png


def rows_for_every_filter(dtype: type, height: int = 60, width: int = 40) -> np.ndarray:
    """Rows that continue to the right, downward, or both, so that Sub, Up and Average are all chosen."""
    rng = np.random.default_rng(0)
    top = np.iinfo(dtype).max
    photo = rng.integers(0, top, (height, width, 3), endpoint=True)
    photo[10:20] = photo[9]
    photo[20:30] = rng.integers(0, top, (10, 1, 3))
    for row in range(30, 50):
        for column in range(1, width):
            photo[row, column] = (photo[row, column - 1] + photo[row - 1, column]) // 2
    return photo.astype(dtype)


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, position = [], 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        name, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        assert struct.unpack_from(">I", data, position + 8 + length) == (zlib.crc32(name + content),)
        chunks.append((name, content))
        position += 12 + length
    return chunks


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("strip_bytes", [1, 500, 1 << 20])
@pytest.mark.parametrize("cores", [1, 3])
def test_strips_are_one_valid_stream(
    monkeypatch: pytest.MonkeyPatch, dtype: type, strip_bytes: int, cores: int
) -> None:
    monkeypatch.setattr(png, "_STRIP_BYTES", strip_bytes)
    monkeypatch.setattr(png, "available_cores", lambda: cores)
    photo = rows_for_every_filter(dtype)
    data = b"".join(encode_png(photo))
    chunks = chunks_of(data)
    lines = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))  # checks the checksum
    filters = np.frombuffer(lines, np.uint8).reshape(len(photo), -1)[:, 0]
    assert set(filters) == {1, 2, 3}
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read[..., ::-1], photo)
    if dtype == np.uint8:
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), photo)


def test_bytes_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "_STRIP_BYTES", 1000)
    photo = rows_for_every_filter(np.uint8)
    encoded = []
    for cores in (1, 4):
        monkeypatch.setattr(png, "available_cores", lambda cores=cores: cores)
        encoded.append(b"".join(encode_png(photo)))
    assert encoded[0] == encoded[1]


def test_views_are_encoded_like_copies() -> None:
    photo = rows_for_every_filter(np.uint8)
    view = photo[::2, ::-1]
    assert list(encode_png(view)) == list(encode_png(view.copy()))
