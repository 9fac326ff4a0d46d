"""Photos are resized to squares and decoded as the reader reads them."""

import multiprocessing
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest
import torch

from colorgan.data import decoding
from colorgan.data.decoding import decode_all, to_square
from colorgan.data.sources import PhotoSource, file_source
from colorgan.images import Photo, UnreadableImage, list_photos
from tests.helpers import REPOSITORY, photo_of


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

    monkeypatch.setattr(decoding, "available_cores", lambda: 2)
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

    monkeypatch.setattr(decoding, "available_cores", lambda: 1)
    photos = decode_all([PhotoSource(str(number), "", (), load) for number in range(100)], 8, "crop", progress=False)
    next(photos)
    photos.close()
    assert len(loaded) < 17
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


only_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are forked on Linux only")


@pytest.fixture
def two_processes(monkeypatch):
    monkeypatch.setattr(decoding, "available_cores", lambda: 2)
    monkeypatch.setattr(decoding, "_MIN_FOR_PROCESSES", 1)


def values(decoded) -> tuple:
    if isinstance(decoded, UnreadableImage):
        return decoded.path, decoded.reason
    return (decoded.pixels.tobytes(), *(value for name, value in vars(decoded).items() if name != "pixels"))


@only_linux
def test_processes_decode_the_same_as_threads(make_photos, two_processes, monkeypatch):
    folder = make_photos("photos", 40)
    (folder / "photo_007.png").write_bytes(b"no photo")
    sources = [file_source(path, folder) for path in list_photos(folder)]
    monkeypatch.setattr(decoding, "_decode_in_threads", lambda *_: pytest.fail("decoded in threads"))
    state = torch.get_rng_state()
    in_processes = [(source.name, values(decoded)) for source, decoded in decode_all(sources, 8, "crop", False)]
    assert torch.equal(torch.get_rng_state(), state)
    monkeypatch.undo()
    in_threads = [(source.name, values(decoded)) for source, decoded in decode_all(sources, 8, "crop", False)]
    assert in_processes == in_threads
    assert in_processes[7][1][0] == str(folder / "photo_007.png")


@only_linux
def test_processes_end_with_the_consumer(make_photos, two_processes):
    folder = make_photos("photos", 200)
    photos = decode_all([file_source(path, folder) for path in list_photos(folder)], 8, "crop", progress=False)
    next(photos)
    assert len(multiprocessing.active_children()) == 2
    photos.close()
    assert not multiprocessing.active_children()


@only_linux
def test_sources_that_share_files_are_decoded_in_threads(two_processes):
    def load(min_side):
        threads.add(threading.current_thread().name)
        return Photo(rgb=photo_of(0), size=(32, 24))

    threads: set[str] = set()
    assert len(list(decode_all([PhotoSource("a", "", (), load)], 8, "crop", progress=False))) == 1
    assert len(threads) == 1
    assert threads.pop().startswith("decode")


KILLED = """
import sys
from pathlib import Path
from colorgan.data import decoding
from colorgan.data.sources import file_source
decoding.available_cores, decoding._MIN_FOR_PROCESSES = lambda: 2, 1
photo = file_source(Path(sys.argv[1]), Path(sys.argv[1]).parent)
photos = decoding.decode_all([photo] * 500, 256, "crop", progress=False)
next(photos)
print(*(process.pid for process in decoding.multiprocessing.active_children()), flush=True)
sys.stdin.read()
"""


@only_linux
def test_processes_end_if_their_parent_is_killed(make_photos):
    photo = make_photos("photos", 1) / "photo_000.png"
    command = [sys.executable, "-c", KILLED, str(photo)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        workers = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
        # their pipe is full of photos that nobody takes; the end of their output shows that both have ended
        assert process.communicate(timeout=30) == (b"", None)
    assert len(workers) == 2
