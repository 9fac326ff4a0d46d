"""The cache holds exactly what decoding gives, survives damage and rivals, and says so when it cannot be written."""

import errno
import json
import os
import pickle
import threading
import time

import numpy as np
import pytest
from PIL import Image

from colorgan.data import cache
from colorgan.data.cache import CachedPhotos, cached_photos, default_cache_dir, file_source, is_gray, look, to_square
from colorgan.errors import ColorganError
from colorgan.images import list_photos, read_rgb
from tests.helpers import photo_of


def photos_in(folder, **options) -> CachedPhotos:
    return cached_photos([file_source(path, folder) for path in list_photos(folder)], **{"side": 16, **options})


def test_cached_pixels_are_those_of_reading_and_resizing(make_photos):
    folder = make_photos("photos", 3)
    photos = photos_in(folder)
    assert photos.names == ["photo_000.png", "photo_001.png", "photo_002.png"]
    assert photos.pixels.shape == (3, 16, 16, 3)
    assert photos.pixels.dtype == np.uint8
    for number, path in enumerate(list_photos(folder)):
        middle = Image.fromarray(read_rgb(path)).crop((4, 0, 28, 24)).resize((16, 16), Image.Resampling.BICUBIC)
        # at the sides the cropped reference misses the neighbors that the cached square has seen
        assert np.array_equal(photos.pixels[number][:, 2:-2], np.asarray(middle)[:, 2:-2])
    assert photos.sizes == [(32, 24)] * 3


def test_squeezing_keeps_the_whole_photo():
    photo = np.zeros((10, 30, 3), np.uint8)
    photo[:, 20:] = 255
    assert to_square(photo, 30, "squeeze")[:, 25:].min() == 255
    assert to_square(photo, 10, "crop").max() == 0


def test_the_second_time_nothing_is_decoded(make_photos, monkeypatch):
    folder = make_photos("photos", 3)
    first = photos_in(folder)
    monkeypatch.setattr(cache, "_decode", lambda *_, **__: pytest.fail("decoded again"))
    second = photos_in(folder)
    assert second == first
    assert np.array_equal(second.pixels, first.pixels)


def test_other_files_sizes_and_ways_of_fitting_have_other_caches(make_photos):
    folder = make_photos("photos", 2)
    folders = {photos_in(folder).folder, photos_in(folder, side=8).folder, photos_in(folder, fit="squeeze").folder}
    status = (folder / "photo_000.png").stat()
    os.utime(folder / "photo_000.png", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    folders.add(photos_in(folder).folder)
    make_photos("photos", 3)
    folders.add(photos_in(folder).folder)
    assert len(folders) == 5


def test_folders_of_equal_names_sizes_and_times_are_not_mixed_up(tmp_path):
    for number in range(2):
        path = tmp_path / str(number) / "a.bmp"
        path.parent.mkdir()
        Image.fromarray(photo_of(number)).save(path)
        os.utime(path, (1, 1))
    first, second = photos_in(tmp_path / "0"), photos_in(tmp_path / "1")
    assert not np.array_equal(first.pixels, second.pixels)


def test_unreadable_files_are_left_out_and_remembered(make_photos):
    folder = make_photos("photos", 2)
    (folder / "photo_000a.jpg").write_bytes(b"no photo")
    (folder / "photo_009.png").write_bytes((folder / "photo_000.png").read_bytes()[:60])
    for _ in range(2):
        photos = photos_in(folder)
        assert photos.names == ["photo_000.png", "photo_001.png"]
        assert [name for name, _ in photos.unreadable] == ["photo_000a.jpg", "photo_009.png"]
        assert "cut short" in photos.unreadable[1][1] or "damaged" in photos.unreadable[1][1]


def test_gray_photos_are_known():
    colorful = photo_of(0, 40, 40)
    gray = np.asarray(Image.fromarray(colorful).convert("L").convert("RGB"))
    noise = np.random.default_rng(0).integers(-4, 5, gray.shape)
    logo = gray.copy()
    logo[:3, :5] = (0, 0, 255)
    assert not is_gray(colorful)
    assert is_gray(gray)
    assert is_gray((gray.astype(int) + noise).clip(0, 255).astype(np.uint8))
    assert is_gray(logo)


def test_equal_photos_have_equal_digests_and_close_ones_close_looks(tmp_path):
    image = Image.fromarray(photo_of(3, 64, 64))
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.bmp")
    image.save(tmp_path / "c.jpg", quality=60)
    Image.fromarray(photo_of(4, 64, 64)).save(tmp_path / "d.png")
    photos = photos_in(tmp_path, side=32)
    assert photos.digests[0] == photos.digests[1]
    assert len(set(photos.digests)) == 3
    bits = [(photos.looks[0] ^ other).bit_count() for other in photos.looks]
    assert bits[1] == 0
    assert bits[2] <= 3
    assert bits[3] > 10
    assert look(np.asarray(image)) == look(np.asarray(image.resize((128, 128), Image.Resampling.NEAREST)))


def cut_short(folder):
    os.truncate(folder / "pixels.bin", (folder / "pixels.bin").stat().st_size - 1)


def flip_a_bit(folder):
    data = bytearray((folder / "pixels.bin").read_bytes())
    data[1000] ^= 1
    (folder / "pixels.bin").write_bytes(data)


def spoil_the_index(folder):
    (folder / "index.json").write_text("{")


def foreign_index(folder):
    (folder / "index.json").write_text(json.dumps({"names": ["a"], "other": 1}))


def no_pixels(folder):
    (folder / "pixels.bin").unlink()


@pytest.mark.parametrize("damage", [cut_short, flip_a_bit, spoil_the_index, foreign_index, no_pixels])
def test_a_damaged_cache_is_made_anew(make_photos, damage):
    folder = make_photos("photos", 3)
    whole = np.array(photos_in(folder).pixels)
    damage(photos_in(folder).folder)
    again = photos_in(folder)
    assert np.array_equal(again.pixels, whole)
    assert [path.name for path in again.folder.parent.iterdir()] == [again.folder.name]


def test_rivals_agree(make_photos, own_cache):
    folder = make_photos("photos", 12)
    results: list[CachedPhotos] = []
    rivals = [threading.Thread(target=lambda: results.append(photos_in(folder, side=8))) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert len(results) == 4
    assert all(np.array_equal(result.pixels, results[0].pixels) for result in results)
    assert len(list(own_cache.iterdir())) == 1


def test_what_killed_processes_left_is_removed_after_a_day(make_photos, own_cache):
    for name, age in (("a.1-x.part", 90000), ("b.2-y.part", 10)):
        (own_cache / name).mkdir()
        (own_cache / name / "pixels.bin").write_bytes(b"x")
        os.utime(own_cache / name, (time.time() - age,) * 2)
    photos = photos_in(make_photos("photos", 1))
    assert {path.name for path in own_cache.iterdir()} == {"b.2-y.part", photos.folder.name}


def test_a_pickled_cache_carries_no_pixels(make_photos):
    photos = photos_in(make_photos("photos", 3))
    assert photos.pixels.sum() > 0
    data = pickle.dumps(photos)
    assert len(data) < 3 * 16 * 16 * 3
    assert np.array_equal(pickle.loads(data).pixels, photos.pixels)


def test_a_full_disk_gets_a_sentence_and_leaves_nothing(make_photos, own_cache, monkeypatch):
    folder = make_photos("photos", 3)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: cache.shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(ColorganError, match=r"cannot keep decoded photos in .*: the disk is full .*--data\.cache_dir"):
        photos_in(folder)
    monkeypatch.undo()

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", fail)
    monkeypatch.setenv("COLORGAN_CACHE", str(own_cache))
    with pytest.raises(ColorganError, match="the disk is full"):
        photos_in(folder)
    assert list(own_cache.iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_gets_a_sentence(make_photos, tmp_path):
    folder = make_photos("photos", 1)
    (tmp_path / "file").touch()
    with pytest.raises(ColorganError, match=r"cannot keep decoded photos in .*file: .*--data\.cache_dir"):
        photos_in(folder, cache_dir=tmp_path / "file")


def test_where_caches_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("COLORGAN_CACHE")
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "colorgan"
