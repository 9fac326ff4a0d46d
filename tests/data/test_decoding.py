"""Photos are resized to squares and decoded as the reader reads them."""

import threading
import time
from functools import partial

import numpy as np

from colorgan.data import decoding
from colorgan.data.decoding import decode_all, to_square
from colorgan.data.sources import PhotoSource
from colorgan.images import Photo
from tests.helpers import photo_of


def test_resizing_keeps_the_whole_photo_and_cropping_the_center():
    photo = np.zeros((10, 30, 3), np.uint8)
    photo[:, 20:] = 255
    assert to_square(photo, 30, "resize")[:, 25:].min() == 255
    assert to_square(photo, 10, "crop").max() == 0


def test_few_decoded_photos_wait_to_be_written(monkeypatch):
    loaded = []

    def load(name, min_side):
        loaded.append(name)
        return Photo(rgb=photo_of(0), size=(32, 24))

    monkeypatch.setattr(decoding, "available_cpus", lambda: 2)
    sources = [PhotoSource(str(number), "", (), partial(load, str(number))) for number in range(200)]
    for taken, (source, decoded) in enumerate(decode_all(sources, 8, "crop", progress=False)):
        assert source is sources[taken]
        assert decoded.pixels.shape == (8, 8, 3)
        assert len(loaded) <= taken + 1 + 2 * 16
    assert sorted(loaded, key=int) == [source.name for source in sources]


def test_decoding_ends_with_its_consumer(monkeypatch):
    loaded = []

    def load(min_side):
        loaded.append(min_side)
        time.sleep(0.01)
        return Photo(rgb=photo_of(0), size=(32, 24))

    monkeypatch.setattr(decoding, "available_cpus", lambda: 1)
    photos = decode_all([PhotoSource(str(number), "", (), load) for number in range(100)], 8, "crop", progress=False)
    next(photos)
    photos.close()
    assert len(loaded) < 17
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]
