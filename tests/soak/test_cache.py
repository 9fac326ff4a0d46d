"""Flipped bits in the files of a photo cache: no wrong pixel is served."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.sources import file_source
from colorgan.images import list_photos
from tests.helpers import photo_of

pytestmark = pytest.mark.soak
_COUNT = 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for number in range(_COUNT):
        Image.fromarray(photo_of(number, 40, 40)).save(tmp_path / f"photos/{number:02d}.png")
    return tmp_path / "photos"


def opened(folder: Path) -> CachedPhotos:
    sources = [file_source(path, folder) for path in list_photos(folder)]
    return cached_photos(sources, side=32, cache_dir=folder.parent / "cache", progress=False)


@pytest.mark.parametrize(("name", "count"), [("pixels.bin", 1000), ("index.json", 200)])
def test_flipped_bits(folder, name, count):
    expected = opened(folder)
    whole = np.array(expected.pixels)
    file, rng, wrong, found = expected.folder / name, np.random.default_rng(0), 0, 0
    for _ in range(count):
        data = bytearray(file.read_bytes())
        position = rng.integers(len(data))
        data[position] ^= 1 << rng.integers(8)
        inode = file.stat().st_ino
        with file.open("r+b") as stream:
            stream.write(data)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            again = opened(folder)
            served = again.read(np.arange(len(again)))
        wrong += not (np.array_equal(served, whole) and again == expected)
        found += bool(caught) or file.stat().st_ino != inode  # decoded again, or the whole cache was built again
    print(f"{name}: {count} bits flipped, {found} found, {wrong} times something wrong was served")
    assert (wrong, found) == (0, count)
